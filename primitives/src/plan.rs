// SPDX-License-Identifier: Apache-2.0

//! Plan of a slot-based collator for one relay slot: core, start time and duration of every block.
//!
//! This file is the only one that repeats rules of `cumulus-client-consensus-aura` 0.36, file
//! `collators/slot_based/block_builder_task.rs`. Compare when the crate changes:
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
//! The collator reads, once per relay slot:
//!
//! - the target block rate, from the parent's state: `TargetBlockRate::target_block_rate`;
//! - the cores, from the relay chain's claim queue: `determine_cores`. The digest contains their number
//!   after truncation to the rate: `CoreInfo::number_of_cores`.
//!
//! The collator deviates from the plan in two cases:
//!
//! - A block that uses the full core or applies a runtime upgrade ends its bundle.
//! - If a block of a bundle is rejected, the collator discards the bundle and skips the rest of the
//!   relay slot.

use alloc::vec::Vec;
use core::time::Duration;

/// Maximum rate, in blocks per relay slot: indices in digests are `u8`.
const MAX_RATE: u32 = u8::MAX as u32;

/// Returns the length in blocks of the bundle for one core of a relay slot.
///
/// - `target_block_rate`: blocks per relay slot that the collator tries to build, on all cores.
/// - `cores`: cores of the parachain at the relay slot; 0 counts as 1. At most `target_block_rate` cores
///   are used.
/// - `core`: index of the core, from 0.
///
/// If the rate is not a multiple of the number of cores, the first cores get one block more. The result
/// is at least 1 and at most `target_block_rate.max(1)`.
pub fn bundle_length(target_block_rate: u32, cores: u32, core: u32) -> u32 {
	let cores = cores.clamp(1, target_block_rate.max(1));
	let longer = u32::from(core < target_block_rate % cores);
	(target_block_rate / cores).saturating_add(longer).max(1)
}

/// Planned bundle of one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
	/// Index of the core among those used at the relay slot.
	pub selector: u8,
	/// Blocks of the bundle, in order.
	pub blocks: Vec<PlannedBlock>,
}

/// Planned block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedBlock {
	/// Index in the bundle, from 0.
	pub index: u8,
	/// Start time of the block, from the start of the relay slot.
	pub at: Duration,
	/// Maximum time for the block.
	pub time: Duration,
	/// Whether the block is the last of its bundle.
	pub is_last: bool,
	/// Whether the block is skipped, so that the next collator has time to import the earlier blocks.
	/// The collator calls `can_build_upon` for it all the same, and discards the bundle if the result is
	/// `false`.
	pub skipped: bool,
}

/// How a collator leaves time for the next collator at the end of a para slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handover {
	/// No change: the time between blocks suffices.
	None,
	/// Blocks of the last core get half of their time.
	Shorten,
	/// The last block is skipped.
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

/// Returns the plan for one relay slot.
///
/// - `rate`: target block rate, in blocks per relay slot, clamped to 1 to 255.
/// - `cores`: cores of the parachain at the relay slot, clamped to 1 to `rate`.
/// - `relay_slot`: duration of the relay slot.
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
					// The first block of a bundle may use the full core and then needs the full time.
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

	/// Returns the lengths of all bundles of a relay slot, with the formula of `run_block_builder`.
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
	fn the_first_cores_get_the_remainder() {
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
	fn blocks_are_split_over_cores_and_the_last_one_is_skipped() {
		assert_eq!(built(&plan(1, 3, SLOT, true)), [1]);
		assert_eq!(built(&plan(3, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(3, 2, SLOT, true)), [2, 1]);
		assert_eq!(built(&plan(3, 3, SLOT, true)), [1, 1, 1]);
		assert_eq!(built(&plan(4, 1, SLOT, true)), [3]);
		assert_eq!(built(&plan(7, 3, SLOT, true)), [3, 2, 1]);
		// The last core has one block, which is skipped.
		assert_eq!(built(&plan(4, 4, SLOT, true)), [1, 1, 1, 0]);
		assert_eq!(built(&plan(12, 3, SLOT, false)), [4, 4, 4]);
	}

	/// Repeats the cases and results of upstream's test `block_ends_bundle_only_on_true_last_block`.
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
		// Half of the time for the last core if another collator follows.
		assert_eq!(millis(&plan(2, 2, SLOT, false)), [(0, 3_000), (3_000, 3_000)]);
		assert_eq!(millis(&plan(2, 2, SLOT, true)), [(0, 3_000), (3_000, 1_500)]);
	}

	proptest! {
		#[test]
		fn every_bundle_has_the_length_that_upstream_plans(rate in 1..=255u32, cores in 1..=64u32) {
			let bundles = upstream_split(rate, cores);
			prop_assert_eq!(bundles.iter().sum::<u32>(), rate);
			let lengths = |plan: Vec<Core>| -> Vec<u32> {
				plan.iter().map(|core| core.blocks.len() as u32).collect()
			};
			prop_assert_eq!(&lengths(plan(rate, cores, SLOT, true)), &bundles);
			prop_assert_eq!(split(rate, cores), bundles);
		}

		#[test]
		fn every_bundle_has_one_last_block_and_start_times_increase(
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
