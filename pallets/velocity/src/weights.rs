// SPDX-License-Identifier: Apache-2.0

//! What `pallet_velocity` costs, as measured by `scripts/weights.sh`. Do not edit.
//!
//! 2026-11-20, Intel(R) Xeon(R) Processor, 50 steps, 20 repeats.

#![cfg_attr(rustfmt, rustfmt_skip)]
// The measurement decides what is needed.
#![allow(unused_parens, unused_imports)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::RocksDbWeight, Weight}};

/// Weight functions needed for `pallet_velocity`.
pub trait WeightInfo {
	/// Weight of `schedule_limits`.
	fn schedule_limits() -> Weight;
	/// Weight of `cancel_scheduled_limits`.
	fn cancel_scheduled_limits() -> Weight;
	/// Weight of `apply_scheduled_limits`.
	fn apply_scheduled_limits() -> Weight;
	/// Weight of `note_block`.
	fn note_block(n: u32, ) -> Weight;
}

/// The measured weights, with the runtime's cost of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Velocity::Scheduled` (r:0 w:1)
	/// Proof: `Velocity::Scheduled` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	fn schedule_limits() -> Weight {
		// Proof size: 0 bytes measured, 0 estimated.
		// Execution: 72_753_000 picoseconds at least.
		Weight::from_parts(86_195_000, 0)
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn cancel_scheduled_limits() -> Weight {
		Weight::from_parts(87_130_000, 1497)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Velocity::Scheduled` (r:1 w:1)
	/// Proof: `Velocity::Scheduled` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Velocity::Limits` (r:0 w:1)
	/// Proof: `Velocity::Limits` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	fn apply_scheduled_limits() -> Weight {
		// Proof size: 70 bytes measured, 1497 estimated.
		// Execution: 75_871_000 picoseconds at least.
		Weight::from_parts(87_130_000, 1497)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Velocity::Limits` (r:1 w:0)
	/// Proof: `Velocity::Limits` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Velocity::Authored` (r:1 w:1)
	/// Proof: `Velocity::Authored` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Aura::CurrentSlot` (r:1 w:0)
	/// Proof: `Aura::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	fn note_block(n: u32, ) -> Weight {
		// Proof size: 150 bytes measured, 1497 estimated.
		// Execution: 70_058_000 picoseconds at least.
		Weight::from_parts(78_663_000, 1497)
			.saturating_add(Weight::from_parts(300_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

/// The measured weights, with the SDK's cost of storage, for tests.
impl WeightInfo for () {
	fn schedule_limits() -> Weight {
		Weight::from_parts(86_195_000, 0)
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn cancel_scheduled_limits() -> Weight {
		Weight::from_parts(87_130_000, 1497)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn apply_scheduled_limits() -> Weight {
		Weight::from_parts(87_130_000, 1497)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn note_block(n: u32, ) -> Weight {
		Weight::from_parts(78_663_000, 1497)
			.saturating_add(Weight::from_parts(300_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
}
