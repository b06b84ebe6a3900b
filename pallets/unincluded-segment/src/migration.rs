// SPDX-License-Identifier: Apache-2.0

//! What a runtime upgrade does. The pallet's own hook calls it, so a runtime has nothing to add.
//!
//! - A chain that gets this pallet while blocks are under way: they are tracked from now on, by
//!   number and hash. Their relay parents are in no state, so their inclusion is counted, and told to
//!   `OnIncluded`, but not measured.
//! - A chain that changes `MaxCapacity`: the records of the blocks under way are moved to their places
//!   in the new ring, as far as there is room; older ones are removed.
//!
//! Everything else is left as it is.

use crate::{pallet::*, TrackerRecord, WeightInfo, LOG_TARGET};
use alloc::vec::Vec;
use conveyor_primitives::segment::ring_key;
use frame_support::{traits::Get, weights::Weight};

/// Brings the storage into the form that this runtime expects. Nothing happens if it is.
pub fn adopt<T: Config>() -> Weight {
	let capacity = <T as Config>::MaxCapacity::get();
	let Some(mut tracker) = Tracker::<T>::get() else {
		let latest = Pallet::<T>::latest();
		// Before the first block there is nothing, and the first block begins by itself.
		if latest > 0 {
			let tracker = TrackerRecord::begin(latest, Pallet::<T>::their_length(), capacity);
			log::info!(
				target: LOG_TARGET,
				"blocks are tracked from number {} on, {} are under way",
				tracker.since,
				tracker.length(),
			);
			Tracker::<T>::put(tracker);
		}
		return <T as Config>::WeightInfo::adopt(0);
	};
	if tracker.ring == capacity {
		return T::DbWeight::get().reads(1);
	}
	let latest = Pallet::<T>::latest();
	let under_way = tracker.included.saturating_add(1)..=latest;
	let records: Vec<_> = under_way
		.filter_map(|number| {
			Records::<T>::get(ring_key(number, tracker.ring))
				.filter(|record| record.number == number)
		})
		.collect();
	let places = tracker.ring;
	for place in 0..places {
		Records::<T>::remove(ring_key(place, places));
	}
	// In order, so that where two want the same place the newer block gets it.
	for record in records {
		Records::<T>::insert(ring_key(record.number, capacity), record);
	}
	let runs = core::mem::take(&mut tracker.runs).into_inner();
	tracker.set_runs(runs);
	tracker.ring = capacity;
	Tracker::<T>::put(tracker);
	<T as Config>::WeightInfo::adopt(places.max(capacity))
}

/// What must be the same after the upgrade: the hashes of parachain-system's segment.
#[cfg(any(test, feature = "try-runtime"))]
pub(crate) fn before_upgrade<T: Config>() -> Vec<u8> {
	codec::Encode::encode(&Pallet::<T>::their_hashes())
}

/// Whether the upgrade has kept what is under way, and left the storage in order.
#[cfg(any(test, feature = "try-runtime"))]
pub(crate) fn check_upgrade<T: Config>(before: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
	use codec::Decode;
	use frame_support::ensure;

	Pallet::<T>::check_state()?;
	let before: Vec<Option<T::Hash>> =
		Decode::decode(&mut &before[..]).map_err(|_| "what was encoded before cannot be read")?;
	if let Some(tracker) = Tracker::<T>::get().filter(|tracker| tracker.fault.is_none()) {
		ensure!(
			tracker.length() as usize == before.len(),
			"the blocks under way are not those that parachain-system had",
		);
	}
	Ok(())
}
