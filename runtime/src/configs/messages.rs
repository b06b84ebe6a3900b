// SPDX-License-Identifier: Apache-2.0

//! The queues between chains: what comes in, what goes out, and what that costs.

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

/// Length of a page of queued messages, in bytes: room for the longest message that the usual
/// channel between two parachains carries (100 KiB), and its header.
pub const MAX_PAGE_SIZE: u32 = 103 * 1024;

// A block takes in messages up to a sixth of the proof that it may have. A message that is longer than
// that in every block would never come in, nor would those behind it.
const _: () = assert!(
	block_share(MAX_TARGET_BLOCK_RATE, 1).proof_size() / 6 >= MAX_PAGE_SIZE as u64,
	"at the highest rate the longest message does not fit into what a block takes in",
);

parameter_types! {
	/// Where a message from the relay chain is said to come from.
	pub const RelayOrigin: AggregateMessageOrigin = AggregateMessageOrigin::Parent;
	/// Weight set aside in each block to take in messages from the relay chain.
	pub ReservedDmpWeight: Weight = MaximumBlockWeight::get().saturating_div(4);
	/// The part of a block that is for queued messages, before its own transactions.
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
	// Only parachains have channels that can be held up. The relay chain has none.
	type QueueChangeHandler = NarrowOriginToSibling<XcmpQueue>;
	type QueuePausedQuery = NarrowOriginToSibling<XcmpQueue>;
	type HeapSize = ConstU32<MAX_PAGE_SIZE>;
	type MaxStale = ConstU32<8>;
	// `MessageService` serves the queues at the beginning of a block.
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
