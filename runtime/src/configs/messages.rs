// SPDX-License-Identifier: Apache-2.0

//! Message queues: incoming, outgoing, and their fees.

use super::{
	delivery_fees::PriceForSiblingDelivery, rate::TargetBlockRate, system::MaximumBlockWeight,
	xcm::XcmOriginToTransactDispatchOrigin,
};
use crate::{
	AccountId, MessageQueue, ParachainSystem, PolkadotXcm, Runtime, RuntimeEvent, XcmpQueue,
	MAX_TARGET_BLOCK_RATE,
};
use conveyor_primitives::share::block_share;
use cumulus_primitives_core::{AggregateMessageOrigin, ParaId};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get, TransformOrigin},
	weights::Weight,
};
use frame_system::EnsureRoot;
use parachains_common::message_queue::{NarrowOriginToSibling, ParaIdToSibling};
use sp_runtime::Perbill;

/// Page size of the message queue, in bytes: fits the longest message of a usual channel between two parachains
/// (100 KiB) with its header.
pub const MAX_PAGE_SIZE: u32 = 103 * 1024;

// A block accepts messages up to a sixth of its maximum proof size. A message longer than that in every block
// would block its queue.
const _: () = assert!(
	block_share(MAX_TARGET_BLOCK_RATE, 1).proof_size() / 6 >= MAX_PAGE_SIZE as u64,
	"at the highest rate the longest message does not fit into what a block takes in",
);

parameter_types! {
	/// Origin of a message from the relay chain.
	pub const RelayOrigin: AggregateMessageOrigin = AggregateMessageOrigin::Parent;
	/// Weight reserved in each block for the intake of messages from the relay chain.
	pub ReservedDmpWeight: Weight = MaximumBlockWeight::get().saturating_div(4);
	/// Part of a block for queued messages, which are executed before its transactions.
	pub const ServicePart: Perbill = Perbill::from_percent(35);
}

impl pallet_message_queue::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(feature = "runtime-benchmarks")]
	type MessageProcessor =
		pallet_message_queue::mock_helpers::NoopMessageProcessor<AggregateMessageOrigin>;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type MessageProcessor = xcm_builder::ProcessXcmMessage<
		AggregateMessageOrigin,
		xcm_executor::XcmExecutor<super::xcm::XcmConfig>,
		crate::RuntimeCall,
	>;
	type Size = u32;
	// Only channels of parachains can be suspended.
	type QueueChangeHandler = NarrowOriginToSibling<XcmpQueue>;
	type QueuePausedQuery = NarrowOriginToSibling<XcmpQueue>;
	type HeapSize = ConstU32<MAX_PAGE_SIZE>;
	type MaxStale = ConstU32<8>;
	// `MessageService` serves the queues at the start of a block.
	type ServiceWeight = ();
	type IdleMaxServiceWeight = pallet_message_service::FullCoreService<Runtime>;
	type WeightInfo = pallet_message_queue::weights::SubstrateWeight<Runtime>;
}

impl pallet_message_service::Config for Runtime {
	type TargetBlockRate = TargetBlockRate;
	type ServicePart = ServicePart;
	type WeightInfo = pallet_message_service::weights::SubstrateWeight<Runtime>;
}

impl cumulus_pallet_xcmp_queue::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ChannelInfo = ParachainSystem;
	type VersionWrapper = PolkadotXcm;
	type XcmpQueue = TransformOrigin<MessageQueue, AggregateMessageOrigin, ParaId, ParaIdToSibling>;
	type MaxInboundSuspended = ConstU32<1_000>;
	type MaxActiveOutboundChannels = ConstU32<128>;
	type MaxPageSize = ConstU32<MAX_PAGE_SIZE>;
	type ControllerOrigin = EnsureRoot<AccountId>;
	type ControllerOriginConverter = XcmOriginToTransactDispatchOrigin;
	type PriceForSiblingDelivery = PriceForSiblingDelivery;
	type WeightInfo = cumulus_pallet_xcmp_queue::weights::SubstrateWeight<Runtime>;
}
