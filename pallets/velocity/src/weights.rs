// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_velocity`, measured by `scripts/weights.sh`. Do not edit.
//!
//! 2026-11-27, Intel(R) Xeon(R) Processor, 50 steps, 20 repeats.

#![cfg_attr(rustfmt, rustfmt_skip)]
// The generated code may not need all imports and parentheses.
#![allow(unused_parens, unused_imports)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::RocksDbWeight, Weight}};

/// Weight functions of `pallet_velocity`.
pub trait WeightInfo {
	/// Weight of `schedule_limits`.
	fn schedule_limits() -> Weight;
	/// Weight of `cancel_scheduled_limits`.
	fn cancel_scheduled_limits() -> Weight;
	/// Weight of `apply_scheduled_limits`.
	fn apply_scheduled_limits() -> Weight;
	/// Weight of `admit_block`.
	fn admit_block(n: u32, ) -> Weight;
}

/// Measured weights, with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `ParachainSystem::ValidationData` (r:1 w:0)
	/// Proof: `ParachainSystem::ValidationData` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainSystem::RelayStateProof` (r:1 w:0)
	/// Proof: `ParachainSystem::RelayStateProof` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainInfo::ParachainId` (r:1 w:0)
	/// Proof: `ParachainInfo::ParachainId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `ParachainSystem::LastRelayChainBlockNumber` (r:1 w:0)
	/// Proof: `ParachainSystem::LastRelayChainBlockNumber` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Velocity::Scheduled` (r:1 w:1)
	/// Proof: `Velocity::Scheduled` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn schedule_limits() -> Weight {
		// Proof size: 351 bytes measured, 1836 estimated.
		// Execution: 205_233_000 picoseconds at least.
		Weight::from_parts(227_032_000, 1836)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Velocity::Scheduled` (r:1 w:1)
	/// Proof: `Velocity::Scheduled` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn cancel_scheduled_limits() -> Weight {
		// Proof size: 75 bytes measured, 1501 estimated.
		// Execution: 84_255_000 picoseconds at least.
		Weight::from_parts(91_918_000, 1501)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Velocity::Scheduled` (r:1 w:1)
	/// Proof: `Velocity::Scheduled` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `ParachainSystem::ValidationData` (r:1 w:0)
	/// Proof: `ParachainSystem::ValidationData` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Velocity::CurrentLimits` (r:1 w:1)
	/// Proof: `Velocity::CurrentLimits` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Velocity::Authored` (r:1 w:1)
	/// Proof: `Velocity::Authored` (`max_values`: Some(1), `max_size`: Some(26), added: 521, mode: `MaxEncodedLen`)
	fn apply_scheduled_limits() -> Weight {
		// Proof size: 140 bytes measured, 1625 estimated.
		// Execution: 97_759_000 picoseconds at least.
		Weight::from_parts(105_084_000, 1625)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `ParachainSystem::UnincludedSegment` (r:1 w:0)
	/// Proof: `ParachainSystem::UnincludedSegment` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Velocity::CurrentLimits` (r:1 w:0)
	/// Proof: `Velocity::CurrentLimits` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Velocity::Authored` (r:1 w:1)
	/// Proof: `Velocity::Authored` (`max_values`: Some(1), `max_size`: Some(26), added: 521, mode: `MaxEncodedLen`)
	/// Storage: `Aura::CurrentSlot` (r:1 w:0)
	/// Proof: `Aura::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[0, 255]`.
	fn admit_block(n: u32, ) -> Weight {
		// Proof size: 128 bytes measured, 1614 estimated.
		// Execution: 82_869_000 picoseconds at least.
		Weight::from_parts(94_639_295, 1614)
			.saturating_add(Weight::from_parts(84_716, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 43).saturating_mul(n.into()))
	}
}

/// Measured weights, with RocksDB's database weights, for tests.
impl WeightInfo for () {
	fn schedule_limits() -> Weight {
		Weight::from_parts(227_032_000, 1836)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn cancel_scheduled_limits() -> Weight {
		Weight::from_parts(91_918_000, 1501)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn apply_scheduled_limits() -> Weight {
		Weight::from_parts(105_084_000, 1625)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(3_u64))
	}
	fn admit_block(n: u32, ) -> Weight {
		Weight::from_parts(94_639_295, 1614)
			.saturating_add(Weight::from_parts(84_716, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 43).saturating_mul(n.into()))
	}
}
