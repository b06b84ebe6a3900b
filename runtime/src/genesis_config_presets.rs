// SPDX-License-Identifier: Apache-2.0

//! Genesis presets: one for a single collator, one for a network of several nodes, and one for the same network with
//! at most one unincluded block.
//!
//! Keys, accounts and sudo are those of the well-known development seeds. Do not use a preset for a chain with real
//! value.

use crate::{
	AccountId, BalancesConfig, CollatorSelectionConfig, ParachainInfoConfig, PolkadotXcmConfig,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig, VelocityConfig,
	EXISTENTIAL_DEPOSIT, INITIAL_LIMITS, UNIT,
};
use alloc::vec::Vec;
use conveyor_primitives::Limits;
use cumulus_primitives_core::ParaId;
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring;

/// Name of the preset of a network in which each block waits for the inclusion of its parent.
///
/// With this runtime's relay parent offset of 1, that is a block in three relay blocks. Before asynchronous backing it
/// was a block in two: the network `sync` has the same limits and the runtime variant `offset-zero`.
pub const SYNC_RUNTIME_PRESET: &str = "sync";

/// Limits of [`SYNC_RUNTIME_PRESET`]: a block may be built only if the unincluded segment is empty.
const SYNC_LIMITS: Limits = Limits { velocity: 1, capacity: 1, target_block_rate: 1 };

/// Para id of all presets: the first one that is not reserved for system parachains.
pub const PARA_ID: ParaId = ParaId::new(2000);

/// Balance of each development account, in the smallest unit of the token.
pub const ENDOWMENT: crate::Balance = 1_000_000 * UNIT;

/// Bond of a collator that governance has not set, in the smallest unit of the token.
pub const CANDIDACY_BOND: crate::Balance = 16 * EXISTENTIAL_DEPOSIT;

/// Returns a genesis with `collators`, as a JSON patch of the default one. Alice is sudo.
pub fn genesis(collators: &[Sr25519Keyring]) -> Value {
	genesis_with(collators, INITIAL_LIMITS)
}

fn genesis_with(collators: &[Sr25519Keyring], limits: Limits) -> Value {
	let account = |key: &Sr25519Keyring| -> AccountId { key.to_account_id() };
	let keys = |key: &Sr25519Keyring| SessionKeys {
		aura: key.public().into(),
		authority_discovery: key.public().into(),
	};
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: Sr25519Keyring::well_known()
				.map(|key| (account(&key), ENDOWMENT))
				.collect::<Vec<_>>(),
		},
		parachain_info: ParachainInfoConfig { parachain_id: PARA_ID },
		sudo: SudoConfig { key: Some(account(&Sr25519Keyring::Alice)) },
		collator_selection: CollatorSelectionConfig {
			invulnerables: collators.iter().map(account).collect::<Vec<_>>(),
			candidacy_bond: CANDIDACY_BOND,
		},
		session: SessionConfig {
			keys: collators
				.iter()
				.map(|key| (account(key), account(key), keys(key)))
				.collect::<Vec<_>>(),
		},
		polkadot_xcm: PolkadotXcmConfig { safe_xcm_version: Some(xcm::prelude::XCM_VERSION) },
		velocity: VelocityConfig { limits },
	})
}

/// Returns preset `id` as a JSON patch of the default genesis, or `None`.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let network = [Sr25519Keyring::Alice, Sr25519Keyring::Bob];
	let patch = match id.as_str() {
		DEV_RUNTIME_PRESET => genesis(&[Sr25519Keyring::Alice]),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(&network),
		SYNC_RUNTIME_PRESET => genesis_with(&network, SYNC_LIMITS),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// Returns the names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	let names = [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, SYNC_RUNTIME_PRESET];
	names.map(PresetId::from).to_vec()
}
