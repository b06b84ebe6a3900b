// SPDX-License-Identifier: Apache-2.0

//! Genesis states that need no file: one for a chain on a desk, one for a network of several nodes.
//!
//! Keys, accounts and sudo are those of the well-known development seeds. Neither preset is a chain
//! that anybody should put a value on.

use crate::{
	AccountId, AuraId, BalancesConfig, CollatorSelectionConfig, ParachainInfoConfig,
	PolkadotXcmConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
	VelocityConfig, EXISTENTIAL_DEPOSIT, INITIAL_LIMITS, UNIT,
};
use alloc::{vec, vec::Vec};
use cumulus_primitives_core::ParaId;
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring;

/// The para id of both presets: the first that a relay chain gives to anybody but the system.
pub const PARA_ID: ParaId = ParaId::new(2000);

/// What each development account has at genesis, in the smallest parts of the token.
pub const ENDOWMENT: crate::Balance = 1_000_000 * UNIT;

/// What a collator that nobody has chosen must put at stake, in the smallest parts of the token.
pub const CANDIDACY_BOND: crate::Balance = 16 * EXISTENTIAL_DEPOSIT;

/// A genesis with `collators`, as a JSON patch of the default one. Sudo is Alice, whoever they are.
pub fn genesis(collators: &[Sr25519Keyring]) -> Value {
	let account = |key: &Sr25519Keyring| -> AccountId { key.to_account_id() };
	let aura = |key: &Sr25519Keyring| -> AuraId { key.public().into() };
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
				.map(|key| (account(key), account(key), SessionKeys { aura: aura(key) }))
				.collect::<Vec<_>>(),
		},
		polkadot_xcm: PolkadotXcmConfig { safe_xcm_version: Some(xcm::prelude::XCM_VERSION) },
		velocity: VelocityConfig { limits: INITIAL_LIMITS },
	})
}

/// The preset of that name, as a JSON patch of the default genesis. `None` if there is none.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_str() {
		DEV_RUNTIME_PRESET => genesis(&[Sr25519Keyring::Alice]),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(&[Sr25519Keyring::Alice, Sr25519Keyring::Bob]),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
