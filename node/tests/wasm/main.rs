// SPDX-License-Identifier: GPL-3.0-only

//! The runtime as Wasm, from the view of a chain specification, a collator and a validator.

mod cores;
mod messages;

use codec::{Decode, Encode};
use conveyor_primitives::{ApplyAt, Limits};
use conveyor_runtime::{Runtime, RuntimeCall, VERSION};
use conveyor_testing::{
	transaction::{signed, sudo},
	Builder, Code, RelayContext, State,
};
use polkadot_parachain_primitives::primitives::{ValidationParams, ValidationResult};
use serde_json::Value;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{traits::Header as _, OpaqueExtrinsic};

/// The tests' first relay parent.
const RELAY: RelayContext = RelayContext { number: 20, slot: 1_000 };

fn validate(candidate: &ValidationParams) -> Result<ValidationResult, String> {
	Code::of_runtime().validate(candidate)
}

#[test]
fn the_wasm_is_below_the_size_limit_and_contains_its_version() {
	let code = Code::of_runtime().wasm();
	// polkadot's limit (`MAX_CODE_SIZE`), and the network's limit.
	assert!(code.len() < 3 * 1024 * 1024, "{} bytes", code.len());
	let state = State::of_preset("development");
	let version: sp_version::RuntimeVersion = state.call("Core_version", ());
	assert_eq!(version.spec_name, VERSION.spec_name);
	assert_eq!(version.spec_version, VERSION.spec_version);
	assert_eq!(version.apis, VERSION.apis);
}

/// Chains are upgraded to the variant `test`, so it needs the next version.
#[test]
fn the_test_variant_has_the_next_version_and_switches_that_are_off() {
	let test = Code::new(conveyor_runtime_test::WASM_BINARY);
	let genesis = Code::of_runtime().preset("development");
	let version: sp_version::RuntimeVersion =
		State::new(&test, genesis.clone()).call("Core_version", ());
	let expected = sp_version::RuntimeVersion { spec_version: VERSION.spec_version + 1, ..VERSION };
	assert_eq!(version, expected);
	assert_eq!(fates(&test, genesis), [(true, true); 3]);
}

#[test]
fn every_version_of_the_metadata_contains_the_velocity_pallet() {
	let state = State::of_preset("development");
	let versions: Vec<u32> = state.call("Metadata_metadata_versions", ());
	for version in [14u32, 15, 16] {
		assert!(versions.contains(&version), "{versions:?}");
		let metadata: Option<Vec<u8>> = state.call("Metadata_metadata_at_version", version);
		let metadata = metadata.expect("the version is offered");
		for name in [
			"Velocity",
			"schedule_limits",
			"cancel_scheduled_limits",
			"scheduled_limits",
			"target_block_rate",
			"LimitsApplied",
		] {
			let name = name.as_bytes();
			assert!(
				metadata.windows(name.len()).any(|window| window == name),
				"{} is not in metadata version {version}",
				String::from_utf8_lossy(name),
			);
		}
	}
}

#[test]
fn presets_contain_valid_limits() {
	for (preset, authorities, capacity) in
		[("development", 1, 4), ("local_testnet", 2, 4), ("sync", 2, 1)]
	{
		let state = State::of_preset(preset);
		let limits: Limits = state.call("VelocityApi_limits", ());
		assert_eq!(limits, Limits { velocity: 1, capacity, target_block_rate: 1 }, "{preset}");
		assert_eq!(state.call::<u32>("TargetBlockRate_target_block_rate", ()), 1);
		assert_eq!(state.call::<u32>("RelayParentOffsetApi_relay_parent_offset", ()), 1);
		assert_eq!(state.call::<u32>("GetParachainInfo_parachain_id", ()), 2_000);
		let ids: Vec<[u8; 32]> = state.call("AuraApi_authorities", ());
		assert_eq!(ids.len(), authorities, "{preset}");
		assert!(ids.contains(&Alice.public().0), "{preset}");
		let discovery: Vec<[u8; 32]> = state.call("AuthorityDiscoveryApi_authorities", ());
		assert_eq!(discovery, ids, "{preset}: in the order of authoring");
	}
}

