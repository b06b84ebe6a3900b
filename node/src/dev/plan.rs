// SPDX-License-Identifier: GPL-3.0-only

//! Which blocks a collator plans for a relay slot: on which core, when, and for how long.
//!
//! Everything here is what `BlockProductionSchedule` and the loop around it do in the slot-based
//! collator.

use conveyor_primitives::bundle::next_bundle;
use std::time::Duration;

/// What is planned for one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Core {
	/// The core's number among those that the parachain uses at the relay slot.
	pub(crate) selector: u8,
	/// Its blocks, in order.
	pub(crate) blocks: Vec<PlannedBlock>,
}

/// What is planned for one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlannedBlock {
	/// Its place in the bundle.
	pub(crate) index: u8,
	/// When it is due, after the beginning of the relay slot.
	pub(crate) at: Duration,
	/// How long it may take.
	pub(crate) time: Duration,
	/// Whether it ends the bundle.
	pub(crate) is_last: bool,
	/// Whether it is left out, so that the next collator has the time to import those before it.
	pub(crate) skipped: bool,
}

/// How a collator makes time for the next one at the end of a para slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handover {
	/// Nothing is needed: blocks are far apart.
	None,
	/// The last core gets half of the time.
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

/// The blocks of a relay slot that lasts `relay_slot` on the clock, when `rate` of them are to be
/// built and the parachain has `cores`.
///
/// - `rate`, `cores`: 0 counts as 1, and above 255 as 255, the largest index of a digest.
/// - `ends_para_slot`: whether the next relay slot belongs to another collator.
pub(crate) fn plan(rate: u32, cores: u32, relay_slot: Duration, ends_para_slot: bool) -> Vec<Core> {
	let rate = rate.clamp(1, 255);
	let cores = cores.clamp(1, rate);
	let time_of_core = relay_slot / cores;
	let mut planned = 0;
	(0..cores)
		.map(|core| {
			let blocks = next_bundle(rate, cores, planned);
			planned += blocks;
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
					// The first of several may fill the core by itself, and then takes its time.
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

	fn built(cores: &[Core]) -> Vec<usize> {
		let built = |core: &Core| core.blocks.iter().filter(|block| !block.skipped).count();
		cores.iter().map(built).collect()
	}

	#[test]
	fn blocks_are_split_over_cores_and_the_last_one_is_left_out() {
		assert_eq!(built(&plan(1, 3, SLOT, true)), [1]);
		assert_eq!(built(&plan(3, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(3, 2, SLOT, true)), [2, 1]);
		assert_eq!(built(&plan(3, 3, SLOT, true)), [1, 1, 1]);
		assert_eq!(built(&plan(4, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(7, 3, SLOT, true)), [3, 2, 1]);
		// A core of its own, and nothing to put on it.
		assert_eq!(built(&plan(4, 4, SLOT, true)), [1, 1, 1, 0]);
		assert_eq!(built(&plan(12, 3, SLOT, false)), [4, 4, 4]);
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
