// SPDX-License-Identifier: Apache-2.0

//! Whether the wiring holds. What the pallets do is tested where they are.

use crate::{
	apis::RUNTIME_API_VERSIONS,
	configs::{
		messages::{ServicePart, MAX_PAGE_SIZE},
		system::{MaximumBlockWeight, RuntimeBlockWeights},
		tokens::{RefTimeToFee, BASE_FEE},
	},
	genesis_config_presets::{self, CANDIDACY_BOND, ENDOWMENT, PARA_ID},
	*,
};
use codec::{Compact, Encode};
use conveyor_primitives::{share::block_share, InvalidLimits, MaxLimits, Start};
use cumulus_pallet_xcmp_queue::{WeightInfo as _, WeightInfoExt, XCM_BATCH_SIZE};
use cumulus_primitives_core::{
	relay_chain::{HeadData, MAX_CODE_SIZE, MAX_POV_SIZE},
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector, CumulusDigestItem,
	PersistedValidationData, VerifySchedulingSignature,
};
use cumulus_primitives_parachain_inherent::{ParachainInherentData, INHERENT_IDENTIFIER};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{
	assert_ok,
	genesis_builder_helper::{build_state, get_preset},
	storage::storage_prefix,
	traits::{BatchFootprint, Get, UnfilteredDispatchable},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight, WeightToFee as _},
};
use serde_json::{json, Value};
use sp_api::RuntimeApiInfo;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_inherents::InherentData;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::{traits::Header as _, Digest, DigestItem};

/// What a chain spec does with a patch (RFC 7386). Ours take nothing away.
fn merge(target: &mut Value, patch: Value) {
	let Value::Object(patch) = patch else {
		*target = patch;
		return;
	};
	if !target.is_object() {
		*target = json!({});
	}
	for (key, value) in patch {
		merge(&mut target[key], value);
	}
}

/// The genesis config that a chain spec of that preset has, as JSON.
fn genesis_config(preset: &str) -> Value {
	let get = |id: Option<&str>| -> Value {
		let id = id.map(Into::into);
		let json = get_preset::<RuntimeGenesisConfig>(&id, genesis_config_presets::get_preset)
			.expect("the preset exists");
		serde_json::from_slice(&json).expect("a preset is JSON")
	};
	let mut config = get(None);
	merge(&mut config, get(Some(preset)));
	config
}

/// A chain at its genesis.
fn chain(config: Value) -> TestExternalities {
	let mut ext = TestExternalities::new_empty();
	let built = ext.execute_with(|| build_state::<RuntimeGenesisConfig>(config.to_string().into()));
	assert_eq!(built, Ok(()));
	ext
}

