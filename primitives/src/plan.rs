// SPDX-License-Identifier: Apache-2.0

//! The blocks that a slot-based collator plans for a relay slot: on which core, when, how long.
//!
//! This file repeats rules of `cumulus-client-consensus-aura` 0.36, file
//! `collators/slot_based/block_builder_task.rs`, and no other file does. Compare when the crate changes:
//!
//! | here | upstream |
//! | --- | --- |
//! | [`bundle_length`] | `run_block_builder`: `blocks_per_cores`; `Cores::truncate_cores` |
//! | [`plan`], [`Core`] | `run_block_builder`: the loop over `blocks_per_cores`, `time_for_core` |
//! | [`PlannedBlock::is_last`] | `BlockProductionSchedule::block_ends_bundle` |
//! | [`PlannedBlock::skipped`] | `BlockProductionSchedule::should_skip_production` |
//! | [`PlannedBlock::time`] | `build_collation_for_core`: `authoring_duration` |
//! | the private `Handover` | `SlotHandoverAdjustment::from_total_blocks` |
//!
//! What the collator reads to make the plan, once per relay slot:
//!
//! - The target block rate from the state after the parent: `TargetBlockRate::target_block_rate`.
//! - The cores from the relay chain's claim queue (`determine_cores`), not from the parachain.
//!   `CoreInfo::number_of_cores` in the digest is their number after truncation to the rate.
//!
//! The collator follows the plan with two exceptions. A block that takes the whole core or applies a
//! runtime upgrade is the last of its bundle. A bundle of which one block is refused is thrown away,
//! and the rest of the relay slot with it.

use alloc::vec::Vec;
use core::time::Duration;

/// Largest rate that the plan knows, in blocks per relay slot: indices in digests are `u8`.
const MAX_RATE: u32 = u8::MAX as u32;

/// Returns the length in blocks of the bundle for one core of a relay slot.
///
/// - `target_block_rate`: blocks that the collator tries to build at the relay slot, on all cores.
/// - `cores`: cores that the parachain has at the relay slot; 0 counts as 1. No more are used than
///   there are blocks.
/// - `core`: the core's number among them, from 0.
///
/// The first cores take one block more if the rate is no multiple of the number of cores. The result
/// is at least 1, and otherwise at most `target_block_rate`.
pub fn bundle_length(target_block_rate: u32, cores: u32, core: u32) -> u32 {
	let cores = cores.clamp(1, target_block_rate.max(1));
	let longer = u32::from(core < target_block_rate % cores);
	(target_block_rate / cores).saturating_add(longer).max(1)
}

/// The bundle that is planned for one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
	/// Number of the core among those that the parachain uses at the relay slot.
	pub selector: u8,
	/// Blocks of the bundle, in order.
	pub blocks: Vec<PlannedBlock>,
}

/// One planned block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedBlock {
	/// Place in the bundle, from 0.
	pub index: u8,
	/// Time at which the block is due, from the beginning of the relay slot.
	pub at: Duration,
	/// Time that the block may take.
	pub time: Duration,
	/// Whether the block ends the bundle.
	pub is_last: bool,
	/// Whether the block is left out, so that the next collator has time to import those before it.
	/// The collator asks `can_build_upon` for it nevertheless, and needs a yes.
	pub skipped: bool,
}

/// How a collator makes time for the next one at the end of a para slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handover {
	/// Nothing is done: blocks are far apart.
	None,
	/// The blocks of the last core get half of the time.
	Shorten,
	/// The last block is left out.
	Skip,
}

impl Handover {
	fn new(rate: u32, blocks_on_last_core: u32) -> Self {
		match rate {
			0..=1 => Self::None,
			2..=3 if blocks_on_last_core == 1 || blocks_on_last_core == rate => Self::Shorten,
			_ => Self::Skip,
		}
	}
}

