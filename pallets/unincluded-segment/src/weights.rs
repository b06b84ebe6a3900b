// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_unincluded_segment`, measured by `scripts/weights.sh`. Do not edit.
//!
//! 2026-11-27, Intel(R) Xeon(R) Processor, 50 steps, 20 repeats.

#![cfg_attr(rustfmt, rustfmt_skip)]
// The generated code may not need all imports and parentheses.
#![allow(unused_parens, unused_imports)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::RocksDbWeight, Weight}};

/// Weight functions of `pallet_unincluded_segment`.
pub trait WeightInfo {
	/// Weight of `observe`.
	fn observe(n: u32, ) -> Weight;
	/// Weight of `record_block`.
	fn record_block(n: u32, ) -> Weight;
	/// Weight of `notify_base`.
	fn notify_base() -> Weight;
	/// Weight of `notify_block`.
	fn notify_block() -> Weight;
	/// Weight of `migrate`.
	fn migrate(n: u32, ) -> Weight;
}

/// Measured weights, with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `ParachainSystem::ValidationData` (r:1 w:0)
	/// Proof: `ParachainSystem::ValidationData` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainSystem::UnincludedSegment` (r:1 w:0)
	/// Proof: `ParachainSystem::UnincludedSegment` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `UnincludedSegment::Tracking` (r:1 w:1)
	/// Proof: `UnincludedSegment::Tracking` (`max_values`: Some(1), `max_size`: Some(2108), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `UnincludedSegment::InclusionStatistics` (r:1 w:1)
	/// Proof: `UnincludedSegment::InclusionStatistics` (`max_values`: Some(1), `max_size`: Some(343), added: 838, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[0, 255]`.
	fn observe(n: u32, ) -> Weight {
		// Proof size: 82 bytes measured, 3593 estimated.
		// Execution: 59_693_000 picoseconds at least.
		Weight::from_parts(134_130_201, 3593)
			.saturating_add(Weight::from_parts(105_431, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 5).saturating_mul(n.into()))
	}
	/// Storage: `ParachainSystem::UnincludedSegment` (r:1 w:0)
	/// Proof: `ParachainSystem::UnincludedSegment` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `UnincludedSegment::Tracking` (r:1 w:1)
	/// Proof: `UnincludedSegment::Tracking` (`max_values`: Some(1), `max_size`: Some(2108), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `ParachainSystem::UpwardMessages` (r:1 w:0)
	/// Proof: `ParachainSystem::UpwardMessages` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainSystem::HrmpOutboundMessages` (r:1 w:0)
	/// Proof: `ParachainSystem::HrmpOutboundMessages` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainSystem::LastRelayChainBlockNumber` (r:1 w:0)
	/// Proof: `ParachainSystem::LastRelayChainBlockNumber` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ParachainSystem::NewValidationCode` (r:1 w:0)
	/// Proof: `ParachainSystem::NewValidationCode` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `UnincludedSegment::Records` (r:0 w:1)
	/// Proof: `UnincludedSegment::Records` (`max_values`: None, `max_size`: Some(73), added: 2548, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[0, 255]`.
	fn record_block(n: u32, ) -> Weight {
		// Proof size: 38 bytes measured, 3593 estimated.
		// Execution: 101_566_000 picoseconds at least.
		Weight::from_parts(116_159_870, 3593)
			.saturating_add(Weight::from_parts(82_234, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 16).saturating_mul(n.into()))
	}
	/// Storage: `UnincludedSegment::Tracking` (r:1 w:0)
	/// Proof: `UnincludedSegment::Tracking` (`max_values`: Some(1), `max_size`: Some(2108), added: 2603, mode: `MaxEncodedLen`)
	fn notify_base() -> Weight {
		// Proof size: 1328 bytes measured, 3593 estimated.
		// Execution: 35_132_000 picoseconds at least.
		Weight::from_parts(38_191_000, 3593)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	fn notify_block() -> Weight {
		// Proof size: 0 bytes measured, 0 estimated.
		// Execution: 1_641_000 picoseconds at least.
		Weight::from_parts(2_094_000, 0)
	}
	/// Storage: `UnincludedSegment::Tracking` (r:1 w:1)
	/// Proof: `UnincludedSegment::Tracking` (`max_values`: Some(1), `max_size`: Some(2108), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `UnincludedSegment::Records` (r:254 w:255)
	/// Proof: `UnincludedSegment::Records` (`max_values`: None, `max_size`: Some(73), added: 2548, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[0, 254]`.
	fn migrate(n: u32, ) -> Weight {
		// Proof size: 83 bytes measured, 3593 estimated.
		// Execution: 51_070_000 picoseconds at least.
		Weight::from_parts(76_784_897, 3593)
			.saturating_add(Weight::from_parts(34_820_334, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2547).saturating_mul(n.into()))
	}
}

/// Measured weights, with RocksDB's database weights, for tests.
impl WeightInfo for () {
	fn observe(n: u32, ) -> Weight {
		Weight::from_parts(134_130_201, 3593)
			.saturating_add(Weight::from_parts(105_431, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 5).saturating_mul(n.into()))
	}
	fn record_block(n: u32, ) -> Weight {
		Weight::from_parts(116_159_870, 3593)
			.saturating_add(Weight::from_parts(82_234, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 16).saturating_mul(n.into()))
	}
	fn notify_base() -> Weight {
		Weight::from_parts(38_191_000, 3593)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
	}
	fn notify_block() -> Weight {
		Weight::from_parts(2_094_000, 0)
	}
	fn migrate(n: u32, ) -> Weight {
		Weight::from_parts(76_784_897, 3593)
			.saturating_add(Weight::from_parts(34_820_334, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2547).saturating_mul(n.into()))
	}
}
