// SPDX-License-Identifier: Apache-2.0

//! From the SDK's hook to this pallet.

use crate::{pallet::*, LOG_TARGET};
use conveyor_primitives::{AuthoredInSlot, RestOfSlot};
use core::marker::PhantomData;
use frame_support::{
	storage_alias,
	traits::{Get, OnRuntimeUpgrade},
	weights::Weight,
};
use sp_consensus_aura::Slot;

/// What `FixedVelocityConsensusHook` remembers (`cumulus-pallet-aura-ext`, `RelaySlotInfo`): the
/// latest relay slot, and the number of blocks built at it.
#[storage_alias]
pub(crate) type RelaySlotInfo<T: cumulus_pallet_aura_ext::Config> =
	StorageValue<cumulus_pallet_aura_ext::Pallet<T>, (Slot, u32)>;

/// The SDK's hook does not know of cores, and asks for no bundle to fit: for the rest of that relay
/// slot neither do we.
fn count_of_sdk_hook(relay_slot: Slot, blocks: u32) -> AuthoredInSlot {
	AuthoredInSlot { relay_slot, blocks, last_core: true, rest: RestOfSlot::InForce }
}

/// For a runtime that had `FixedVelocityConsensusHook` and gets this pallet instead: the pallet goes
/// on counting where the hook has stopped.
///
/// The limits need no migration, and must not get one: a collator asks the new runtime about the
/// last block of the old one before any migration has run, and must get the same answer as
/// afterwards. They come from [`Config::InitialLimits`], which such a runtime sets to the velocity
/// and the capacity that it was compiled with.
///
/// It asks for no storage version: FRAME gives a pallet that is new to the chain the current one
/// before any migration runs. It can be left in place, once it has run it finds nothing to do.
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
				"dropped the count of the SDK's hook, this pallet has one of its own already",
			);
			return weight.reads_writes(2, 1);
		}
		Authored::<T>::put(count_of_sdk_hook(relay_slot, blocks));
		log::info!(
			target: LOG_TARGET,
			"went on from the SDK's hook: {blocks} blocks at relay slot {}", *relay_slot,
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
		let (of_the_sdk, ours) =
			<(Option<(Slot, u32)>, Option<AuthoredInSlot>)>::decode(&mut &before[..])
				.map_err(|_| "pallet-velocity: what was noted before does not decode")?;
		let expected = ours.or(of_the_sdk.map(|(slot, blocks)| count_of_sdk_hook(slot, blocks)));
		ensure!(Authored::<T>::get() == expected, "pallet-velocity: the count is another one");
		ensure!(!RelaySlotInfo::<T>::exists(), "pallet-velocity: the SDK hook's count is left");
		Pallet::<T>::check_state()
	}
}
