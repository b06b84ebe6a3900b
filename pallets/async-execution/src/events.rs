// SPDX-License-Identifier: Apache-2.0

//! Event records of the block under construction, in encoded form.

use crate::pallet::*;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use conveyor_primitives::lane::receipt_hash;
use frame_support::{
	defensive,
	storage::{storage_prefix, unhashed},
	traits::PalletInfoAccess,
};
use sp_core::H256;

/// Encoded event records without the length of their vector.
#[derive(Default)]
pub(crate) struct EventRecords {
	count: u32,
	encoded: Vec<u8>,
}

/// Key of frame-system's `Events`.
fn key<T: Config>() -> [u8; 32] {
	storage_prefix(frame_system::Pallet::<T>::name().as_bytes(), b"Events")
}

impl EventRecords {
	/// Takes all records from storage. frame-system continues to count events, so their indices stay unique.
	pub(crate) fn take<T: Config>() -> Self {
		let Some(stored) = unhashed::get_raw(&key::<T>()) else { return Self::default() };
		unhashed::kill(&key::<T>());
		let mut input = &stored[..];
		match Compact::<u32>::decode(&mut input) {
			Ok(Compact(count)) => Self { count, encoded: input.to_vec() },
			Err(_) => {
				defensive!("frame-system's events are not a vector");
				Self::default()
			},
		}
	}

	/// Appends the records of `later`.
	pub(crate) fn append(&mut self, later: Self) {
		self.count = self.count.saturating_add(later.count);
		self.encoded.extend(later.encoded);
	}

	/// Returns the hash of the encoded vector of records.
	pub(crate) fn hash(&self) -> H256 {
		receipt_hash(&self.encode())
	}

	/// Writes the records to storage, which has none.
	pub(crate) fn put<T: Config>(&self) {
		if self.count > 0 {
			unhashed::put_raw(&key::<T>(), &self.encode());
		}
	}

	fn encode(&self) -> Vec<u8> {
		let mut encoded = Compact(self.count).encode();
		encoded.extend(&self.encoded);
		encoded
	}
}
