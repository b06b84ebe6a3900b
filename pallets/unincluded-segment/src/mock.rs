// SPDX-License-Identifier: Apache-2.0

//! A chain with the real parachain-system, on a relay chain state that the test sets.

use crate as pallet_unincluded_segment;
use conveyor_primitives::OnIncluded;
use cumulus_pallet_parachain_system::{
	consensus_hook::{ConsensusHook, UnincludedSegmentCapacity},
	parachain_inherent::{BasicParachainInherentData, InboundMessagesData},
	Ancestor, OnSystemEvent, ParachainSetCode, RelayChainStateProof,
	RelayNumberMonotonicallyIncreases,
};
use cumulus_primitives_core::{
	relay_chain::{HeadData, UpgradeGoAhead},
	ParaId, PersistedValidationData, XcmpMessageSource,
};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		ConstU32, ConstU64, ConstU8, EnqueueWithOrigin, Get, Hooks, OnFinalize, OnInitialize,
		OnPoll,
	},
	weights::{Weight, WeightMeter},
};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::H256;
use sp_runtime::{
	generic::Digest,
	testing::Header,
	traits::{Header as _, IdentityLookup},
	BuildStorage, DigestItem,
};
use sp_version::RuntimeVersion;
use std::{cell::RefCell, num::NonZeroU32};

type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const WINDOW: u32 = 20;
pub(crate) const STALL_AFTER: u32 = 8;
pub(crate) const SIBLING: u32 = 300;
/// Difference between relay slot and relay block number.
pub(crate) const SLOT_OFFSET: u64 = 1_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		ParachainSystem: cumulus_pallet_parachain_system,
		Payout: pallet_payout_example,
		UnincludedSegment: pallet_unincluded_segment,
	}
);

parameter_types! {
	pub Version: RuntimeVersion = RuntimeVersion {
		spec_name: "test".into(),
		impl_name: "test".into(),
		authoring_version: 1,
		spec_version: 1,
		impl_version: 1,
		apis: Default::default(),
		transaction_version: 1,
		system_version: 1,
	};
	/// Whether the runtime contains the pallet.
	pub static WithPallet: bool = true;
	/// Capacity that the consensus hook enforces, in blocks.
	pub static HookCapacity: u32 = 24;
	/// The pallet's `MaxCapacity`, in blocks.
	pub static MaxCapacity: u32 = 24;
	/// The pallet's `OnIncludedWeight`.
	pub static NotificationWeight: Weight = Weight::MAX;
	/// Weight left in the block when `on_poll` is called.
	pub static BlockWeightLeft: Weight = Weight::MAX;
	/// Maximum weight and used weight that [`Listener`] reports.
	pub static ListenerWeight: (Weight, Weight) = (Weight::zero(), Weight::zero());
	/// Message to the sibling that the next block sends.
	pub static OutboundMessage: Option<Vec<u8>> = None;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = u64;
	type Lookup = IdentityLookup<u64>;
	type BlockHashCount = ConstU64<1_024>;
	type Version = Version;
	type OnSetCode = ParachainSetCode<Test>;
}

/// Enforces [`HookCapacity`].
pub struct Hook;
impl ConsensusHook for Hook {
	fn on_state_proof(_: &RelayChainStateProof) -> (Weight, UnincludedSegmentCapacity) {
		(Weight::zero(), NonZeroU32::new(HookCapacity::get()).expect("no test sets 0").into())
	}
}

/// Passes the relay chain's state to the pallet if [`WithPallet`] is set.
pub struct SystemEvents;
impl OnSystemEvent for SystemEvents {
	fn on_validation_data(data: &PersistedValidationData) {
		UnincludedSegment::on_validation_data(data);
	}

	fn on_validation_code_applied() {
		UnincludedSegment::on_validation_code_applied();
	}

	fn on_relay_state_proof(proof: &RelayChainStateProof) -> Weight {
		if WithPallet::get() {
			UnincludedSegment::on_relay_state_proof(proof)
		} else {
			Weight::zero()
		}
	}
}