#[test]
fn presets_build_the_genesis_they_promise() {
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

			// Collators take turns in the order of their accounts.
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
			assert_eq!(discovery, authoring, "the order is that of authoring");
			// This is what seals are verified with, and it is a copy of Aura's made at genesis: the
			// order of the pallets decides whether it is an empty one.
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
fn the_authority_discovery_api_keeps_the_order_of_authoring() {
	use sp_authority_discovery::{
		runtime_decl_for_authority_discovery_api::AuthorityDiscoveryApiV1, AuthorityId,
	};
	chain(genesis_config("local_testnet")).execute_with(|| {
		let ids = [Alice, Bob].map(|key| AuthorityId::from(key.public()));
		assert!(ids[0] > ids[1], "sorted by key, the order would be another one");
		let keys = sp_runtime::WeakBoundedVec::force_from(ids.to_vec(), None);
		pallet_authority_discovery::Keys::<Runtime>::put(keys);
		assert_eq!(<Runtime as AuthorityDiscoveryApiV1<Block>>::authorities(), ids);
	});
}

#[test]
fn a_chain_with_aura_keys_only_gets_discovery_keys_by_the_upgrade() {
	use frame_support::traits::OnRuntimeUpgrade;
	use migrations::{AddDiscoveryKeys, OldSessionKeys};
	use sp_core::crypto::key_types;
	chain(genesis_config("local_testnet")).execute_with(|| {
		// Genesis has them already: nothing to do.
		let expected = AuthorityDiscovery::current_authorities();
		let next = |key: Sr25519Keyring| Session::load_keys(&key.to_account_id());
		let before = (next(Alice), next(Bob), pallet_session::QueuedKeys::<Runtime>::get());
		AddDiscoveryKeys::on_runtime_upgrade();
		assert_eq!(before, (next(Alice), next(Bob), pallet_session::QueuedKeys::<Runtime>::get()));

		// As the runtime before left it.
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
fn genesis_refuses_limits_that_no_chain_can_live_with() {
	let mut config = genesis_config("development");
	config["velocity"]["limits"]["targetBlockRate"] = 2.into();
	let built = std::panic::catch_unwind(|| chain(config));
	assert!(built.is_err(), "a target block rate above the velocity");
}

#[test]
fn no_rate_is_allowed_that_was_not_measured() {
	let limits = |rate| Limits { velocity: rate, capacity: 48, target_block_rate: rate };
	chain(genesis_config("development")).execute_with(|| {
		assert!(Velocity::check_limits(limits(MAX_TARGET_BLOCK_RATE)).is_ok());
		let too_high = InvalidLimits::TargetBlockRateTooHigh {
			target_block_rate: MAX_TARGET_BLOCK_RATE + 1,
			max_target_block_rate: MAX_TARGET_BLOCK_RATE,
		};
		assert_eq!(Velocity::check_limits(limits(MAX_TARGET_BLOCK_RATE + 1)), Err(too_high));
	});
}

#[test]
fn metadata_is_offered_in_all_versions_that_tools_read() {
	chain(genesis_config("development")).execute_with(|| {
		for version in [14, 15, 16] {
			assert!(Runtime::metadata_versions().contains(&version), "version {version}");
			assert!(Runtime::metadata_at_version(version).is_some(), "version {version}");
		}
	});
}

#[test]
fn apis_are_those_that_a_collator_and_its_users_ask_for() {
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
fn what_validate_block_reads_without_a_state_is_not_in_state() {
	// There are no externalities here, as in `validate_block` when it reads these: a storage
	// access would panic.
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
fn tokens_and_fees_are_of_sensible_sizes() {
	assert_eq!(UNIT, 10u128.pow(12));
	assert_eq!((MILLIUNIT * 1_000, MICROUNIT * 1_000_000), (UNIT, UNIT));
	assert_eq!(<Balances as frame_support::traits::Currency<_>>::minimum_balance(), MILLIUNIT);

	TestExternalities::new_empty().execute_with(|| {
		let base = weights::ExtrinsicBaseWeight::get();
		assert_eq!(RefTimeToFee::weight_to_fee(&base), BASE_FEE);
		assert_eq!(TransactionPayment::weight_to_fee(base), BASE_FEE);
		// An empty transaction of 100 bytes costs less than what keeps an account alive.
		assert!(BASE_FEE + TransactionPayment::length_to_fee(100) < EXISTENTIAL_DEPOSIT);

		// A core is as dear by its time as by its proof, up to rounding.
		let core = 2 * WEIGHT_REF_TIME_PER_SECOND;
		let by_time = TransactionPayment::weight_to_fee(Weight::from_parts(core, 0));
		let by_proof =
			TransactionPayment::weight_to_fee(Weight::from_parts(0, MAX_POV_SIZE.into()));
		assert!(by_time.abs_diff(by_proof) < by_time / 1_000_000, "{by_time} {by_proof}");
		let both = Weight::from_parts(core, MAX_POV_SIZE.into());
		assert_eq!(TransactionPayment::weight_to_fee(both), by_time.max(by_proof));
	});
}

/// A block's place: in which bundle of how many cores, and where in it.
fn place(cores: u16, index: u8, is_last: bool) -> Vec<DigestItem> {
	vec![
		CumulusDigestItem::CoreInfo(CoreInfo {
			selector: CoreSelector(0),
			claim_queue_offset: ClaimQueueOffset(0),
			number_of_cores: Compact(cores),
		})
		.to_digest_item(),
		CumulusDigestItem::BlockBundleInfo(BlockBundleInfo { index, is_last }).to_digest_item(),
	]
}

#[test]
fn block_weights_can_be_built_for_all_valid_limits() {
	let limits = |rate| Limits { velocity: rate, capacity: MAX_CAPACITY, target_block_rate: rate };
	let mut ext = chain(genesis_config("development"));
	let mut number = 0;
	let max = MaxLimits { capacity: MAX_CAPACITY, target_block_rate: MAX_TARGET_BLOCK_RATE };
	for rate in 1..=MAX_TARGET_BLOCK_RATE {
		assert_eq!(limits(rate).validate(&max), Ok(()));
		for cores in [1, 2, 3, 5, 12, 100] {
			ext.execute_with(|| {
				pallet_velocity::Limits::<Runtime>::put(limits(rate));
				// Not the first of its bundle, which might have the whole core.
				number += 1;
				let digest = Digest { logs: place(cores, 1, false) };
				System::initialize(&number, &Hash::zero(), &digest);
				let blocks_per_core = u64::from(rate).div_ceil(cores.into());
				let max_block = RuntimeBlockWeights::get().max_block;
				assert_eq!(max_block, MaximumBlockWeight::get());
				assert_eq!(max_block.proof_size(), u64::from(MAX_POV_SIZE) / blocks_per_core);
				assert!(max_block.ref_time() <= 2 * WEIGHT_REF_TIME_PER_SECOND / blocks_per_core);
			});
		}
	}
	// Else the loop above would not be complete.
	let too_high = MAX_TARGET_BLOCK_RATE + 1;
	assert_eq!(
		limits(too_high).validate(&max),
		Err(InvalidLimits::TargetBlockRateTooHigh {
			target_block_rate: too_high,
			max_target_block_rate: MAX_TARGET_BLOCK_RATE,
		}),
	);
}

/// Blocks as a collator builds them, on a relay chain that says what a test wants it to say.
struct Author {
	parent: Header,
	included: Header,
	relay_slot: u64,
}

impl Author {
	/// On a chain at its genesis.
	fn new() -> Self {
		let genesis = Header::new(
			0,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		Self { parent: genesis.clone(), included: genesis, relay_slot: 1_000 }
	}

	/// One more block at the current relay slot. `calls` run in it as root.
	fn author(&mut self, place: Vec<DigestItem>, calls: Vec<RuntimeCall>) {
		let slot = Slot::from(self.relay_slot * RELAY_CHAIN_SLOT_DURATION_MILLIS / SLOT_DURATION);
		let mut logs = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())];
		logs.extend(place);
		let header = Header::new(
			self.parent.number + 1,
			Default::default(),
			Default::default(),
			self.parent.hash(),
			Digest { logs },
		);
		Executive::initialize_block(&header);
		for inherent in self.inherents().create_extrinsics() {
			assert_ok!(Executive::apply_extrinsic(inherent).expect("inherents are valid"));
		}
		for call in calls {
			assert_ok!(call.dispatch_bypass_filter(RuntimeOrigin::root()));
		}
		self.parent = Executive::finalize_block();
	}

	fn inherents(&self) -> InherentData {
		let proof = RelayStateSproofBuilder {
			para_id: PARA_ID,
			current_slot: self.relay_slot.into(),
			included_para_head: Some(HeadData(self.included.encode())),
			..Default::default()
		};
		let (relay_parent_storage_root, relay_chain_state, relay_parent_descendants) =
			proof.into_state_root_proof_and_descendants(RELAY_PARENT_OFFSET.into());
		let parachain = ParachainInherentData {
			validation_data: PersistedValidationData {
				parent_head: HeadData(self.parent.encode()),
				relay_parent_number: self.relay_slot as u32,
				relay_parent_storage_root,
				max_pov_size: MAX_POV_SIZE,
			},
			relay_chain_state,
			downward_messages: Default::default(),
			horizontal_messages: Default::default(),
			relay_parent_descendants,
			collator_peer_id: None,
		};
		let mut data = InherentData::new();
		let now = self.relay_slot * RELAY_CHAIN_SLOT_DURATION_MILLIS;
		data.put_data(*b"timstap0", &now).expect("there is no other");
		data.put_data(INHERENT_IDENTIFIER, &parachain).expect("there is no other");
		data
	}

	fn may_build(&self) -> bool {
		Velocity::can_build_upon(self.included.hash(), self.relay_slot.into())
	}
}

#[test]
fn blocks_are_built_as_fast_and_as_far_ahead_as_the_limits_say() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		let mut first = None;
		for _ in 0..INITIAL_LIMITS.capacity {
			assert!(author.may_build());
			author.author(place(1, 0, true), vec![]);
			first.get_or_insert(author.parent.clone());
			author.relay_slot += 1;
		}
		assert!(!author.may_build(), "the segment is full");

		author.included = first.expect("the capacity is not 0");
		assert!(author.may_build(), "there is room again");
		author.author(place(1, 0, true), vec![]);
		assert!(!author.may_build(), "and it is taken");
	});
}

#[test]
fn what_is_under_way_is_recorded_until_it_is_included() {
	use conveyor_primitives::{segment::InclusionLag, InclusionStatus, NotTracked};
	use cumulus_pallet_parachain_system::{Ancestor, UnincludedSegment as TheirSegment};
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		assert_eq!(UnincludedSegment::segment(), Err(NotTracked::NotStarted));
		let mut headers = vec![];
		for _ in 0..3 {
			author.author(place(1, 0, true), vec![]);
			headers.push(author.parent.clone());
			author.relay_slot += 1;
		}
		let segment = UnincludedSegment::segment().expect("it is tracked");
		let hashes: Vec<_> = segment.iter().map(|block| block.hash).collect();
		assert_eq!(hashes, [Some(headers[0].hash()), Some(headers[1].hash()), None]);
		let theirs = TheirSegment::<Runtime>::get();
		let theirs: Vec<_> =
			theirs.iter().map(|block: &Ancestor<_>| block.para_head_hash().copied()).collect();
		assert_eq!(hashes, theirs);
		for (index, block) in segment.iter().enumerate() {
			let record = block.record.as_ref().expect("there is room for all");
			assert_eq!(record.number, index as u32 + 1);
			assert_eq!(record.relay_parent, 1_000 + index as u32);
			assert_eq!(record.relay_slot, Some(Slot::from(1_000 + index as u64)));
			assert_eq!(record.para_slot, record.relay_slot, "both take 6 s");
			assert_eq!(record.core_selector, Some(0));
			assert_eq!(record.bundle.map(|bundle| (bundle.index, bundle.is_last)), Some((0, true)));
			assert_eq!(record.extrinsics, 2, "the inherents");
			assert!(record.weight.all_gt(Weight::zero()));
		}

		author.included = headers[1].clone();
		author.author(place(1, 0, true), vec![]);
		let stats = UnincludedSegment::stats().expect("it is tracked");
		assert_eq!((stats.included, stats.faults, stats.waiting), (2, 0, 0));
		assert_eq!(stats.lags.counts[..4], [0, 0, 1, 1]);
		let lag = InclusionLag::Exactly { relay_blocks: 3 };
		assert_eq!(UnincludedSegment::inclusion(1), Ok(InclusionStatus::Included { lag }));
		assert_eq!(UnincludedSegment::segment().map(|segment| segment.len()), Ok(2));
	});
}

