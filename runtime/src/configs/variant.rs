// SPDX-License-Identifier: Apache-2.0

//! What the variants of this runtime do differently.
//!
//! They are no runtimes to run a chain on. Each is this runtime with one thing changed, compiled to
//! Wasm by a crate in `runtime-variants/` for tests and benchmarks to compare the two. A variant is
//! chosen by a feature that nothing else sets:
//!
//! - `variant-sdk-hook`: the pace is compiled in, as the SDK does it; there is no pallet-velocity.
//! - `variant-next-version`: a spec version above the runtime's, so that a chain can be upgraded to it.
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

	/// What goes around the extensions of a transaction: nothing, the rate is a constant.
	pub type AroundExtensions<S> = S;
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

/// The runtime's own version, but for `spec_version`. Whole, because the macro that puts it into the
/// Wasm's custom section reads the source and not its value.
#[cfg(feature = "variant-next-version")]
mod next_version {
	use crate::apis::RUNTIME_API_VERSIONS;
	use alloc::borrow::Cow;
	use sp_version::RuntimeVersion;

	/// Which runtime this is.
	#[sp_version::runtime_version]
	pub const VERSION: RuntimeVersion = RuntimeVersion {
		spec_name: Cow::Borrowed("conveyor"),
		impl_name: Cow::Borrowed("conveyor"),
		authoring_version: 1,
		spec_version: 101,
		impl_version: 0,
		apis: RUNTIME_API_VERSIONS,
		transaction_version: 1,
		system_version: 1,
	};
}

#[cfg(feature = "variant-next-version")]
pub use next_version::VERSION;

#[cfg(feature = "variant-offset-in-storage")]
frame_support::parameter_types! {
	/// The constant's value, but from storage.
	pub storage RelayParentOffset: u32 = crate::RELAY_PARENT_OFFSET;
}
