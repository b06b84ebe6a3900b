// SPDX-License-Identifier: Apache-2.0

//! Migration at a runtime upgrade. The pallet's hook calls it, so the runtime needs no configuration.
//!
//! - A chain adds this pallet: existing unincluded blocks are tracked by number and hash. Their
//!   inclusion is counted and notified. Their lag is unknown, because the state does not contain their
//!   relay parents.
//! - A chain changes `MaxCapacity`: the records of the unincluded blocks move to their new keys. Records
//!   that do not fit are removed, oldest first.

use crate::{pallet::*, ring::ring_key, tracker::Tracker, WeightInfo, LOG_TARGET};
use alloc::vec::Vec;
use frame_support::{traits::Get, weights::Weight};

/// Starts tracking, or moves the records after a change of `MaxCapacity`. Otherwise does nothing.
pub fn migrate<T: Config>() -> Weight {
	let capacity = <T as Config>::MaxCapacity::get();
	let Some(mut tracker) = Tracking::<T>::get() else {
		let latest = Pallet::<T>::latest();
		// Before the first block there is nothing to track. The first block starts tracking.
		if latest > 0 {
			let tracker = Tracker::start(latest, Pallet::<T>::parachain_system_length(), capacity);
			log::info!(
				target: LOG_TARGET,
				"tracking starts with block {}: {} blocks are unincluded",
				tracker.first_block,
				tracker.length(),
			);
			Tracking::<T>::put(tracker);
		}
		return <T as Config>::WeightInfo::migrate(0);
	};
	if tracker.ring_capacity == capacity {
		return T::DbWeight::get().reads(1);
	}
	let latest = Pallet::<T>::latest();
	let unincluded = tracker.included.saturating_add(1)..=latest;
	let records: Vec<_> = unincluded
		.filter_map(|number| {
			Records::<T>::get(ring_key(number, tracker.ring_capacity))
				.filter(|record| record.number == number)
		})
		.collect();
	let previous_capacity = tracker.ring_capacity;
	for index in 0..previous_capacity {
		Records::<T>::remove(ring_key(index, previous_capacity));
	}
	// In order, so that a newer block replaces an older one with the same key.
	for record in records {
		Records::<T>::insert(ring_key(record.number, capacity), record);
	}
	let relay_parents = core::mem::take(&mut tracker.relay_parents).into_inner();
	tracker.set_relay_parents(relay_parents);
	tracker.ring_capacity = capacity;
	Tracking::<T>::put(tracker);
	<T as Config>::WeightInfo::migrate(previous_capacity.max(capacity))
}

/// Returns the encoded hashes of parachain-system's segment, which the migration must keep.
#[cfg(any(test, feature = "try-runtime"))]
pub(crate) fn before_upgrade<T: Config>() -> Vec<u8> {
	codec::Encode::encode(&Pallet::<T>::parachain_system_hashes())
}

/// Checks that the migration has kept the unincluded segment and that the storage is consistent.
#[cfg(any(test, feature = "try-runtime"))]
pub(crate) fn check_upgrade<T: Config>(before: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
	use codec::Decode;
	use frame_support::ensure;

	Pallet::<T>::check_state()?;
	let before: Vec<Option<T::Hash>> = Decode::decode(&mut &before[..])
		.map_err(|_| "the state of `pre_upgrade` does not decode")?;
	if let Some(tracker) = Tracking::<T>::get().filter(|tracker| tracker.fault.is_none()) {
		ensure!(
			tracker.length() as usize == before.len(),
			"the tracked segment differs from parachain-system's",
		);
	}
	Ok(())
}
