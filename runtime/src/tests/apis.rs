// SPDX-License-Identifier: Apache-2.0

//! Runtime APIs, metadata and constants.

use super::{chain, genesis_config};
use crate::{apis::RUNTIME_API_VERSIONS, *};
use cumulus_primitives_core::{relay_chain::MAX_CODE_SIZE, VerifySchedulingSignature};
use frame_support::traits::Get;
use sp_api::RuntimeApiInfo;

#[test]
fn metadata_has_the_versions_14_to_16() {
	chain(genesis_config("development")).execute_with(|| {
		for version in [14, 15, 16] {
			assert!(Runtime::metadata_versions().contains(&version), "version {version}");
			assert!(Runtime::metadata_at_version(version).is_some(), "version {version}");
		}
	});
}

#[test]
fn the_runtime_implements_all_expected_apis() {
	fn id<Api: RuntimeApiInfo + ?Sized>() -> [u8; 8] {
		Api::ID
	}
	use cumulus_primitives_core as cumulus;
	use pallet_transaction_payment_rpc_runtime_api as payment;
	let expected = [
		(id::<dyn sp_api::Core<Block>>(), 5, "Core"),
		(id::<dyn sp_api::Metadata<Block>>(), 2, "Metadata"),
		(id::<dyn sp_block_builder::BlockBuilder<Block>>(), 6, "BlockBuilder"),
		(
			id::<dyn sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block>>(),
			3,
			"TaggedTransactionQueue",
		),
		(id::<dyn sp_offchain::OffchainWorkerApi<Block>>(), 2, "OffchainWorkerApi"),
		(id::<dyn sp_session::SessionKeys<Block>>(), 2, "SessionKeys"),
		(id::<dyn sp_consensus_aura::AuraApi<Block, AuraId>>(), 1, "AuraApi"),
		(
			id::<dyn sp_authority_discovery::AuthorityDiscoveryApi<Block>>(),
			1,
			"AuthorityDiscoveryApi",
		),
		(
			id::<dyn cumulus_primitives_aura::AuraUnincludedSegmentApi<Block>>(),
			2,
			"AuraUnincludedSegmentApi",
		),
		(id::<dyn cumulus::CollectCollationInfo<Block>>(), 3, "CollectCollationInfo"),
		(id::<dyn cumulus::GetParachainInfo<Block>>(), 1, "GetParachainInfo"),
		(id::<dyn cumulus::TargetBlockRate<Block>>(), 1, "TargetBlockRate"),
		(id::<dyn cumulus::RelayParentOffsetApi<Block>>(), 2, "RelayParentOffsetApi"),
		(id::<dyn cumulus::SchedulingV3EnabledApi<Block>>(), 1, "SchedulingV3EnabledApi"),
		(id::<dyn cumulus::KeyToIncludeInRelayProof<Block>>(), 1, "KeyToIncludeInRelayProof"),
		(
			id::<dyn frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce>>(),
			1,
			"AccountNonceApi",
		),
		(id::<dyn payment::TransactionPaymentApi<Block, Balance>>(), 4, "TransactionPaymentApi"),
		(
			id::<dyn payment::TransactionPaymentCallApi<Block, Balance, RuntimeCall>>(),
			3,
			"TransactionPaymentCallApi",
		),
		(id::<dyn sp_genesis_builder::GenesisBuilder<Block>>(), 1, "GenesisBuilder"),
		(
			id::<dyn frame_support::view_functions::runtime_api::RuntimeViewFunction<Block>>(),
			1,
			"RuntimeViewFunction",
		),
		(id::<dyn xcm_runtime_apis::fees::XcmPaymentApi<Block>>(), 2, "XcmPaymentApi"),
		(
			id::<
				dyn xcm_runtime_apis::dry_run::DryRunApi<
					Block,
					RuntimeCall,
					RuntimeEvent,
					OriginCaller,
				>,
			>(),
			2,
			"DryRunApi",
		),
		(
			id::<dyn xcm_runtime_apis::conversions::LocationToAccountApi<Block, AccountId>>(),
			1,
			"LocationToAccountApi",
		),
		(id::<dyn xcm_runtime_apis::trusted_query::TrustedQueryApi<Block>>(), 1, "TrustedQueryApi"),
		(id::<dyn conveyor_primitives::apis::VelocityApi<Block>>(), 1, "VelocityApi"),
		(
			id::<dyn conveyor_primitives::apis::UnincludedSegmentApi<Block>>(),
			1,
			"UnincludedSegmentApi",
		),
	];
	for (id, version, name) in expected {
		let offered = RUNTIME_API_VERSIONS.iter().find(|api| api.0 == id).map(|api| api.1);
		assert_eq!(offered, Some(version), "{name}");
	}
	assert_eq!(VERSION.apis, RUNTIME_API_VERSIONS);
}

#[test]
fn constants_of_validate_block_need_no_state() {
	// `validate_block` reads these without externalities: a storage access would panic.
	let offset: u32 =
		<Runtime as cumulus_pallet_parachain_system::Config>::RelayParentOffset::get();
	assert_eq!(offset, RELAY_PARENT_OFFSET);
	assert_eq!(ParachainSystem::max_claim_queue_offset(), 1);
}

#[test]
fn candidates_have_version_2_descriptors() {
	type Verifier =
		<Runtime as cumulus_pallet_parachain_system::Config>::SchedulingSignatureVerifier;
	const { assert!(!Verifier::V3_SCHEDULING_ENABLED) };
}

#[test]
fn the_wasm_is_below_the_relay_chains_maximum_code_size() {
	// `None` when the Wasm build is skipped.
	if let Some(wasm) = WASM_BINARY {
		assert!(wasm.len() <= MAX_CODE_SIZE as usize, "{} bytes", wasm.len());
	}
}
