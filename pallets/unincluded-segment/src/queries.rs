// SPDX-License-Identifier: Apache-2.0

//! What can be asked.

use crate::{pallet::*, Included, TrackerRecord};
use alloc::vec::Vec;
use conveyor_primitives::{
	segment::ring_key, BlockRecord, BlockUnderWay, InclusionStats, InclusionStatus, NotTracked,
	OldestUnderWay,
};
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

impl<T: Config> Included for Pallet<T> {
	fn of(number: u32) -> Option<InclusionStatus> {
		Self::inclusion_of(number).ok()
	}
}

impl<T: Config> Pallet<T> {
	fn tracker() -> Result<TrackerRecord<<T as Config>::MaxCapacity>, NotTracked> {
		Tracker::<T>::get().ok_or(NotTracked::NotStarted)
	}

	/// What is remembered of block `number`. `None` if it is not there yet, if it was not recorded,
	/// or if `MaxCapacity` blocks came after it.
	pub fn record(number: u32) -> Option<BlockRecord> {
		Records::<T>::get(ring_key(number, <T as Config>::MaxCapacity::get()))
			.filter(|record| record.number == number)
	}

	/// The hash of an ancestor that is not older than `frame_system` remembers.
	pub(crate) fn hash_of(number: u32) -> Option<T::Hash> {
		let number: BlockNumberFor<T> = number.saturated_into();
		let hash = frame_system::Pallet::<T>::block_hash(number);
		// What `frame_system` answers when it has none.
		(hash != T::Hash::default()).then_some(hash)
	}

	pub(crate) fn blocks_under_way() -> Result<Vec<BlockUnderWay<T::Hash>>, NotTracked> {
		let tracker = Self::tracker()?;
		let blocks = tracker.included.saturating_add(1)..=Self::latest();
		Ok(blocks
			.map(|number| {
				let hash = Self::hash_of(number);
				BlockUnderWay { number, hash, record: Self::record(number) }
			})
			.collect())
	}

	pub(crate) fn inclusion_of(number: u32) -> Result<InclusionStatus, NotTracked> {
		let tracker = Self::tracker()?;
		let latest = Self::latest();
		if number < tracker.since {
			return Err(NotTracked::Before { since: tracker.since });
		}
		if number > latest {
			return Err(NotTracked::After { latest });
		}
		if let Some(blocks_ago) = tracker.included.checked_sub(number) {
			let lag = Statistics::<T>::get().recent.get(blocks_ago);
			return Ok(InclusionStatus::Included { lag });
		}
		Ok(InclusionStatus::UnderWay { relay_blocks: Self::age(&tracker, number) })
	}

	/// The age of a block under way in relay blocks, if it is known.
	fn age(tracker: &TrackerRecord<<T as Config>::MaxCapacity>, number: u32) -> Option<u32> {
		// The current block is added when it is finalised.
		let is_current = number == tracker.observed_in;
		let built =
			tracker.relay_parent_of(number).or(tracker.relay_parent.filter(|_| is_current))?;
		Some(tracker.relay_parent?.saturating_sub(built))
	}

	pub(crate) fn inclusion_stats() -> Result<InclusionStats, NotTracked> {
		let tracker = Self::tracker()?;
		let statistics = Statistics::<T>::get();
		let relay_blocks = match (tracker.first_relay_parent, tracker.relay_parent) {
			(Some(first), Some(latest)) => latest.saturating_sub(first),
			_ => 0,
		};
		let thousands = u64::from(statistics.included).saturating_mul(1_000);
		Ok(InclusionStats {
			since: tracker.since,
			included: statistics.included,
			unmeasured: statistics.unmeasured,
			seen_late: statistics.seen_late,
			relay_blocks,
			included_per_thousand_relay_blocks: thousands.checked_div(relay_blocks.into()),
			total_lag: statistics.total_lag,
			longest_lag: statistics.longest_lag,
			lags: statistics.lags,
			window: T::Window::get(),
			recent: statistics.recent.histogram(),
			waiting: tracker.included.saturating_sub(tracker.told),
			faults: tracker.faults,
		})
	}

	pub(crate) fn oldest_under_way() -> Result<Option<OldestUnderWay>, NotTracked> {
		let tracker = Self::tracker()?;
		let number = tracker.included.saturating_add(1);
		Ok((number <= Self::latest())
			.then(|| OldestUnderWay { number, relay_blocks: Self::age(&tracker, number) }))
	}
}

/// What must hold in every state between blocks.
#[cfg(any(test, feature = "try-runtime"))]
mod check {
	use super::*;
	use cumulus_pallet_parachain_system::{self as parachain_system, Ancestor};
	use frame_support::ensure;
	use sp_runtime::TryRuntimeError;

	impl<T: Config> Pallet<T> {
		/// Whether what is stored agrees with itself and, unless a fault is known, with
		/// parachain-system's own segment.
		pub(crate) fn check_state() -> Result<(), TryRuntimeError> {
			let Some(tracker) = Tracker::<T>::get() else { return Ok(()) };
			let latest = Self::latest();
			let capacity = <T as Config>::MaxCapacity::get();
			ensure!(tracker.included <= latest, "a block is included that is not there yet");
			ensure!(tracker.since <= tracker.included + 1, "blocks were included untracked");
			ensure!(tracker.told <= tracker.included, "a block was told that is not included");
			ensure!(tracker.told + 1 >= tracker.since, "a block was told that is not tracked");
			ensure!(
				tracker.length() == latest - tracker.included,
				"the relay parents are not those of the blocks under way",
			);
			ensure!(tracker.ring == capacity, "the records were not moved into the new ring");
			ensure!(
				tracker.runs.iter().all(|run| run.blocks > 0),
				"a relay parent is kept for no block",
			);

			let statistics = Statistics::<T>::get();
			ensure!(
				statistics.lags.total() + u64::from(statistics.unmeasured)
					== u64::from(statistics.included),
				"the histogram does not add up to the blocks included",
			);
			ensure!(
				statistics.included == tracker.included + 1 - tracker.since,
				"blocks were included that are not counted",
			);
			ensure!(
				statistics.recent.len() <= statistics.included.min(T::Window::get()),
				"more lags are remembered than there were",
			);

			for number in latest.saturating_sub(capacity) + 1..=latest {
				let Some(relay_parent) = tracker.relay_parent_of(number) else { continue };
				let record = Self::record(number).ok_or("a block under way has no record")?;
				ensure!(record.relay_parent == relay_parent, "a record has another relay parent");
			}
			ensure!(
				Records::<T>::iter_keys().count() as u32 <= capacity,
				"there are more records than places in the ring",
			);

			if tracker.fault.is_none() {
				let ours = Self::blocks_under_way().map_err(|_| "it is tracked, as seen above")?;
				let ours: Vec<_> = ours.into_iter().map(|block| block.hash).collect();
				ensure!(
					ours == Self::their_hashes(),
					"parachain-system's segment is another one, and that is not known as a fault",
				);
			}
			Ok(())
		}

		/// The hashes of the blocks in parachain-system's own segment. The latest block's is not
		/// known there either.
		pub(crate) fn their_hashes() -> Vec<Option<T::Hash>> {
			let segment = parachain_system::UnincludedSegment::<T>::get();
			segment.iter().map(Ancestor::para_head_hash).map(Option::<&_>::copied).collect()
		}
	}
}