#[test]
#[should_panic(
	expected = "the unincluded segment is full: 4 blocks are under way, the capacity is 4"
)]
fn the_block_that_the_collator_is_told_not_to_build_is_not_accepted() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		for _ in 0..=INITIAL_LIMITS.capacity {
			author.author(place(1, 0, true), vec![]);
			author.relay_slot += 1;
		}
	});
}

#[test]
fn a_change_of_the_limits_reaches_hook_collator_and_weights_with_the_next_block() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		let full_core = MaximumBlockWeight::get();
		let faster = Limits { velocity: 4, capacity: 16, target_block_rate: 4 };
		let call = pallet_velocity::Call::schedule_limits { limits: faster, at: Start::Now };
		author.author(place(1, 0, true), vec![call.into()]);
		assert_eq!(Velocity::limits(), faster);
		assert_eq!(Velocity::target_block_rate(), 4);

		author.relay_slot += 1;
		for index in 0..4 {
			assert!(author.may_build(), "block {index} of the bundle");
			author.author(place(1, index, index == 3), vec![]);
		}
		// What such a block, the last of its bundle, may weigh.
		assert_eq!(MaximumBlockWeight::get(), full_core.saturating_div(4));
	});
}

#[test]
fn tracking_costs_less_than_a_hundredth_of_a_block() {
	use pallet_unincluded_segment::WeightInfo;
	type Tracking = <Runtime as pallet_unincluded_segment::Config>::WeightInfo;
	// All that it does in a block in which a block is included, and nobody acts on that.
	let cost = Tracking::observe(1)
		.saturating_add(Tracking::record_block(MAX_CAPACITY))
		.saturating_add(Tracking::tell_base());
	let core = 2 * WEIGHT_REF_TIME_PER_SECOND;
	assert!(cost.ref_time() <= core / 100, "{cost:?}");
	// And in a bundle of twelve.
	assert!(cost.ref_time() <= core / 12 / 100, "{cost:?}");
}

