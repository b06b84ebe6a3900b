// SPDX-License-Identifier: Apache-2.0

//! Migrations of the runtime's own types. Those of pallets are in the pallets.

use crate::{opaque::SessionKeys, AuraId, Runtime, Session};
use alloc::vec::Vec;
use frame_support::{traits::OnRuntimeUpgrade, weights::Weight};
use pallet_authority_discovery::{Keys, NextKeys};
use sp_authority_discovery::AuthorityId;
use sp_core::sr25519;
use sp_runtime::WeakBoundedVec;

sp_runtime::impl_opaque_keys! {
	/// The session keys before the key for authority discovery was added.
	pub struct OldSessionKeys {
		/// Key that claims para slots and seals blocks.
		pub aura: crate::Aura,
	}
}

/// Adds the key for authority discovery to the session keys of a chain that has only Aura keys.
///
/// The new key equals the Aura key. A collator is found by it if its keystore has the same secret for the key type
/// `audi`. `author_rotateKeys` and `session.setKeys` replace both keys. Authoring does not need the new key.
///
/// Does nothing if pallet-authority-discovery has keys, as after genesis and after this migration. Without the
/// migration the pallet would have no keys until the set of authors changes.
pub struct AddDiscoveryKeys;

impl AddDiscoveryKeys {
	fn discovery_key(aura: AuraId) -> AuthorityId {
		sr25519::Public::from(aura).into()
	}
}

impl OnRuntimeUpgrade for AddDiscoveryKeys {
	fn on_runtime_upgrade() -> Weight {
		let weights = <Runtime as frame_system::Config>::DbWeight::get();
		if Keys::<Runtime>::exists() {
			return weights.reads(1);
		}
		Session::upgrade_keys::<OldSessionKeys, _>(|_, old| SessionKeys {
			authority_discovery: Self::discovery_key(old.aura.clone()),
			aura: old.aura,
		});
		let current = pallet_aura::Authorities::<Runtime>::get().into_iter();
		let current: Vec<_> = current.map(Self::discovery_key).collect();
		let queued = pallet_session::QueuedKeys::<Runtime>::get().into_iter();
		let queued: Vec<_> = queued.map(|(_, keys)| keys.authority_discovery).collect();
		let collators = current.len().max(queued.len()) as u64;
		Keys::<Runtime>::put(WeakBoundedVec::<_, _>::force_from(current, None));
		NextKeys::<Runtime>::put(WeakBoundedVec::<_, _>::force_from(queued, None));
		// Per collator: its keys, the owner of each key; one removed, two written.
		weights.reads_writes(4 + collators, 3 + 4 * collators)
	}
}
