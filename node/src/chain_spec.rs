// SPDX-License-Identifier: GPL-3.0-only

//! Chain specifications: two embedded ones, and those in files.

use conveyor_runtime::genesis_config_presets::{genesis, PARA_ID};
use sc_chain_spec::{ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring;
use std::path::Path;

/// Id of the embedded chain with one collator.
pub(crate) const DEV: &str = "dev";

/// Id of the embedded chain for test networks.
pub(crate) const LOCAL: &str = "local";

/// Name of the relay chain in the embedded specifications.
///
/// Only a name: the node has no embedded relay chain runtime, and `-- --chain FILE` selects the relay chain. It
/// is the name of the relay chain in `zombienet/`, which has westend's runtime. Zombienet replaces it with the
/// network's name, but only if the field exists.
const RELAY_CHAIN: &str = "westend-local";

/// The specification of a parachain.
pub(crate) type ParachainSpec = sc_service::GenericChainSpec<Extensions>;

/// Fields of a parachain's specification in addition to those of any chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ChainSpecExtension)]
pub(crate) struct Extensions {
	/// Relay chain without `-- --chain`.
	#[serde(alias = "relayChain", alias = "RelayChain")]
	pub(crate) relay_chain: String,
	/// The parachain's id, used if the runtime does not return one.
	///
	/// [`crate::service::para_id`] decides between the two.
	#[serde(alias = "paraId", alias = "ParaId")]
	pub(crate) para_id: Option<u32>,
}

impl Extensions {
	/// Returns the extensions of `spec`, if it has any.
	pub(crate) fn try_get(spec: &dyn sc_service::ChainSpec) -> Option<&Self> {
		sc_chain_spec::get_extension(spec.extensions())
	}
}

/// Loads the specification with this `id`: an embedded one, or a file.
///
/// The error lists the valid ids.
pub(crate) fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	const CHOICES: &str = "the embedded chains are `dev` and `local`; any other value is the path \
		of a chain specification (JSON)";
	match id {
		DEV => Ok(Box::new(development()?)),
		LOCAL => Ok(Box::new(local_testnet()?)),
		"" => Err(format!(
			"no chain given. Use `--chain ID`: {CHOICES}. The subcommand `dev` runs a development \
			 chain with a simulated relay chain.",
		)),
		path if Path::new(path).is_file() => ParachainSpec::from_json_file(path.into())
			.map(|spec| Box::new(spec) as Box<dyn sc_service::ChainSpec>)
			.map_err(|error| {
				format!(
					"`{path}` is not the specification of a parachain: {error}. It needs the \
					 additional field `relay_chain`; `chain-spec-builder create --relay-chain NAME` \
					 writes it.",
				)
			}),
		_ => Err(format!("unknown chain `{id}`, and there is no such file: {CHOICES}.")),
	}
}

/// Returns the embedded chain with the collator Alice.
pub(crate) fn development() -> Result<ParachainSpec, String> {
	Ok(development_builder()?.with_genesis_config_preset_name(DEV_RUNTIME_PRESET).build())
}

/// Returns the embedded chain `dev` with other collators.
pub(crate) fn development_with(collators: &[Sr25519Keyring]) -> Result<ParachainSpec, String> {
	Ok(development_builder()?.with_genesis_config_patch(genesis(collators)).build())
}

fn development_builder() -> Result<sc_chain_spec::ChainSpecBuilder<Extensions>, String> {
	Ok(embedded()?
		.with_name("Conveyor Development")
		.with_id("conveyor_dev")
		.with_chain_type(ChainType::Development))
}

/// Returns the embedded chain for test networks, with several collators.
pub(crate) fn local_testnet() -> Result<ParachainSpec, String> {
	Ok(embedded()?
		.with_name("Conveyor Local Testnet")
		.with_id("conveyor_local")
		.with_chain_type(ChainType::Local)
		.with_genesis_config_preset_name(LOCAL_TESTNET_RUNTIME_PRESET)
		.build())
}

/// Returns the common part of the embedded chains.
fn embedded() -> Result<sc_chain_spec::ChainSpecBuilder<Extensions>, String> {
	let code = conveyor_runtime::WASM_BINARY.ok_or(
		"this node was built without the Wasm of its runtime (SKIP_WASM_BUILD was set), so that \
		 it embeds no chain. Build it without that variable, or give a chain specification that \
		 has the code: `--chain FILE`.",
	)?;
	let extensions = Extensions { relay_chain: RELAY_CHAIN.into(), para_id: Some(PARA_ID.into()) };
	Ok(ParachainSpec::builder(code, extensions)
		.with_protocol_id("conveyor")
		.with_properties(properties()))
}

/// Returns the token and address format for wallets and explorers.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "UNIT".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}

#[cfg(test)]
mod tests {
	use super::*;
	use conveyor_runtime::genesis_config_presets::get_preset;
	use sc_service::ChainSpec;
	use serde_json::Value;

	fn json(spec: &dyn ChainSpec, raw: bool) -> Value {
		serde_json::from_str(&spec.as_json(raw).unwrap()).unwrap()
	}