/// Returns `schedule_limits` as the admin's first transaction.
fn schedule_limits(state: &State, limits: Limits) -> OpaqueExtrinsic {
	let call: RuntimeCall =
		pallet_velocity::Call::<Runtime>::schedule_limits { limits, at: ApplyAt::Now }.into();
	let transaction = signed(Alice, sudo(call), 0, state.genesis_hash());
	OpaqueExtrinsic::decode(&mut &transaction.encode()[..]).expect("an extrinsic is opaque")
}

#[test]
fn a_validator_accepts_the_collator_s_candidate() {
	let mut state = State::of_preset("development");
	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[], None);
	let candidate = builder.candidate();
	let result = validate(&candidate).expect("the candidate is valid");
	assert_eq!(result.head_data.0, state.head().encode());
	assert_eq!(state.head().number(), &1);
	assert_eq!(result.new_validation_code, None);
}

#[test]
fn a_validator_accepts_a_change_of_limits_and_the_bundle_after_it() {
	let three = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	let mut state = State::of_preset("development");
	let transaction = schedule_limits(&state, three);

	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[transaction], Some((0, true)));
	validate(&builder.candidate()).expect("the change is valid");
	assert_eq!(state.call::<Limits>("VelocityApi_limits", ()), three);
	assert_eq!(state.call::<u32>("TargetBlockRate_target_block_rate", ()), 3);

	let mut builder = Builder::new(&mut state, RELAY.next());
	for (index, is_last) in [(0, false), (1, false), (2, true)] {
		builder.build(&[], Some((index, is_last)));
	}
	let candidate = builder.candidate();
	let result = validate(&candidate).expect("the bundle is valid");
	assert_eq!(result.head_data.0, state.head().encode());
	assert_eq!(state.head().number(), &4);
}

/// The weight of a transaction depends on its part of the proof. State that the first block of a bundle has proven does not
/// count again in the second.
#[test]
fn a_validator_accepts_a_bundle_with_transactions_in_each_block() {
	let mut state = State::of_preset("development");
	let genesis = state.genesis_hash();
	let transfer = |nonce: u32| {
		let call: RuntimeCall = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: Alice.to_account_id().into(),
			value: conveyor_runtime::UNIT,
		}
		.into();
		let transaction = signed(Bob, call, nonce, genesis);
		OpaqueExtrinsic::decode(&mut &transaction.encode()[..]).expect("an extrinsic is opaque")
	};
	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[transfer(0), transfer(1)], Some((0, false)));
	builder.build(&[transfer(2), transfer(3)], Some((1, true)));
	let result = validate(&builder.candidate()).expect("the bundle is valid");
	assert_eq!(result.head_data.0, state.head().encode());
}

#[test]
fn the_velocity_is_enforced_when_a_block_is_executed() {
	// Velocity 1 admits one more block: a third one is rejected.
	let mut state = State::of_preset("development");
	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[], None);
	builder.build(&[], None);
	let refused = builder.try_build(&[], None).expect_err("a third one is too much");
	assert!(refused.contains("BlockBuilder_apply_extrinsic"), "not in an inherent: {refused}");

	// The same three blocks with velocity 2.
	let mut state = State::of_preset("development");
	let two = Limits { velocity: 2, capacity: 8, target_block_rate: 1 };
	let transaction = schedule_limits(&state, two);
	Builder::new(&mut state, RELAY).build(&[transaction], None);
	let mut builder = Builder::new(&mut state, RELAY.next());
	(0..3).for_each(|_| builder.build(&[], None));
	assert!(builder.try_build(&[], None).is_err());
}

