// SPDX-License-Identifier: Apache-2.0

//! Genesis presets and migrations.

use super::{chain, genesis_config};
use crate::{
	genesis_config_presets::{self, CANDIDACY_BOND, ENDOWMENT, PARA_ID},
	*,
};
use codec::Encode;
use frame_support::storage::storage_prefix;
use serde_json::json;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};

#[test]
fn presets_build_the_expected_genesis() {
	assert_eq!(genesis_config_presets::preset_names(), ["development", "local_testnet", "sync"]);
	assert_eq!(genesis_config_presets::get_preset(&"staging".into()), None);

	for (preset, collators, capacity) in [
		("development", &[Alice][..], 4),
		("local_testnet", &[Alice, Bob], 4),
		("sync", &[Alice, Bob], 1),
	] {
		let config = genesis_config(preset);
		assert_eq!(
			config["velocity"]["limits"],
			json!({ "velocity": 1, "capacity": capacity, "targetBlockRate": 1 }),
		);
		chain(config).execute_with(|| {
			assert_eq!(Velocity::limits(), Limits { capacity, ..INITIAL_LIMITS });
			assert_eq!(Velocity::target_block_rate(), 1);
			assert_eq!(ParachainInfo::parachain_id(), PARA_ID);
			assert_eq!(PARA_ID, 2000.into());
			assert_eq!(pallet_sudo::Key::<Runtime>::get(), Some(Alice.to_account_id()));

			// Aura's authorities are in the order of the collators' accounts.
			let mut collators = collators.to_vec();
			collators.sort_by_key(|key| key.to_account_id());
			let accounts: Vec<_> = collators.iter().map(|key| key.to_account_id()).collect();
			let keys: Vec<AuraId> = collators.iter().map(|key| key.public().into()).collect();
			assert_eq!(
				pallet_collator_selection::Invulnerables::<Runtime>::get().into_inner(),
				accounts,
			);
			assert_eq!(pallet_collator_selection::CandidacyBond::<Runtime>::get(), CANDIDACY_BOND,);
			assert_eq!(pallet_session::Validators::<Runtime>::get(), accounts);
			assert_eq!(pallet_aura::Authorities::<Runtime>::get().into_inner(), keys);
			let discovery = AuthorityDiscovery::current_authorities().into_inner();
			let discovery: Vec<_> = discovery.iter().map(codec::Encode::encode).collect();
			let authoring: Vec<_> = keys.iter().map(codec::Encode::encode).collect();
			assert_eq!(discovery, authoring, "the order is that of Aura");
			// AuraExt verifies seals with this copy of Aura's authorities. It is made at genesis, and
			// empty if AuraExt comes before Aura.
			let copy = storage_prefix(b"AuraExt", b"Authorities");
			assert_eq!(frame_support::storage::unhashed::get::<Vec<AuraId>>(&copy), Some(keys));

			for key in Sr25519Keyring::well_known() {
				assert_eq!(Balances::free_balance(key.to_account_id()), ENDOWMENT);
			}
			let version = frame_support::storage::unhashed::get::<u32>(&storage_prefix(
				b"PolkadotXcm",
				b"SafeXcmVersion",
			));
			assert_eq!(version, Some(xcm::prelude::XCM_VERSION));
		});
	}
}

#[test]
fn the_authority_discovery_api_returns_authorities_in_the_order_of_aura() {
	use sp_authority_discovery::{
		runtime_decl_for_authority_discovery_api::AuthorityDiscoveryApiV1, AuthorityId,
	};
	chain(genesis_config("local_testnet")).execute_with(|| {
		let ids = [Alice, Bob].map(|key| AuthorityId::from(key.public()));
		assert!(ids[0] > ids[1], "the order by key differs");
		let keys = sp_runtime::WeakBoundedVec::force_from(ids.to_vec(), None);
		pallet_authority_discovery::Keys::<Runtime>::put(keys);
		assert_eq!(<Runtime as AuthorityDiscoveryApiV1<Block>>::authorities(), ids);
	});
}

#[test]
fn the_migration_adds_authority_discovery_keys() {
	use frame_support::traits::OnRuntimeUpgrade;
	use migrations::{AddDiscoveryKeys, OldSessionKeys};
	use sp_core::crypto::key_types;
	chain(genesis_config("local_testnet")).execute_with(|| {
		// Genesis has the keys: the migration changes nothing.
		let expected = AuthorityDiscovery::current_authorities();
		let next = |key: Sr25519Keyring| Session::load_keys(&key.to_account_id());
		let before = (next(Alice), next(Bob), pallet_session::QueuedKeys::<Runtime>::get());
		AddDiscoveryKeys::on_runtime_upgrade();
		assert_eq!(before, (next(Alice), next(Bob), pallet_session::QueuedKeys::<Runtime>::get()));

		// State of a chain without authority discovery.
		let old = |key: Sr25519Keyring| OldSessionKeys { aura: key.public().into() };
		let set = |prefix: &[u8], value: &dyn Fn() -> Vec<u8>| {
			frame_support::storage::unhashed::put_raw(prefix, &value())
		};
		for key in [Alice, Bob] {
			let account = key.to_account_id();
			set(&pallet_session::NextKeys::<Runtime>::hashed_key_for(&account), &|| {
				old(key).encode()
			});
			pallet_session::KeyOwner::<Runtime>::remove((
				key_types::AUTHORITY_DISCOVERY,
				key.public().0.to_vec(),
			));
		}
		let queued: Vec<_> = pallet_session::Validators::<Runtime>::get()
			.into_iter()
			.map(|account| {
				let key = if account == Alice.to_account_id() { Alice } else { Bob };
				(account, old(key))
			})
			.collect();
		set(&pallet_session::QueuedKeys::<Runtime>::hashed_key(), &|| queued.encode());
		pallet_authority_discovery::Keys::<Runtime>::kill();
		pallet_authority_discovery::NextKeys::<Runtime>::kill();

		AddDiscoveryKeys::on_runtime_upgrade();
		assert_eq!(before, (next(Alice), next(Bob), pallet_session::QueuedKeys::<Runtime>::get()));
		assert_eq!(AuthorityDiscovery::current_authorities(), expected);
		assert_eq!(AuthorityDiscovery::next_authorities(), expected);
		for key in [Alice, Bob] {
			for kind in [key_types::AURA, key_types::AUTHORITY_DISCOVERY] {
				assert_eq!(Session::key_owner(kind, &key.public().0), Some(key.to_account_id()));
			}
		}
	});
}

#[test]
fn genesis_rejects_invalid_limits() {
	let mut config = genesis_config("development");
	config["velocity"]["limits"]["targetBlockRate"] = 2.into();
	let built = std::panic::catch_unwind(|| chain(config));
	assert!(built.is_err(), "a target block rate above the velocity");
}
