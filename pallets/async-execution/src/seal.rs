// SPDX-License-Identifier: Apache-2.0

//! Seal: hides what frame-system has written for the new block while a batch runs.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::{
	storage::{storage_prefix, unhashed},
	traits::PalletInfoAccess,
};
use frame_system::{pallet_prelude::BlockNumberFor, BlockWeight, Pallet as System};
use sp_runtime::{traits::One, Digest, DigestItem};

/// Runs `batch` as if the new block had an empty digest and had used no weight. Returns its result and the digest items
/// that it deposited.
///
/// frame-system initializes the block twice more: with an empty digest before `batch`, and with the real digest after
/// it. So a value that a later SDK writes there is sealed as well.
pub(crate) fn sealed<T: Config, R>(batch: impl FnOnce() -> R) -> (R, Vec<DigestItem>) {
	let (digest, weight) = (System::<T>::digest(), System::<T>::block_weight());
	initialize_again::<T>(&Digest::default());
	let result = batch();
	let deposited = System::<T>::digest().logs;
	initialize_again::<T>(&digest);
	BlockWeight::<T>::put(weight);
	(result, deposited)
}

/// Initializes the current block again, with `digest`.
fn initialize_again<T: Config>(digest: &Digest) {
	let (number, parent_hash) = (System::<T>::block_number(), System::<T>::parent_hash());
	// frame-system keeps the setter to tests.
	let key = storage_prefix(System::<T>::name().as_bytes(), b"Number");
	unhashed::put::<BlockNumberFor<T>>(&key, &(number - One::one()));
	System::<T>::initialize(&number, &parent_hash, digest);
}