#[test]
fn a_validator_rejects_a_modified_candidate() {
	let mut state = State::of_preset("development");
	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[], None);
	let candidate = builder.candidate();

	let mut other_relay_parent = candidate.clone();
	other_relay_parent.relay_parent_storage_root = Default::default();
	assert!(validate(&other_relay_parent).is_err());

	let mut other_parent = candidate.clone();
	other_parent.parent_head.0[10] ^= 1;
	assert!(validate(&other_parent).is_err());

	let mut other_block = candidate.clone();
	let byte = other_block.block_data.0.len() / 2;
	other_block.block_data.0[byte] ^= 1;
	assert!(validate(&other_block).is_err());
}

#[test]
fn other_accounts_pay_for_a_rejected_change_without_effect() {
	let mut state = State::of_preset("development");
	let limits = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	let call: RuntimeCall =
		pallet_velocity::Call::<Runtime>::schedule_limits { limits, at: ApplyAt::Now }.into();
	let transaction = signed(Bob, call, 0, state.genesis_hash());
	let transaction = OpaqueExtrinsic::decode(&mut &transaction.encode()[..]).unwrap();

	let mut builder = Builder::new(&mut state, RELAY);
	builder.build(&[transaction], None);
	validate(&builder.candidate()).expect("a failed call makes no invalid block");
	assert_eq!(state.call::<Limits>("VelocityApi_limits", ()).velocity, 1);
}

/// Builds a candidate for each of three relay blocks, on a chain of `code` and `genesis`. Returns for each one whether a full node
/// imports its block, and whether a validator accepts it.
fn fates(code: &Code, genesis: Value) -> Vec<(bool, bool)> {
	let mut author = State::new(code, genesis.clone());
	let mut full_node = State::new(code, genesis);
	let mut relay = RELAY;
	let fate = |_| {
		let mut builder = Builder::new(&mut author, relay);
		builder.build(&[], Some((0, true)));
		relay = relay.next();
		full_node.begin_candidate();
		let imported = builder.blocks().iter().all(|block| full_node.import(block).is_ok());
		(imported, code.validate(&builder.candidate()).is_ok())
	};
	(0..3).map(fate).collect()
}

/// `validate_block` reads the relay parent offset before it sets up the candidate's state. A constant needs no state; a storage
/// read panics in every candidate. Only validators detect it: collators build such blocks, and full nodes import them.
///
/// A panic of the Wasm has no text here, so the test compares the same history on two runtimes that differ only in the source of
/// the offset.
#[test]
fn a_relay_parent_offset_in_storage_makes_every_candidate_invalid_and_nothing_else() {
	let constant = Code::of_runtime();
	let in_storage = Code::new(conveyor_runtime_offset_in_storage::WASM_BINARY);
	let genesis = constant.preset("development");
	assert_eq!(fates(constant, genesis.clone()), [(true, true); 3]);
	assert_eq!(fates(&in_storage, genesis), [(true, false); 3]);
}

#[test]
fn only_validators_reject_blocks_with_the_switch_for_invalid_candidates() {
	let test = Code::new(conveyor_runtime_test::WASM_BINARY);
	let mut genesis = test.preset("development");
	genesis["switches"]["invalidCandidates"] = true.into();
	assert_eq!(fates(&test, genesis), [(true, false); 3]);
}

#[test]
fn the_variant_without_a_relay_parent_offset_builds_valid_candidates() {
	let offset_zero = Code::new(conveyor_runtime_offset_zero::WASM_BINARY);
	let genesis = offset_zero.preset("development");
	let state = State::new(&offset_zero, genesis.clone());
	assert_eq!(state.call::<u32>("RelayParentOffsetApi_relay_parent_offset", ()), 0);
	let version: sp_version::RuntimeVersion = state.call("Core_version", ());
	assert_eq!(version, VERSION);
	assert_eq!(fates(&offset_zero, genesis), [(true, true); 3]);
}
