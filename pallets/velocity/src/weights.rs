// SPDX-License-Identifier: Apache-2.0

//! Weights of pallet-velocity. Placeholder values until `scripts/weights.sh` has run.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_velocity`.
pub trait WeightInfo {
	/// The call `set_limits`.
	fn set_limits() -> Weight;
	/// What `on_finalize` does when there is something to apply.
	fn apply_next_limits() -> Weight;
	/// What the consensus hook does.
	fn note_block() -> Weight;
}

/// Weights for `pallet_velocity`.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_limits() -> Weight {
		Weight::from_parts(10_000_000, 1_500).saturating_add(T::DbWeight::get().writes(1))
	}
	fn apply_next_limits() -> Weight {
		Weight::from_parts(10_000_000, 1_500).saturating_add(T::DbWeight::get().reads_writes(1, 2))
	}
	fn note_block() -> Weight {
		Weight::from_parts(10_000_000, 1_500).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
}

impl WeightInfo for () {
	fn set_limits() -> Weight {
		Weight::zero()
	}
	fn apply_next_limits() -> Weight {
		Weight::zero()
	}
	fn note_block() -> Weight {
		Weight::zero()
	}
}
