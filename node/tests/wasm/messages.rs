// SPDX-License-Identifier: GPL-3.0-only

//! Messages from other chains do not reduce the block rate, and none is lost: bundles of 12 blocks, built and validated by the
//! Wasm.

use crate::{validate, RELAY};
use codec::Encode;
use conveyor_primitives::Limits;
use conveyor_runtime::{MessageQueue, RuntimeCall, RuntimeEvent, System};
use conveyor_testing::{inbound::MAX_MESSAGE_SIZE, Builder, Code, Inbound, RelayContext, State};
use cumulus_primitives_core::{AggregateMessageOrigin, CumulusDigestItem, XcmpMessageFormat};
use frame_support::{traits::QueueFootprintQuery, weights::Weight};
use pallet_message_queue::Event as QueueEvent;
use pallet_message_service::Event as ServiceEvent;
use sp_runtime::traits::Header as _;
use xcm::{latest::prelude::*, VersionedXcm};

const RATE: u8 = 12;
const MILLISECOND: u64 = 1_000_000_000;
/// The sending parachain.
const SIBLING: u32 = 2_001;

/// Returns a message of the relay chain that executes `instructions`.
fn from_relay_chain(instructions: Vec<Instruction<()>>) -> Vec<u8> {
	let unpaid = UnpaidExecution { weight_limit: Unlimited, check_origin: None };
	let message = Xcm([vec![unpaid], instructions].concat());
	VersionedXcm::from(message).encode()
}

/// Returns a call that declares `millis` of reference time.
fn call_of(millis: u64) -> Instruction<()> {
	let remark = frame_system::Call::remark { remark: Vec::new() };
	let call: RuntimeCall = pallet_utility::Call::with_weight {
		call: Box::new(remark.into()),
		weight: Weight::from_parts(millis * MILLISECOND, 0),
	}
	.into();
	Transact {
		origin_kind: OriginKind::SovereignAccount,
		fallback_max_weight: None,
		call: call.encode().into(),
	}
}

/// A chain with 12 blocks per relay slot on one core, and messages for it.
struct Chain {
	state: State,
	relay: RelayContext,
	inbound: Inbound,
	/// Messages that left the queue: executed, or permanently rejected.
	processed: usize,
	/// Indices of the bundles in which a heavy message got the full core.
	with_full_core: Vec<usize>,
	/// Number of blocks in each bundle.
	bundles: Vec<u8>,
}

impl Chain {
	fn new() -> Self {
		let limits = Limits { velocity: 12, capacity: 48, target_block_rate: RATE.into() };
		let mut genesis = Code::of_runtime().preset("development");
		genesis["velocity"]["limits"] = serde_json::to_value(limits).expect("limits are JSON");
		Self {
			state: State::new(Code::of_runtime(), genesis),
			relay: RELAY,
			inbound: Inbound::default(),
			processed: 0,
			with_full_core: Vec::new(),
			bundles: Vec::new(),
		}
	}

	/// Builds a bundle as the collator does, up to a block that uses the full core, and validates it.
	fn bundle(&mut self) {
		self.relay = self.relay.next();
		let included = self.state.head().clone();
		let mut builder = Builder::receiving(&mut self.state, self.relay, &included, &self.inbound);
		let mut blocks = 0;
		while blocks < RATE {
			builder.build(&[], Some((blocks, blocks + 1 == RATE)));
			blocks += 1;
			for event in builder.state().inspect(System::read_events_no_consensus) {
				match event.event {
					RuntimeEvent::MessageQueue(
						QueueEvent::Processed { .. } | QueueEvent::ProcessingFailed { .. },
					) => self.processed += 1,
					RuntimeEvent::MessageService(ServiceEvent::ServedWithFullCore { .. }) => {
						self.with_full_core.push(self.bundles.len())
					},
					_ => (),
				}
			}
			if CumulusDigestItem::contains_use_full_core(builder.state().head().digest()) {
				break;
			}
		}
		validate(&builder.candidate()).expect("the bundle is valid");
		self.bundles.push(blocks);
	}

	/// Returns the number of messages that were taken in and not processed.
	fn waiting(&self, queue: AggregateMessageOrigin) -> usize {
		self.state.inspect(|| MessageQueue::footprint(queue).storage.count) as usize
	}
}

#[test]
fn a_backlog_of_messages_ends_no_bundle() {
	let mut chain = Chain::new();
	for _ in 0..150 {
		chain.inbound.send_down(RELAY.number + 1, from_relay_chain(vec![ClearOrigin]));
	}
	(0..3).for_each(|_| chain.bundle());
	assert_eq!(chain.bundles, [RATE; 3]);
	let waiting = chain.waiting(AggregateMessageOrigin::Parent);
	assert!(waiting > 0, "the backlog lasted");
	assert_eq!(chain.processed + waiting, 150);
}

#[test]
fn a_heavy_message_costs_one_bundle_and_the_queue_behind_it_drains() {
	let mut chain = Chain::new();
	let heavy = from_relay_chain(vec![call_of(500)]);
	(0..3).for_each(|_| chain.inbound.send_down(RELAY.number + 1, heavy.clone()));
	for _ in 0..20 {
		chain.inbound.send_down(RELAY.number + 1, from_relay_chain(vec![ClearOrigin]));
	}
	(0..13).for_each(|_| chain.bundle());
	// They arrive during the first bundle. The second one is executed in the idle time of the block that executes the first one,
	// because that block has the whole core.
	assert_eq!(chain.with_full_core, [1, 11]);
	let short = chain.bundles.iter().filter(|blocks| **blocks < RATE).count();
	assert!(short == 2 && chain.bundles[1] == 1 && chain.bundles[11] == 1, "{:?}", chain.bundles);
	assert_eq!(chain.processed, 23);
	assert_eq!(chain.waiting(AggregateMessageOrigin::Parent), 0);
}

#[test]
fn a_flood_from_another_parachain_ends_no_bundle_and_no_message_is_dropped() {
	let mut chain = Chain::new();
	let message = VersionedXcm::from(Xcm::<()>(vec![SetTopic([7; 32])])).encode();
	let in_a_page = (MAX_MESSAGE_SIZE as usize - 1) / message.len();
	let mut page = XcmpMessageFormat::ConcatenatedVersionedXcm.encode();
	(0..in_a_page).for_each(|_| page.extend_from_slice(&message));
	// More than a core can take in at once.
	let pages = 35;
	for _ in 0..pages {
		chain.inbound.send_across(SIBLING, RELAY.number + 1, page.clone());
	}
	(0..2).for_each(|_| chain.bundle());
	assert_eq!(chain.bundles, [RATE; 2]);
	let waiting = chain.waiting(AggregateMessageOrigin::Sibling(SIBLING.into()));
	assert_eq!(chain.processed + waiting, pages * in_a_page);
}