/// Sends [`OutboundMessage`].
pub struct Messages;
impl XcmpMessageSource for Messages {
	fn take_outbound_messages(_: usize, _: &[ParaId]) -> Vec<(ParaId, Vec<u8>)> {
		OutboundMessage::take().map(|data| (SIBLING.into(), data)).into_iter().collect()
	}
}

impl cumulus_pallet_parachain_system::Config for Test {
	type WeightInfo = ();
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = SystemEvents;
	type SelfParaId = TestParaId;
	type OutboundXcmpMessageSource = Messages;
	type DmpQueue = EnqueueWithOrigin<(), ConstU8<0>>;
	type ReservedDmpWeight = ();
	type XcmpMessageHandler = ();
	type ReservedXcmpWeight = ();
	type CheckAssociatedRelayNumber = RelayNumberMonotonicallyIncreases;
	type ConsensusHook = Hook;
	type RelayParentOffset = ConstU32<0>;
	type SchedulingSignatureVerifier = ();
}

/// Para id in the state proofs.
pub struct TestParaId;
impl Get<ParaId> for TestParaId {
	fn get() -> ParaId {
		200.into()
	}
}

thread_local! {
	/// Calls of [`Listener`]: number of the included block, and of the block that made the call.
	pub(crate) static NOTIFICATIONS: RefCell<Vec<(u32, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Records the notifications.
pub struct Listener;
impl OnIncluded for Listener {
	fn max_weight() -> Weight {
		ListenerWeight::get().0
	}

	fn on_included(number: u32) -> Weight {
		use conveyor_primitives::InclusionProvider;
		assert!(
			UnincludedSegment::inclusion_status(number).is_some_and(|status| status.is_included()),
			"a notified block has the status included",
		);
		NOTIFICATIONS.with_borrow_mut(|calls| calls.push((number, System::block_number())));
		ListenerWeight::get().1
	}
}

impl pallet_unincluded_segment::Config for Test {
	type MaxCapacity = MaxCapacity;
	type InclusionWindow = ConstU32<WINDOW>;
	type StallAfter = ConstU32<STALL_AFTER>;
	type OnIncluded = (Listener, Payout);
	type OnIncludedWeight = NotificationWeight;
	type WeightInfo = ();
}

impl pallet_payout_example::Config for Test {
	type Inclusion = UnincludedSegment;
}

/// Returns the state of a chain at genesis.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	WithPallet::set(true);
	HookCapacity::set(24);
	MaxCapacity::set(24);
	NotificationWeight::set(Weight::MAX);
	BlockWeightLeft::set(Weight::MAX);
	ListenerWeight::set((Weight::zero(), Weight::zero()));
	OutboundMessage::set(None);
	NOTIFICATIONS.take();
	let storage = RuntimeGenesisConfig::default().build_storage().expect("the default is valid");
	storage.into()
}

/// Relay chain state of a block's relay parent.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
	/// Number of the relay parent.
	pub(crate) parent: u32,
	/// Latest included head.
	pub(crate) included: Option<HeadData>,
	/// Upgrade signal.
	pub(crate) go_ahead: Option<UpgradeGoAhead>,
}

impl Relay {
	/// Returns a relay parent whose state has `included` as the latest included head.
	pub(crate) fn new(parent: u32, included: &Header) -> Self {
		use codec::Encode;
		Self { parent, included: Some(HeadData(included.encode())), go_ahead: None }
	}
}

/// Headers of a chain, genesis first. Its methods need externalities.
pub(crate) struct Chain {
	pub(crate) headers: Vec<Header>,
}

