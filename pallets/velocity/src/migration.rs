// SPDX-License-Identifier: Apache-2.0

//! Migration from the SDK's consensus hook.

use crate::{pallet::*, LOG_TARGET};
use conveyor_primitives::{AuthoredInSlot, RestOfSlot};
use core::marker::PhantomData;
use frame_support::{
	storage_alias,
	traits::{Get, OnRuntimeUpgrade},
	weights::Weight,
};
use sp_consensus_aura::Slot;

/// Storage of `FixedVelocityConsensusHook` (`cumulus-pallet-aura-ext`, `RelaySlotInfo`): latest relay
/// slot, and number of blocks built at it.
#[storage_alias]
pub(crate) type RelaySlotInfo<T: cumulus_pallet_aura_ext::Config> =
	StorageValue<cumulus_pallet_aura_ext::Pallet<T>, (Slot, u32)>;

/// Converts the SDK hook's count. That hook does not require a complete bundle to fit, so for the rest of
/// the relay slot this pallet does not either.
fn count_of_sdk_hook(relay_slot: Slot, blocks: u32) -> AuthoredInSlot {
	AuthoredInSlot { relay_slot, blocks, last_core: true, rest: RestOfSlot::Current }
}

/// Migration of a runtime that replaces `FixedVelocityConsensusHook` by this pallet: takes over the
/// number of blocks built at the latest relay slot.
///
/// The limits have no migration. A collator queries the new runtime on the last block of the old one,
/// before any migration has run, and needs the same result as afterwards. The limits come from
/// [`Config::InitialLimits`]: set them to the constants of the previous hook.
///
/// The migration checks no storage version: FRAME sets the version of a new pallet before any migration
/// runs. A second run does nothing.
pub struct FromSdkHook<T>(PhantomData<T>);

impl<T: Config + cumulus_pallet_aura_ext::Config> OnRuntimeUpgrade for FromSdkHook<T> {
	fn on_runtime_upgrade() -> Weight {
		let weight = <T as frame_system::Config>::DbWeight::get();
		let Some((relay_slot, blocks)) = RelaySlotInfo::<T>::take() else {
			return weight.reads(1);
		};
		if Authored::<T>::exists() {
			log::warn!(
				target: LOG_TARGET,
				"dropped the block count of the SDK's hook: this pallet already has one",
			);
			return weight.reads_writes(2, 1);
		}
		Authored::<T>::put(count_of_sdk_hook(relay_slot, blocks));
		log::info!(
			target: LOG_TARGET,
			"took over {blocks} blocks at relay slot {} from the SDK's hook", *relay_slot,
		);
		weight.reads_writes(2, 2)
	}

	#[cfg(feature = "try-runtime")]
	fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, sp_runtime::TryRuntimeError> {
		use codec::Encode;
		Ok((RelaySlotInfo::<T>::get(), Authored::<T>::get()).encode())
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(before: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
		use codec::Decode;
		use frame_support::ensure;
		let (sdk_count, own_count) =
			<(Option<(Slot, u32)>, Option<AuthoredInSlot>)>::decode(&mut &before[..])
				.map_err(|_| "pallet-velocity: the state of `pre_upgrade` does not decode")?;
		let expected =
			own_count.or(sdk_count.map(|(slot, blocks)| count_of_sdk_hook(slot, blocks)));
		ensure!(Authored::<T>::get() == expected, "pallet-velocity: the block count differs");
		ensure!(
			!RelaySlotInfo::<T>::exists(),
			"pallet-velocity: the SDK hook's block count still exists"
		);
		Pallet::<T>::check_state()
	}
}