/// `xcmp-queue` drops messages that exceed the reservation. A message of any use has more than 32 bytes:
/// an account or a topic.
#[test]
fn no_block_takes_in_more_messages_than_its_reservation_pays_for() {
	type Intake = <Runtime as cumulus_pallet_xcmp_queue::Config>::WeightInfo;
	const LENGTH: usize = 32;
	TestExternalities::default().execute_with(|| {
		let rates_and_cores = (2..=MAX_TARGET_BLOCK_RATE)
			.flat_map(|rate| (1..=12).map(move |cores| (rate, cores)))
			// The first block on a core may take all of it.
			.filter(|(rate, cores)| rate > cores);
		for (rate, cores) in rates_and_cores {
			let share = block_share(rate, cores);
			// What the relay chain's messages leave of theirs goes to those of other parachains.
			let bytes = (share.proof_size() / 6 * 2) as usize;
			let batches = bytes / LENGTH / XCM_BATCH_SIZE + 1;
			let batch = BatchFootprint {
				msgs_count: XCM_BATCH_SIZE,
				size_in_bytes: XCM_BATCH_SIZE * LENGTH,
				new_pages_count: 1,
			};
			// A batch finds the page that it begins with half full on average.
			let position = |first| if first { MAX_PAGE_SIZE } else { MAX_PAGE_SIZE / 2 };
			let enqueue = |first| Intake::enqueue_xcmp_messages(position(first), &batch, first);
			let decode = Intake::take_first_concatenated_xcm(LENGTH as u32);
			let cost = Intake::uncached_enqueue_xcmp_messages()
				.saturating_add(enqueue(true))
				.saturating_add(enqueue(false).saturating_mul(batches as u64 - 1))
				.saturating_add(decode.saturating_mul((batches * XCM_BATCH_SIZE) as u64));
			let left = share
				.saturating_sub(ServicePart::get() * share)
				.saturating_sub(RuntimeBlockWeights::get().base_block)
				.saturating_sub(Weight::from_parts(0, bytes as u64));
			assert!(cost.all_lte(left), "rate {rate}, {cores} cores: {cost:?} of {left:?}");
		}
	});
}

#[test]
fn the_wasm_fits_a_relay_chain() {
	// `None` when the Wasm build is skipped.
	if let Some(wasm) = WASM_BINARY {
		assert!(wasm.len() <= MAX_CODE_SIZE as usize, "{} bytes", wasm.len());
	}
}