impl Chain {
	pub(crate) fn new() -> Self {
		let genesis = Header::new(
			0,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		Self { headers: vec![genesis] }
	}

	/// Returns the header of the latest block.
	pub(crate) fn head(&self) -> &Header {
		self.headers.last().expect("the chain has a genesis block")
	}

	/// Builds a block with `calls` and, besides Aura's, the given digest items.
	pub(crate) fn block(&mut self, relay: &Relay, digest: Vec<DigestItem>, calls: impl FnOnce()) {
		self.start(digest);
		self.inherent(relay);
		calls();
		self.end();
	}

	/// Builds a block without calls.
	pub(crate) fn empty_block(&mut self, relay: &Relay) {
		self.block(relay, vec![], || ());
	}

	pub(crate) fn start(&mut self, mut logs: Vec<DigestItem>) {
		let number = self.head().number + 1;
		logs.push(DigestItem::PreRuntime(AURA_ENGINE_ID, codec::Encode::encode(&number)));
		System::reset_events();
		System::initialize(&number, &self.head().hash(), &Digest { logs });
		if WithPallet::get() {
			AllPalletsWithSystem::on_initialize(number);
		} else {
			<ParachainSystem as Hooks<u64>>::on_initialize(number);
		}
		System::note_finished_initialize();
	}

	pub(crate) fn inherent(&mut self, relay: &Relay) {
		let proof = RelayStateSproofBuilder {
			para_id: TestParaId::get(),
			current_slot: Slot::from(u64::from(relay.parent) + SLOT_OFFSET),
			included_para_head: relay.included.clone(),
			upgrade_go_ahead: relay.go_ahead,
			relay_dispatch_queue_remaining_capacity: Some((100, 100_000)),
			num_authorities: 0,
			..Default::default()
		};
		let (relay_parent_storage_root, relay_chain_state) = with_channel(proof);
		let data = BasicParachainInherentData {
			validation_data: PersistedValidationData {
				parent_head: HeadData(codec::Encode::encode(self.head())),
				relay_parent_number: relay.parent,
				relay_parent_storage_root,
				max_pov_size: 10 * 1024 * 1024,
			},
			relay_chain_state,
			relay_parent_descendants: vec![],
			collator_peer_id: None,
		};
		let messages = InboundMessagesData::new(Default::default(), Default::default());
		let result = ParachainSystem::set_validation_data(RuntimeOrigin::none(), data, messages);
		assert_eq!(result, Ok(()));
		System::note_applied_extrinsic(&Ok(().into()), Default::default());
		if WithPallet::get() {
			let mut meter = WeightMeter::with_limit(BlockWeightLeft::get());
			AllPalletsWithSystem::on_poll(System::block_number(), &mut meter);
		}
	}

	/// Ends the block. Its header has no state root: no test needs it.
	pub(crate) fn end(&mut self) {
		System::note_finished_extrinsics();
		let number = System::block_number();
		if WithPallet::get() {
			AllPalletsWithSystem::on_finalize(number);
		} else {
			<ParachainSystem as Hooks<u64>>::on_finalize(number);
		}
		let parent = self.head().hash();
		self.headers.push(Header::new(
			number,
			Default::default(),
			Default::default(),
			parent,
			System::digest(),
		));
	}
}

/// Returns root and proof of a relay chain state with a channel to the sibling.
fn with_channel(mut proof: RelayStateSproofBuilder) -> (H256, sp_trie::StorageProof) {
	let channel = proof.upsert_outbound_channel(SIBLING.into());
	channel.max_capacity = 100;
	channel.max_total_size = 100_000;
	channel.max_message_size = 10_000;
	proof.into_state_root_and_proof()
}

/// Returns the block hashes of parachain-system's segment.
pub(crate) fn parachain_system_hashes() -> Vec<Option<H256>> {
	cumulus_pallet_parachain_system::UnincludedSegment::<Test>::get()
		.iter()
		.map(|ancestor: &Ancestor<H256>| ancestor.para_head_hash().copied())
		.collect()
}

/// Returns the block hashes of the tracked segment.
pub(crate) fn tracked_hashes() -> Vec<Option<H256>> {
	let segment = UnincludedSegment::segment().expect("blocks are tracked");
	segment.into_iter().map(|block| block.hash).collect()
}

/// Returns this pallet's events in the current block.
pub(crate) fn events() -> Vec<pallet_unincluded_segment::Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::UnincludedSegment(event) => Some(event),
			_ => None,
		})
		.collect()
}
