// SPDX-License-Identifier: Apache-2.0

//! A runtime with dynamic block weights and a message queue whose messages contain their weight.

use crate as pallet_message_service;
use crate::{FullCoreService, MaxBlockWeight, XcmpReservation};
use codec::{Decode, Encode};
use cumulus_pallet_parachain_system::{
	block_weight::DynamicMaxBlockWeightHooks, consensus_hook::ExpectParentIncluded, AnyRelayNumber,
	ParachainSetCode,
};
use cumulus_primitives_core::{
	AggregateMessageOrigin, BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector,
	CumulusDigestItem,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{
		ConstU32, ConstU8, EnqueueMessage, EnqueueWithOrigin, Get, Hooks, PreInherents,
		ProcessMessage, ProcessMessageError, QueueFootprintQuery, QueuePausedQuery,
	},
	weights::{Weight, WeightMeter},
	BoundedSlice,
};
use sp_runtime::{generic::Digest, BuildStorage, Perbill};
use sp_version::RuntimeVersion;

type Block = frame_system::mocking::MockBlock<Test>;
pub(crate) type Origin = AggregateMessageOrigin;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		ParachainSystem: cumulus_pallet_parachain_system,
		MessageQueue: pallet_message_queue,
		MessageService: pallet_message_service,
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
	pub BlockWeights: frame_system::limits::BlockWeights =
		frame_system::limits::BlockWeights::simple_max(MaxBlockWeight::<Test>::get());
	pub const ServicePart: Perbill = Perbill::from_percent(35);
	/// Target block rate, in blocks per relay slot.
	pub static Rate: u32 = 12;
	/// Service weight of the message queue itself, which must be `None`.
	pub static OwnService: Option<Weight> = None;
	/// Service weight above which the message queue treats a message as overweight; `None` for that of a full core.
	pub static OtherIdleService: Option<Weight> = None;
	/// Paused queues.
	pub static Paused: Vec<Origin> = Vec::new();
	/// Executed messages since the last call, in order.
	pub static Executed: Vec<(Origin, Weight)> = Vec::new();
}

pub struct IdleService;
impl Get<Option<Weight>> for IdleService {
	fn get() -> Option<Weight> {
		OtherIdleService::get().or_else(FullCoreService::<Test>::get)
	}
}

/// A message contains its weight.
pub struct Processor;
impl ProcessMessage for Processor {
	type Origin = Origin;

	fn process_message(
		mut message: &[u8],
		origin: Origin,
		meter: &mut WeightMeter,
		_: &mut [u8; 32],
	) -> Result<bool, ProcessMessageError> {
		let weight = Weight::decode(&mut message).unwrap_or_default();
		meter.try_consume(weight).map_err(|()| ProcessMessageError::Overweight(weight))?;
		Executed::mutate(|executed| executed.push((origin, weight)));
		Ok(true)
	}
}

impl QueuePausedQuery<Origin> for Paused {
	fn is_paused(queue: &Origin) -> bool {
		Self::get().contains(queue)
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type Version = Version;
	type OnSetCode = ParachainSetCode<Test>;
	type BlockWeights = BlockWeights;
	type PreInherents = DynamicMaxBlockWeightHooks<Test, Rate>;
}

impl cumulus_pallet_parachain_system::Config for Test {
	type WeightInfo = ();
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = ();
	type SelfParaId = ();
	type OutboundXcmpMessageSource = ();
	type DmpQueue = EnqueueWithOrigin<(), ConstU8<0>>;
	type ReservedDmpWeight = ();
	type XcmpMessageHandler = ();
	type ReservedXcmpWeight = XcmpReservation<Test>;
	type CheckAssociatedRelayNumber = AnyRelayNumber;
	type ConsensusHook = ExpectParentIncluded;
	type RelayParentOffset = ConstU32<0>;
	type SchedulingSignatureVerifier = ();
}

impl pallet_message_queue::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_message_queue::weights::SubstrateWeight<Test>;
	type MessageProcessor = Processor;
	type Size = u32;
	type QueueChangeHandler = ();
	type QueuePausedQuery = Paused;
	type HeapSize = ConstU32<1024>;
	type MaxStale = ConstU32<8>;
	type ServiceWeight = OwnService;
	type IdleMaxServiceWeight = IdleService;
}

impl pallet_message_service::Config for Test {
	type TargetBlockRate = Rate;
	type ServicePart = ServicePart;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let storage = RuntimeGenesisConfig::default().build_storage().expect("the default is valid");
	storage.into()
}

/// The queue of another parachain.
pub(crate) fn sibling(id: u32) -> Origin {
	Origin::Sibling(id.into())
}

/// Returns a reference time in milliseconds as a weight.
pub(crate) fn millis(time: u64) -> Weight {
	Weight::from_parts(time * 1_000_000_000, 0)
}

/// Adds a message with `weight` to `queue`.
pub(crate) fn enqueue(queue: Origin, weight: Weight) {
	let message = weight.encode();
	MessageQueue::enqueue_message(
		BoundedSlice::try_from(&message[..]).expect("it is short"),
		queue,
	);
}

/// Returns the number of messages in `queue`.
pub(crate) fn waiting(queue: Origin) -> u64 {
	MessageQueue::footprint(queue).storage.count
}

/// Returns the pre-runtime digest of a block: its index in the bundle of `core` among `cores`.
pub(crate) fn digest(index: u8, core: u8, cores: u16) -> Digest {
	let core = CoreInfo {
		selector: CoreSelector(core),
		claim_queue_offset: ClaimQueueOffset(0),
		number_of_cores: cores.into(),
	};
	let place = BlockBundleInfo { index, is_last: false };
	let items = [CumulusDigestItem::CoreInfo(core), CumulusDigestItem::BlockBundleInfo(place)];
	Digest { logs: items.map(|item| item.to_digest_item()).into() }
}

/// Results of a block.
pub(crate) struct Built {
	/// Weight used by `on_initialize`.
	pub(crate) used: Weight,
	/// Whether the block uses the full core, and so ends its bundle.
	pub(crate) ends_bundle: bool,
}

/// Executes the next block without transactions; with `on_idle` if `and_idle`.
pub(crate) fn block(digest: &Digest, and_idle: bool) -> Built {
	let number = System::block_number() + 1;
	System::reset_events();
	System::initialize(&number, &Default::default(), digest);
	let used =
		MessageQueue::on_initialize(number).saturating_add(MessageService::on_initialize(number));
	let base = BlockWeights::get().base_block;
	System::register_extra_weight_unchecked(used.saturating_add(base), DispatchClass::Mandatory);
	System::note_finished_initialize();
	DynamicMaxBlockWeightHooks::<Test, Rate>::pre_inherents();
	System::note_inherents_applied();
	if and_idle {
		MessageQueue::on_idle(number, System::remaining_block_weight().remaining());
	}
	let ends_bundle = CumulusDigestItem::contains_use_full_core(&System::digest());
	System::finalize();
	Built { used, ends_bundle }
}
