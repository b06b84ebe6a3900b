// SPDX-License-Identifier: Apache-2.0

//! A runtime with parachain-system, Aura and, for comparison, the SDK's consensus hook.

use crate as pallet_velocity;
use conveyor_primitives::{Admission, Limits, MaxLimits, Refusal};
use cumulus_pallet_parachain_system::{
	block_weight::{DynamicMaxBlockWeightHooks, MaxParachainBlockWeight},
	Ancestor, AnyRelayNumber, ParachainSetCode, RelayChainStateProof, UsedBandwidth,
	ValidationData,
};
use cumulus_primitives_core::{
	relay_chain::HeadData, BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector,
	CumulusDigestItem, ParaId, PersistedValidationData,
};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstBool, ConstU32, ConstU64, ConstU8, EnqueueWithOrigin, Get, Hooks},
};
use frame_system::EnsureRoot;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::{generic::Digest, traits::Hash, BuildStorage, TransactionOutcome};
use sp_version::RuntimeVersion;

type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const MAX_CAPACITY: u32 = 24;
pub(crate) const MAX_TARGET_BLOCK_RATE: u32 = 12;
pub(crate) const MAX_LIMITS: MaxLimits =
	MaxLimits { capacity: MAX_CAPACITY, target_block_rate: MAX_TARGET_BLOCK_RATE };
pub(crate) const MAX_SCHEDULE_AHEAD: u32 = 100;
pub(crate) const INITIAL_LIMITS: Limits = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };

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
	pub const InitialLimits: Limits = INITIAL_LIMITS;
	pub BlockWeights: frame_system::limits::BlockWeights =
		frame_system::limits::BlockWeights::simple_max(
			MaxParachainBlockWeight::<Test, crate::TargetBlockRate<Test>>::get(),
		);
	/// In relay blocks. A static, because tests show that the admission does not depend on it.
	pub static RelayParentOffset: u32 = 1;
	/// In milliseconds. A static, because tests change its relation to the relay slot.
	pub static ParaSlotDuration: u64 = 6_000;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type Version = Version;
	type OnSetCode = ParachainSetCode<Test>;
	type BlockWeights = BlockWeights;
	type PreInherents = DynamicMaxBlockWeightHooks<Test, crate::TargetBlockRate<Test>>;
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
	type RelayParentOffset = RelayParentOffset;
	type SchedulingSignatureVerifier = ();
}

impl pallet_velocity::Config for Test {
	type AdminOrigin = EnsureRoot<u64>;
	type RelaySlotDuration = ConstU64<6_000>;
	type MaxCapacity = ConstU32<MAX_CAPACITY>;
	type MaxTargetBlockRate = ConstU32<MAX_TARGET_BLOCK_RATE>;
	type MaxScheduleAhead = ConstU32<MAX_SCHEDULE_AHEAD>;
	type InitialLimits = InitialLimits;
	type WeightInfo = ();
}

/// Returns the state at genesis, with the default limits.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ParaSlotDuration::set(6_000);
	RelayParentOffset::set(1);
	let storage = RuntimeGenesisConfig::default().build_storage().expect("the default is valid");
	storage.into()
}

/// Returns the state at genesis, with the given limits.
pub(crate) fn new_test_ext_with(limits: Limits) -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.execute_with(|| pallet_velocity::CurrentLimits::<Test>::put(limits));
	ext
}

/// Returns the head of the `n`th unincluded block, or with `None` a head outside the segment.
fn head(n: Option<u8>) -> HeadData {
	HeadData(vec![n.map_or(0, |n| n + 1)])
}

/// Returns a relay chain state proof with the relay slot and the latest included block.
pub(crate) fn state_proof_with(relay_slot: u64, included: Option<u8>) -> RelayChainStateProof {
	let builder = RelayStateSproofBuilder {
		current_slot: relay_slot.into(),
		included_para_head: Some(head(included)),
		..Default::default()
	};
	let (root, proof) = builder.into_state_root_and_proof();
	RelayChainStateProof::new(ParaId::from(200), root, proof).expect("the proof is valid")
}

