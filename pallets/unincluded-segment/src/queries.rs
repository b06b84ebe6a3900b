// SPDX-License-Identifier: Apache-2.0

//! Queries: the functions behind the runtime API, the view functions and [`InclusionProvider`].

use crate::{pallet::*, ring::ring_key, tracker::Tracker, InclusionProvider};
use alloc::vec::Vec;
use conveyor_primitives::{
	BlockRecord, InclusionStats, InclusionStatus, NotTracked, OldestUnincluded, UnincludedBlock,
};
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

impl<T: Config> InclusionProvider for Pallet<T> {
	fn inclusion_status(number: u32) -> Option<InclusionStatus> {
		Self::inclusion_of(number).ok()
	}
}

impl<T: Config> Pallet<T> {
	fn tracker() -> Result<Tracker<<T as Config>::MaxCapacity>, NotTracked> {
		Tracking::<T>::get().ok_or(NotTracked::NotStarted)
	}

	/// Returns the record of block `number`. `None` if the block does not exist yet, was built without
	/// this pallet, or is followed by `MaxCapacity` blocks.
	pub fn record(number: u32) -> Option<BlockRecord> {
		Records::<T>::get(ring_key(number, <T as Config>::MaxCapacity::get()))
			.filter(|record| record.number == number)
	}

	/// Returns the hash of an ancestor, if `frame_system` still stores it.
	pub(crate) fn hash_of(number: u32) -> Option<T::Hash> {
		let number: BlockNumberFor<T> = number.saturated_into();
		let hash = frame_system::Pallet::<T>::block_hash(number);
		// `frame_system` returns the default hash if it has none.
		(hash != T::Hash::default()).then_some(hash)
	}

	pub(crate) fn unincluded_blocks() -> Result<Vec<UnincludedBlock<T::Hash>>, NotTracked> {
		let tracker = Self::tracker()?;
		let blocks = tracker.included.saturating_add(1)..=Self::latest();
		Ok(blocks
			.map(|number| UnincludedBlock {
				number,
				hash: Self::hash_of(number),
				record: Self::record(number),
			})
			.collect())
	}

	pub(crate) fn inclusion_of(number: u32) -> Result<InclusionStatus, NotTracked> {
		let tracker = Self::tracker()?;
		let latest = Self::latest();
		if number < tracker.first_block {
			return Err(NotTracked::Before { first_block: tracker.first_block });
		}
		if number > latest {
			return Err(NotTracked::After { latest });
		}
		if let Some(blocks_ago) = tracker.included.checked_sub(number) {
			let (lag, capped) = InclusionStatistics::<T>::get().recent_lags.get(blocks_ago);
			return Ok(InclusionStatus::Included { lag, capped });
		}
		Ok(InclusionStatus::Unincluded { age: Self::age(&tracker, number) })
	}

	/// Returns the age of an unincluded block in relay blocks, if known.
	fn age(tracker: &Tracker<<T as Config>::MaxCapacity>, number: u32) -> Option<u32> {
		// The tracker contains the current block only after `on_finalize`.
		let is_current = number == tracker.last_observed_block;
		let built =
			tracker.relay_parent_of(number).or(tracker.relay_parent.filter(|_| is_current))?;
		Some(tracker.relay_parent?.saturating_sub(built))
	}

	pub(crate) fn inclusion_stats() -> Result<InclusionStats, NotTracked> {
		let tracker = Self::tracker()?;
		let statistics = InclusionStatistics::<T>::get();
		let relay_blocks = match (tracker.first_relay_parent, tracker.relay_parent) {
			(Some(first), Some(latest)) => latest.saturating_sub(first),
			_ => 0,
		};
		let thousands = u64::from(statistics.included_blocks).saturating_mul(1_000);
		Ok(InclusionStats {
			first_block: tracker.first_block,
			included_blocks: statistics.included_blocks,
			blocks_with_unknown_lag: statistics.blocks_with_unknown_lag,
			blocks_with_uncertain_lag: statistics.blocks_with_uncertain_lag,
			relay_blocks,
			blocks_per_1000_relay_blocks: thousands.checked_div(relay_blocks.into()),
			total_lag: statistics.total_lag,
			longest_lag: statistics.longest_lag,
			lags: statistics.lags.counts(),
			window: T::InclusionWindow::get(),
			recent_lags: statistics.recent_lags.histogram().counts(),
			pending_notifications: tracker.included.saturating_sub(tracker.notified),
			faults: tracker.faults,
		})
	}

	pub(crate) fn oldest_unincluded() -> Result<Option<OldestUnincluded>, NotTracked> {
		let tracker = Self::tracker()?;
		let number = tracker.included.saturating_add(1);
		Ok((number <= Self::latest())
			.then(|| OldestUnincluded { number, age: Self::age(&tracker, number) }))
	}
}
