// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_message_service`, measured by `scripts/weights.sh`. Do not edit.
//!
//! 2026-11-27, Intel(R) Xeon(R) Processor, 50 steps, 20 repeats.

#![cfg_attr(rustfmt, rustfmt_skip)]
// The generated code may not need all imports and parentheses.
#![allow(unused_parens, unused_imports)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::RocksDbWeight, Weight}};

/// Weight functions of `pallet_message_service`.
pub trait WeightInfo {
	/// Weight of `nothing_to_serve`.
	fn nothing_to_serve() -> Weight;
	/// Weight of `serve`.
	fn serve() -> Weight;
}

/// Measured weights, with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `MessageService::Service` (r:1 w:1)
	/// Proof: `MessageService::Service` (`max_values`: Some(1), `max_size`: Some(7), added: 502, mode: `MaxEncodedLen`)
	/// Storage: `MessageQueue::ServiceHead` (r:1 w:0)
	/// Proof: `MessageQueue::ServiceHead` (`max_values`: Some(1), `max_size`: Some(5), added: 500, mode: `MaxEncodedLen`)
	fn nothing_to_serve() -> Weight {
		// Proof size: 73 bytes measured, 1492 estimated.
		// Execution: 50_844_000 picoseconds at least.
		Weight::from_parts(53_408_000, 1492)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `MessageService::Service` (r:1 w:1)
	/// Proof: `MessageService::Service` (`max_values`: Some(1), `max_size`: Some(7), added: 502, mode: `MaxEncodedLen`)
	/// Storage: `MessageQueue::ServiceHead` (r:1 w:1)
	/// Proof: `MessageQueue::ServiceHead` (`max_values`: Some(1), `max_size`: Some(5), added: 500, mode: `MaxEncodedLen`)
	/// Storage: `Velocity::CurrentLimits` (r:1 w:0)
	/// Proof: `Velocity::CurrentLimits` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `MessageQueue::BookStateFor` (r:1 w:1)
	/// Proof: `MessageQueue::BookStateFor` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `XcmpQueue::QueueSuspended` (r:1 w:0)
	/// Proof: `XcmpQueue::QueueSuspended` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	/// Storage: `MessageQueue::Pages` (r:1 w:1)
	/// Proof: `MessageQueue::Pages` (`max_values`: None, `max_size`: Some(105521), added: 107996, mode: `Ignored`)
	/// Storage: `XcmpQueue::QueueConfig` (r:1 w:0)
	/// Proof: `XcmpQueue::QueueConfig` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `XcmpQueue::InboundXcmpSuspended` (r:1 w:0)
	/// Proof: `XcmpQueue::InboundXcmpSuspended` (`max_values`: Some(1), `max_size`: Some(4002), added: 4497, mode: `MaxEncodedLen`)
	fn serve() -> Weight {
		// Proof size: 336 bytes measured, 5487 estimated.
		// Execution: 359_078_000 picoseconds at least.
		Weight::from_parts(375_534_000, 5487)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
}

/// Measured weights, with RocksDB's database weights, for tests.
impl WeightInfo for () {
	fn nothing_to_serve() -> Weight {
		Weight::from_parts(53_408_000, 1492)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn serve() -> Weight {
		Weight::from_parts(375_534_000, 5487)
			.saturating_add(RocksDbWeight::get().reads(8_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
}
