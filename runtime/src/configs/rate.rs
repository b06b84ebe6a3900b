// SPDX-License-Identifier: Apache-2.0

//! How fast: as fast as governance has set it. Everything in this runtime that depends on the pace
//! asks here.

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

/// Decides whether a block may be built.
pub type ConsensusHook = Velocity;

/// How many blocks a collator should try to build per relay slot.
pub type TargetBlockRate = pallet_velocity::TargetBlockRate<Runtime>;

/// What goes around the extensions of a transaction, so that they need not read the rate each time.
pub type CachingExtensions<S> = pallet_velocity::CacheTargetBlockRate<Runtime, S>;

parameter_types! {
	/// The limits of a chain that never set any.
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
