// SPDX-License-Identifier: Apache-2.0

//! Invariants of the storage between blocks.

use crate::pallet::*;
use alloc::vec::Vec;
use cumulus_pallet_parachain_system::{self as parachain_system, Ancestor};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that the storage is consistent and, unless a fault is recorded, agrees with
	/// parachain-system's segment.
	pub(crate) fn check_state() -> Result<(), TryRuntimeError> {
		let Some(tracker) = Tracking::<T>::get() else { return Ok(()) };
		let latest = Self::latest();
		let capacity = <T as Config>::MaxCapacity::get();
		ensure!(tracker.included <= latest, "included: above the latest block");
		ensure!(tracker.first_block <= tracker.included + 1, "first_block: above included + 1");
		ensure!(tracker.notified <= tracker.included, "notified: above included");
		ensure!(tracker.notified + 1 >= tracker.first_block, "notified: below first_block - 1");
		ensure!(
			tracker.length() == latest - tracker.included,
			"relay_parents: number of blocks differs from the segment's length",
		);
		ensure!(tracker.ring_capacity == capacity, "ring_capacity: differs from MaxCapacity");
		ensure!(
			tracker.relay_parents.iter().all(|run| run.blocks > 0),
			"relay_parents: an entry has no blocks",
		);

		let statistics = InclusionStatistics::<T>::get();
		ensure!(
			statistics.lags.total() + u64::from(statistics.blocks_with_unknown_lag)
				== u64::from(statistics.included_blocks),
			"lags: sum differs from the number of included blocks",
		);
		ensure!(
			statistics.included_blocks == tracker.included + 1 - tracker.first_block,
			"included_blocks: differs from the tracked range",
		);
		ensure!(
			statistics.recent_lags.len()
				<= statistics.included_blocks.min(T::InclusionWindow::get()),
			"recent_lags: longer than the window or than the included blocks",
		);

		for number in latest.saturating_sub(capacity) + 1..=latest {
			let Some(relay_parent) = tracker.relay_parent_of(number) else { continue };
			let record =
				Self::record(number).ok_or("Records: an unincluded block has no record")?;
			ensure!(record.relay_parent == relay_parent, "Records: relay parent differs");
		}
		ensure!(
			Records::<T>::iter_keys().count() as u32 <= capacity,
			"Records: more entries than MaxCapacity",
		);

		if tracker.fault.is_none() {
			let tracked =
				Self::unincluded_blocks().map_err(|_| "Tracking: disappeared during the check")?;
			let tracked: Vec<_> = tracked.into_iter().map(|block| block.hash).collect();
			ensure!(
				tracked == Self::parachain_system_hashes(),
				"parachain-system's segment differs, and no fault is recorded",
			);
		}
		Ok(())
	}

	/// Returns the block hashes of parachain-system's segment. The latest block has none.
	pub(crate) fn parachain_system_hashes() -> Vec<Option<T::Hash>> {
		let segment = parachain_system::UnincludedSegment::<T>::get();
		segment.iter().map(Ancestor::para_head_hash).map(Option::<&_>::copied).collect()
	}
}