	#[test]
	fn embedded_chains_become_json() {
		for (id, name, spec_id, kind) in [
			(DEV, "Conveyor Development", "conveyor_dev", "Development"),
			(LOCAL, "Conveyor Local Testnet", "conveyor_local", "Local"),
		] {
			let plain = json(&*load(id).unwrap(), false);
			assert_eq!(plain["name"], name);
			assert_eq!(plain["id"], spec_id);
			assert_eq!(plain["chainType"], kind);
			assert_eq!(plain["protocolId"], "conveyor");
			assert_eq!(plain["properties"]["tokenSymbol"], "UNIT");
			assert_eq!(plain["properties"]["tokenDecimals"], 12);
			assert_eq!(plain["properties"]["ss58Format"], 42);

			// Zombienet replaces these two only if they exist.
			assert_eq!(plain["relay_chain"], RELAY_CHAIN);
			let para_id = &plain["para_id"];
			assert!(para_id.is_u64(), "{para_id}");
			let genesis = &plain["genesis"]["runtimeGenesis"]["patch"];
			assert_eq!(&genesis["parachainInfo"]["parachainId"], para_id);
		}
	}

	#[test]
	fn an_embedded_chain_becomes_a_genesis_state() {
		let raw = json(&*load(LOCAL).unwrap(), true);
		let code = sp_core::storage::well_known_keys::CODE;
		let code = format!("0x{:?}", sp_core::hexdisplay::HexDisplay::from(&code));
		assert!(raw["genesis"]["raw"]["top"][code].is_string());
	}

	#[test]
	fn the_development_chain_may_have_several_collators() {
		let collators = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
		let spec = development_with(&collators).unwrap();
		assert_eq!(spec.id(), development().unwrap().id());
		let plain = json(&spec, false);
		let genesis = &plain["genesis"]["runtimeGenesis"]["patch"];
		assert_eq!(genesis["session"]["keys"].as_array().unwrap().len(), 3);
		let charlie = Sr25519Keyring::Charlie.to_account_id().to_string();
		assert_eq!(genesis["collatorSelection"]["invulnerables"][2], charlie);
		// The runtime accepts it.
		json(&spec, true);
		// With Alice alone the chain equals the default one.
		let preset = get_preset(&DEV_RUNTIME_PRESET.into()).unwrap();
		let preset: Value = serde_json::from_slice(&preset).unwrap();
		assert_eq!(preset, super::genesis(&collators[..1]));
	}

	#[test]
	fn an_unknown_chain_is_rejected_with_the_valid_ids() {
		let unknown = load("no-such-chain").unwrap_err();
		assert!(unknown.contains("unknown chain `no-such-chain`"), "{unknown}");
		for valid in ["`dev`", "`local`", "path"] {
			assert!(unknown.contains(valid), "{unknown}");
		}

		let none = load("").unwrap_err();
		assert!(none.contains("no chain given"), "{none}");
		assert!(none.contains("`dev`") && none.contains("`local`"), "{none}");
	}

	/// Returns a specification file with `extensions`.
	fn file(extensions: Value) -> (tempfile::TempDir, String) {
		let mut spec = serde_json::json!({
			"name": "From a file",
			"id": "from_a_file",
			"chainType": "Local",
			"bootNodes": [],
			"genesis": { "raw": { "top": {}, "childrenDefault": {} } },
		});
		sc_chain_spec::json_merge(&mut spec, extensions);
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("spec.json");
		std::fs::write(&path, spec.to_string()).unwrap();
		let path = path.to_str().unwrap().to_string();
		(folder, path)
	}

	#[test]
	fn a_file_is_loaded() {
		let (_folder, path) = file(serde_json::json!({ "relay_chain": "relay", "para_id": 7 }));
		let spec = load(&path).unwrap();
		assert_eq!(spec.id(), "from_a_file");
		assert_eq!(
			Extensions::try_get(&*spec),
			Some(&Extensions { relay_chain: "relay".into(), para_id: Some(7) }),
		);
	}

	#[test]
	fn a_file_without_a_parachain_is_rejected_with_the_missing_field() {
		let (_folder, path) = file(serde_json::json!({}));
		let error = load(&path).unwrap_err();
		assert!(error.contains(&path) && error.contains("`relay_chain`"), "{error}");
	}

	#[test]
	fn extensions_are_read_in_all_former_spellings() {
		let snake: Extensions =
			serde_json::from_str(r#"{"relay_chain":"relay","para_id":1}"#).unwrap();
		let camel: Extensions =
			serde_json::from_str(r#"{"relayChain":"relay","paraId":1}"#).unwrap();
		let pascal: Extensions =
			serde_json::from_str(r#"{"RelayChain":"relay","ParaId":1}"#).unwrap();
		assert_eq!(snake, Extensions { relay_chain: "relay".into(), para_id: Some(1) });
		assert_eq!(snake, camel);
		assert_eq!(snake, pascal);

		let without: Extensions = serde_json::from_str(r#"{"relay_chain":"relay"}"#).unwrap();
		assert_eq!(without.para_id, None);
	}
}
