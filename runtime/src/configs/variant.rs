// SPDX-License-Identifier: Apache-2.0

//! What the variants of this runtime do differently.
//!
//! They are no runtimes to run a chain on. Each is this runtime with one thing changed, compiled to
//! Wasm by a crate in `runtime-variants/` for tests and benchmarks to compare the two. A variant is
//! chosen by a feature that nothing else sets:
//!
//! - `variant-sdk-hook`: the pace is compiled in, as the SDK does it; there is no pallet-velocity.
//! - `variant-offset-in-storage`: the relay parent offset is read from storage, as it must not be.

/// The pace that the SDK offers. Takes the place of `configs::pace`.
#[cfg(feature = "variant-sdk-hook")]
pub mod sdk_hook {
	use crate::{Runtime, RELAY_CHAIN_SLOT_DURATION_MILLIS};
	use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
	use frame_support::traits::ConstU32;

	/// Blocks per relay slot: both the velocity and what a collator should try to build.
	const VELOCITY: u32 = 3;
	/// Blocks in the unincluded segment.
	const CAPACITY: u32 = 12;

	/// Decides whether a block may be built.
	pub type ConsensusHook = FixedVelocityConsensusHook<
		Runtime,
		{ RELAY_CHAIN_SLOT_DURATION_MILLIS as u32 },
		VELOCITY,
		CAPACITY,
	>;

	/// How many blocks a collator should try to build per relay slot.
	pub type TargetBlockRate = ConstU32<VELOCITY>;
}

/// The presets name limits, which this variant has none of. Its users take a preset of the runtime
/// without them.
#[cfg(feature = "variant-sdk-hook")]
pub mod genesis_config_presets {
	use alloc::vec::Vec;
	use sp_genesis_builder::PresetId;

	/// There are no presets.
	pub fn get_preset(_: &PresetId) -> Option<Vec<u8>> {
		None
	}

	/// There are no presets.
	pub fn preset_names() -> Vec<PresetId> {
		Vec::new()
	}
}

#[cfg(feature = "variant-offset-in-storage")]
frame_support::parameter_types! {
	/// The constant's value, but from storage.
	pub storage RelayParentOffset: u32 = crate::RELAY_PARENT_OFFSET;
}
