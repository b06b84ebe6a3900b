// SPDX-License-Identifier: Apache-2.0

//! How the blocks of a relay slot are split into bundles, one for each core.
//!
//! The split is the collator's (`cumulus-client-consensus-aura`, `slot_based`): as even as can be,
//! the first cores take one block more if it does not come out even, and no core is used for less
//! than a block.

/// The length in blocks of the bundle that comes next at a relay slot.
///
/// - `target_block_rate`: blocks that the collator tries to build at the relay slot, on all cores.
/// - `cores`: cores that the parachain has at the relay slot; 0 counts as 1.
/// - `authored`: blocks built at the relay slot so far. A bundle that was cut short makes the next
///   one look longer than it is, by no more than what was cut off. When all blocks of the relay
///   slot are built, another round begins.
///
/// Answers 1 at least, and not more than `target_block_rate` otherwise.
pub fn next_bundle(target_block_rate: u32, cores: u32, authored: u32) -> u32 {
	let cores = cores.clamp(1, target_block_rate.max(1));
	let even = target_block_rate / cores;
	let longer_bundles = target_block_rate % cores;
	// A second round can only be that of a collator that knows nothing of the first.
	let authored = if authored < target_block_rate { authored } else { 0 };
	// `longer_bundles < cores`, so the product is below the target block rate.
	let in_longer_bundle = authored < longer_bundles.saturating_mul(even.saturating_add(1));
	even.saturating_add(in_longer_bundle.into()).max(1)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// The lengths of all bundles of a relay slot, worked out as the collator does.
	fn split(target_block_rate: u32, cores: u32) -> Vec<u32> {
		let cores = cores.min(target_block_rate);
		(0..cores)
			.map(|core| {
				(target_block_rate / cores).max(1) + u32::from(core < target_block_rate % cores)
			})
			.collect()
	}

	#[test]
	fn the_first_cores_take_what_is_left_over() {
		assert_eq!(split(7, 3), [3, 2, 2]);
		assert_eq!([0, 3, 5].map(|authored| next_bundle(7, 3, authored)), [3, 2, 2]);
		assert_eq!(next_bundle(12, 1, 0), 12);
		assert_eq!(next_bundle(12, 12, 5), 1);
		assert_eq!(next_bundle(2, 12, 1), 1);
	}

	#[test]
	fn no_input_divides_by_zero() {
		assert_eq!(next_bundle(0, 0, 0), 1);
		assert_eq!(next_bundle(3, 0, 0), 3);
		assert_eq!(next_bundle(0, 3, 3), 1);
		assert_eq!(next_bundle(u32::MAX, 1, u32::MAX), u32::MAX);
	}

	proptest! {
		#[test]
		fn every_bundle_of_the_collator_is_foreseen(rate in 1..=255u32, cores in 1..=64u32) {
			let mut authored = 0;
			for bundle in split(rate, cores) {
				prop_assert_eq!(next_bundle(rate, cores, authored), bundle);
				authored += bundle;
			}
			prop_assert_eq!(authored, rate);
			// The relay slot begins anew.
			prop_assert_eq!(next_bundle(rate, cores, authored), split(rate, cores)[0]);
		}

		#[test]
		fn a_bundle_cut_short_is_made_up_for_by_no_more_than_what_was_cut(
			rate in 1..=255u32, cores in 1..=64u32, core in 0..64usize, cut in 0..255u32,
		) {
			let bundles = split(rate, cores);
			let core = core % bundles.len();
			let until = bundles[..core].iter().sum::<u32>() + bundles[core];
			let cut = cut % bundles[core];
			let next = bundles.get(core + 1).copied().unwrap_or(bundles[0]);
			prop_assert!(next_bundle(rate, cores, until - cut) <= next + cut);
		}
	}
}
