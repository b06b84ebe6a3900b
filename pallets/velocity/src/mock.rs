// SPDX-License-Identifier: Apache-2.0

//! A runtime with what the consensus hook meets in a real one: parachain-system, Aura, and the SDK's
//! own hook beside ours, to be compared with.

use crate as pallet_velocity;
use conveyor_primitives::Limits;
use cumulus_pallet_parachain_system::{
	Ancestor, AnyRelayNumber, ParachainSetCode, RelayChainStateProof, UsedBandwidth,
};
use cumulus_primitives_core::{BlockBundleInfo, CumulusDigestItem, ParaId};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstBool, ConstU32, ConstU64, ConstU8, EnqueueWithOrigin, Hooks},
};
use frame_system::EnsureRoot;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::{generic::Digest, BuildStorage};
use sp_version::RuntimeVersion;

type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const RELAY_PARENT_OFFSET: u32 = 1;
pub(crate) const MAX_CAPACITY: u32 = 24;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		ParachainSystem: cumulus_pallet_parachain_system,
		Aura: pallet_aura,
		AuraExt: cumulus_pallet_aura_ext,
		Velocity: pallet_velocity,
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
	/// Milliseconds. A static, because the relation to the relay slot is part of what is tested.
	pub static ParaSlotDuration: u64 = 6_000;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type Version = Version;
	type OnSetCode = ParachainSetCode<Test>;
}

impl pallet_timestamp::Config for Test {
	type Moment = u64;
	type OnTimestampSet = ();
	type MinimumPeriod = ();
	type WeightInfo = ();
}

impl pallet_aura::Config for Test {
	type AuthorityId = sp_consensus_aura::sr25519::AuthorityId;
	type MaxAuthorities = ConstU32<8>;
	type DisabledValidators = ();
	type AllowMultipleBlocksPerSlot = ConstBool<true>;
	type SlotDuration = ParaSlotDuration;
}

impl cumulus_pallet_aura_ext::Config for Test {}

impl cumulus_pallet_parachain_system::Config for Test {
	type WeightInfo = ();
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = ();
	type SelfParaId = ();
	type OutboundXcmpMessageSource = ();
	type DmpQueue = EnqueueWithOrigin<(), ConstU8<0>>;
	type ReservedDmpWeight = ();
	type XcmpMessageHandler = ();
	type ReservedXcmpWeight = ();
	type CheckAssociatedRelayNumber = AnyRelayNumber;
	type ConsensusHook = Velocity;
	type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
	type SchedulingSignatureVerifier = ();
}

impl pallet_velocity::Config for Test {
	type AdminOrigin = EnsureRoot<u64>;
	type RelaySlotDuration = ConstU64<6_000>;
	type MaxCapacity = ConstU32<MAX_CAPACITY>;
	type WeightInfo = ();
}

/// A chain at its start, with the default limits.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ParaSlotDuration::set(6_000);
	let storage = RuntimeGenesisConfig::default().build_storage().expect("the default is valid");
	storage.into()
}

/// A chain at its start, with the given limits.
pub(crate) fn new_test_ext_with(limits: Limits) -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.execute_with(|| pallet_velocity::Limits::<Test>::put(limits));
	ext
}

/// A relay chain's state proof that says nothing but the relay slot.
pub(crate) fn state_proof(relay_slot: u64) -> RelayChainStateProof {
	let builder = RelayStateSproofBuilder { current_slot: relay_slot.into(), ..Default::default() };
	let (root, proof) = builder.into_state_root_and_proof();
	RelayChainStateProof::new(ParaId::from(200), root, proof).expect("the builder proves")
}

/// A segment of `length` blocks under way; the `n`th has the hash [`block_hash`] of `n`.
pub(crate) fn set_segment(length: u8) {
	let segment = (0..length)
		.map(|n| {
			let mut block = Ancestor::new_unchecked(UsedBandwidth::default(), None);
			block.replace_para_head_hash(block_hash(n));
			block
		})
		.collect::<Vec<_>>();
	cumulus_pallet_parachain_system::UnincludedSegment::<Test>::put(segment);
}

/// The hash of the `n`th block under way.
pub(crate) fn block_hash(n: u8) -> H256 {
	H256::repeat_byte(n + 1)
}

/// The para slot that Aura has for the current block.
pub(crate) fn set_para_slot(slot: u64) {
	pallet_aura::CurrentSlot::<Test>::put(Slot::from(slot));
}

/// The next block, with `calls` in it. `bundle` is its place in a bundle, and whether it is the last
/// one.
pub(crate) fn block(bundle: Option<(u8, bool)>, calls: impl FnOnce()) {
	let number = System::block_number() + 1;
	let digest = bundle
		.map(|(index, is_last)| {
			CumulusDigestItem::BlockBundleInfo(BlockBundleInfo { index, is_last }).to_digest_item()
		})
		.into_iter()
		.collect();
	System::reset_events();
	System::initialize(&number, &H256::zero(), &Digest { logs: digest });
	Velocity::on_initialize(number);
	calls();
	Velocity::on_finalize(number);
}
