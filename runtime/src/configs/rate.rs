// SPDX-License-Identifier: Apache-2.0

//! Limits and target block rate, set by governance. All parts of the runtime that depend on them use this
//! file.

use crate::{
	AccountId, Runtime, Velocity, INITIAL_LIMITS, MAX_CAPACITY, MAX_SCHEDULE_AHEAD,
	MAX_TARGET_BLOCK_RATE, RELAY_CHAIN_SLOT_DURATION_MILLIS,
};
use conveyor_primitives::Limits;
use frame_support::{
	parameter_types,
	traits::{ConstU32, ConstU64},
};
use frame_system::EnsureRoot;

/// Consensus hook.
pub type ConsensusHook = Velocity;

/// Target block rate, in blocks per relay slot.
pub type TargetBlockRate = pallet_velocity::TargetBlockRate<Runtime>;

/// Wraps the transaction extensions, so that they read the target block rate twice per transaction.
pub type CachingExtensions<S> = pallet_velocity::CacheTargetBlockRate<Runtime, S>;

parameter_types! {
	/// Limits of a chain that has not set any.
	pub const InitialLimits: Limits = INITIAL_LIMITS;
}

impl pallet_velocity::Config for Runtime {
	type AdminOrigin = EnsureRoot<AccountId>;
	type RelaySlotDuration = ConstU64<RELAY_CHAIN_SLOT_DURATION_MILLIS>;
	type MaxCapacity = ConstU32<MAX_CAPACITY>;
	type MaxTargetBlockRate = ConstU32<MAX_TARGET_BLOCK_RATE>;
	type MaxScheduleAhead = ConstU32<MAX_SCHEDULE_AHEAD>;
	type InitialLimits = InitialLimits;
	type WeightInfo = pallet_velocity::weights::SubstrateWeight<Runtime>;
}
