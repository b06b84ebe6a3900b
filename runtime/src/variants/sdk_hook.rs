// SPDX-License-Identifier: Apache-2.0

//! Replaces `configs/rate.rs` in the variant `sdk-hook`: the SDK's hook with constants.

use crate::{Runtime, RELAY_CHAIN_SLOT_DURATION_MILLIS};
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use frame_support::traits::ConstU32;

/// Maximum blocks per relay slot, and the target block rate.
const VELOCITY: u32 = 3;
/// Maximum length of the unincluded segment, in blocks.
const CAPACITY: u32 = 12;

/// Consensus hook.
pub type ConsensusHook = FixedVelocityConsensusHook<
	Runtime,
	{ RELAY_CHAIN_SLOT_DURATION_MILLIS as u32 },
	VELOCITY,
	CAPACITY,
>;

/// Target block rate, in blocks per relay slot.
pub type TargetBlockRate = ConstU32<VELOCITY>;

/// Wrapper of the transaction extensions. None is needed: the rate is a constant.
pub type CachingExtensions<S> = S;