/// Returns the plan for a relay slot that lasts `relay_slot` on the clock.
///
/// - `rate`: target block rate, in blocks per relay slot; 0 counts as 1, and above 255 as 255.
/// - `cores`: cores that the parachain has at the relay slot, with the same range.
/// - `ends_para_slot`: whether the next relay slot belongs to another collator.
pub fn plan(rate: u32, cores: u32, relay_slot: Duration, ends_para_slot: bool) -> Vec<Core> {
	let rate = rate.clamp(1, MAX_RATE);
	let cores = cores.clamp(1, rate);
	let time_of_core = relay_slot / cores;
	(0..cores)
		.map(|core| {
			let blocks = bundle_length(rate, cores, core);
			let handover = match ends_para_slot && core + 1 == cores {
				true => Handover::new(rate, blocks),
				false => Handover::None,
			};
			let block = |index| {
				let is_last_index = index + 1 == blocks;
				let share = match handover {
					Handover::Shorten => time_of_core / blocks / 2,
					_ => time_of_core / blocks,
				};
				PlannedBlock {
					index: index as u8,
					at: time_of_core * core + time_of_core / blocks * index,
					// The first of several may use the whole core, and then needs the whole time.
					time: match index == 0 && blocks > 1 {
						true => time_of_core,
						false => share.min(relay_slot / rate),
					},
					is_last: is_last_index || (index + 2 == blocks && handover == Handover::Skip),
					skipped: is_last_index && handover == Handover::Skip,
				}
			};
			Core { selector: core as u8, blocks: (0..blocks).map(block).collect() }
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const SLOT: Duration = Duration::from_millis(6_000);

	/// The lengths of all bundles of a relay slot, calculated as `run_block_builder` does.
	fn upstream_split(number_of_blocks: u32, total_cores: u32) -> Vec<u32> {
		let total_cores = total_cores.min(number_of_blocks);
		let raw_blocks_per_core = (number_of_blocks / total_cores).max(1);
		let left_over_blocks = number_of_blocks % total_cores;
		(0..total_cores)
			.map(|core| raw_blocks_per_core + u32::from(core < left_over_blocks))
			.collect()
	}

	fn split(rate: u32, cores: u32) -> Vec<u32> {
		(0..cores.min(rate)).map(|core| bundle_length(rate, cores, core)).collect()
	}

	fn built(cores: &[Core]) -> Vec<usize> {
		let built = |core: &Core| core.blocks.iter().filter(|block| !block.skipped).count();
		cores.iter().map(built).collect()
	}

	#[test]
	fn the_first_cores_take_the_remainder() {
		assert_eq!(split(7, 3), [3, 2, 2]);
		assert_eq!(split(12, 1), [12]);
		assert_eq!(split(3, 12), [1, 1, 1]);
		assert_eq!(split(12, 5), [3, 3, 2, 2, 2]);
	}

	#[test]
	fn no_input_divides_by_zero_or_overflows() {
		assert_eq!(bundle_length(0, 0, 0), 1);
		assert_eq!(bundle_length(3, 0, 0), 3);
		assert_eq!(bundle_length(0, 3, 3), 1);
		assert_eq!(bundle_length(u32::MAX, 1, u32::MAX), u32::MAX);
		assert_eq!(bundle_length(u32::MAX, u32::MAX, u32::MAX), 1);
	}

	#[test]
	fn blocks_are_split_over_cores_and_the_last_one_is_left_out() {
		assert_eq!(built(&plan(1, 3, SLOT, true)), [1]);
		assert_eq!(built(&plan(3, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(3, 2, SLOT, true)), [2, 1]);
		assert_eq!(built(&plan(3, 3, SLOT, true)), [1, 1, 1]);
		assert_eq!(built(&plan(4, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(7, 3, SLOT, true)), [3, 2, 1]);
		// The last core has one block, and that block is left out.
		assert_eq!(built(&plan(4, 4, SLOT, true)), [1, 1, 1, 0]);
		assert_eq!(built(&plan(12, 3, SLOT, false)), [4, 4, 4]);
	}

	/// The cases of upstream's test `block_ends_bundle_only_on_true_last_block`, and its results.
	#[test]
	fn bundles_end_where_upstream_ends_them() {
		let ends = |rate, cores, ends_para_slot| -> Vec<u8> {
			let plan = plan(rate, cores, SLOT, ends_para_slot);
			let last = plan.last().expect("there is a core");
			last.blocks.iter().filter(|block| block.is_last).map(|block| block.index).collect()
		};
		assert_eq!(ends(12, 2, true), [4, 5]);
		assert_eq!(ends(12, 2, false), [5]);
		assert_eq!(ends(2, 2, true), [0]);
		assert_eq!(ends(1, 1, true), [0]);
		assert_eq!(ends(2, 1, true), [1]);
	}

	#[test]
	fn time_is_shared_between_cores_and_blocks() {
		let millis = |cores: &[Core]| -> Vec<(u128, u128)> {
			let blocks = cores.iter().flat_map(|core| &core.blocks);
			blocks.map(|block| (block.at.as_millis(), block.time.as_millis())).collect()
		};
		assert_eq!(millis(&plan(1, 1, SLOT, true)), [(0, 6_000)]);
		assert_eq!(millis(&plan(2, 1, SLOT, false)), [(0, 6_000), (3_000, 3_000)]);
		// Half of the time for the last core, if another collator is next.
		assert_eq!(millis(&plan(2, 2, SLOT, false)), [(0, 3_000), (3_000, 3_000)]);
		assert_eq!(millis(&plan(2, 2, SLOT, true)), [(0, 3_000), (3_000, 1_500)]);
	}

	proptest! {
		#[test]
		fn every_bundle_is_as_long_as_upstream_plans_it(rate in 1..=255u32, cores in 1..=64u32) {
			let bundles = upstream_split(rate, cores);
			prop_assert_eq!(bundles.iter().sum::<u32>(), rate);
			let lengths = |plan: Vec<Core>| -> Vec<u32> {
				plan.iter().map(|core| core.blocks.len() as u32).collect()
			};
			prop_assert_eq!(&lengths(plan(rate, cores, SLOT, true)), &bundles);
			prop_assert_eq!(split(rate, cores), bundles);
		}

		#[test]
		fn every_bundle_has_one_end_and_the_pace_is_steady(
			rate in 0..400u32, cores in 0..300u32, ends_para_slot: bool,
		) {
			let plan = plan(rate, cores, SLOT, ends_para_slot);
			let rate = rate.clamp(1, 255);
			prop_assert_eq!(plan.iter().map(|core| core.blocks.len()).sum::<usize>(), rate as usize);
			prop_assert!(plan.len() <= cores.max(1) as usize);
			let skipped = plan.iter().flat_map(|core| &core.blocks).filter(|block| block.skipped);
			prop_assert_eq!(skipped.count(), usize::from(ends_para_slot && rate > 3));

			let mut before = None;
			for (selector, core) in plan.iter().enumerate() {
				prop_assert_eq!(usize::from(core.selector), selector);
				for (index, block) in core.blocks.iter().enumerate() {
					prop_assert_eq!(usize::from(block.index), index);
					prop_assert!(before < Some(block.at) && block.at < SLOT);
					prop_assert!(block.time <= SLOT);
					before = Some(block.at);
				}
				let mut ends = core.blocks.iter().filter(|block| !block.skipped).rev();
				prop_assert!(ends.next().is_none_or(|block| block.is_last));
				prop_assert!(ends.all(|block| !block.is_last));
			}
		}
	}
}