/// Returns a relay chain state proof with the relay slot and no included block.
pub(crate) fn state_proof(relay_slot: u64) -> RelayChainStateProof {
	state_proof_with(relay_slot, None)
}

/// Stores an unincluded segment of `length` blocks. The `n`th has the hash `block_hash(n)`.
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

/// Returns the hash of the `n`th unincluded block.
pub(crate) fn block_hash(n: u8) -> H256 {
	<Test as frame_system::Config>::Hashing::hash(&head(Some(n)).0)
}

/// Stores the para slot of the current block.
pub(crate) fn set_para_slot(slot: u64) {
	pallet_aura::CurrentSlot::<Test>::put(Slot::from(slot));
}

/// Relay parent of blocks, unless a test sets another one.
pub(crate) const RELAY_PARENT: u32 = 1_000;

/// Core and bundle information in a block's digest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
	/// Index in the bundle, and whether it is the last block.
	pub(crate) bundle: Option<(u8, bool)>,
	/// Core index, and number of cores.
	pub(crate) core: Option<(u8, u16)>,
}

impl Position {
	pub(crate) fn digest(&self) -> Digest {
		let core = self.core.map(|(selector, number_of_cores)| {
			CumulusDigestItem::CoreInfo(CoreInfo {
				selector: CoreSelector(selector),
				claim_queue_offset: ClaimQueueOffset(0),
				number_of_cores: number_of_cores.into(),
			})
		});
		let bundle = self.bundle.map(|(index, is_last)| {
			CumulusDigestItem::BlockBundleInfo(BlockBundleInfo { index, is_last })
		});
		Digest { logs: core.into_iter().chain(bundle).map(|item| item.to_digest_item()).collect() }
	}
}

/// Starts the next block.
pub(crate) fn initialize(position: Position) {
	let number = System::block_number() + 1;
	System::reset_events();
	System::initialize(&number, &H256::zero(), &position.digest());
	Velocity::on_initialize(number);
}

/// Returns the hook's admission of the current block, without its storage changes.
pub(crate) fn admission_of_current(
	included_hash: H256,
	relay_slot: Slot,
) -> Result<Admission, Refusal> {
	frame_support::storage::with_transaction_unchecked(|| {
		TransactionOutcome::Rollback(Velocity::admit_block(included_hash, relay_slot))
	})
	.map(|(admission, _)| admission)
}

/// Stores the validation data of a block on `relay_parent`, as the inherent does.
pub(crate) fn set_relay_parent(relay_parent: u32) {
	ValidationData::<Test>::put(PersistedValidationData {
		relay_parent_number: relay_parent,
		..Default::default()
	});
}

/// Ends the current block.
pub(crate) fn finalize() {
	Velocity::on_finalize(System::block_number());
	if let Some(data) = ValidationData::<Test>::take() {
		cumulus_pallet_parachain_system::LastRelayChainBlockNumber::<Test>::put(
			data.relay_parent_number,
		);
	}
}

/// Builds the next block on `relay_parent`, with `calls`.
pub(crate) fn block_on(relay_parent: u32, position: Position, calls: impl FnOnce()) {
	initialize(position);
	set_relay_parent(relay_parent);
	calls();
	finalize();
}

/// Builds the next block on [`RELAY_PARENT`], with `calls`.
pub(crate) fn block(bundle: Option<(u8, bool)>, calls: impl FnOnce()) {
	block_on(RELAY_PARENT, Position { bundle, core: None }, calls);
}

/// Runs `test` without back traces. In `test` thousands of blocks are rejected by a panic, whose output
/// would hide a real failure.
pub(crate) fn without_back_traces<R>(test: impl FnOnce() -> R) -> R {
	use std::{cell::Cell, sync::Once};
	thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
	static INSTALL: Once = Once::new();
	INSTALL.call_once(|| {
		// Other tests run at the same time and need their output.
		let print = std::panic::take_hook();
		std::panic::set_hook(Box::new(move |panic| {
			if !QUIET.get() {
				print(panic)
			}
		}));
	});
	QUIET.set(true);
	let result = test();
	QUIET.set(false);
	result
}
