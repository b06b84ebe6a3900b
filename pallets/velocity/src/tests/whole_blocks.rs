// SPDX-License-Identifier: Apache-2.0

//! The verdict before a block is the verdict on the block: for any history, the API says yes exactly
//! if hook and parachain-system accept.
//!
//! Blocks are whole as far as the two pallets go: the real parachain-system executes the inherent, on
//! a relay chain's state proof with the descendants that the relay parent offset asks for.

use crate::{mock::*, Authored};
use codec::Encode;
use conveyor_primitives::{admission::limits_at, Limits, Refusal, Start};
use cumulus_pallet_parachain_system::{
	parachain_inherent::{BasicParachainInherentData, InboundMessagesData},
	UnincludedSegment,
};
use cumulus_primitives_core::{relay_chain::HeadData, PersistedValidationData};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{storage::with_transaction_unchecked, traits::Hooks};
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::{generic, traits::BlakeTwo256, TransactionOutcome};
use std::{
	cell::RefCell,
	collections::BTreeMap,
	panic::{catch_unwind, AssertUnwindSafe},
};

type Header = generic::Header<u64, BlakeTwo256>;

/// One attempt to build a block.
#[derive(Clone, Debug)]
struct Step {
	/// How far the relay slot moves: mostly by one.
	relay_slots: i64,
	/// How many more blocks have become included.
	included: usize,
	/// The core that the block is for, among how many.
	core: (u8, u16),
	/// Whether the block is the last of its bundle.
	is_last: bool,
	/// Limits that are scheduled in this block, and whether for now or for the next relay block.
	schedule: Option<(Limits, bool)>,
}

fn limits() -> impl Strategy<Value = Limits> {
	(1..5u32, 0..4u32, 0..10u32).prop_map(|(rate, more_velocity, more_capacity)| Limits {
		velocity: rate + more_velocity,
		capacity: rate + more_capacity,
		target_block_rate: rate,
	})
}

fn step() -> impl Strategy<Value = Step> {
	(
		prop_oneof![8 => Just(0i64), 6 => Just(1), 1 => Just(2), 1 => Just(-1)],
		prop_oneof![3 => Just(0usize), 2 => 1..4usize, 1 => 4..9usize],
		(0..3u8, 1..4u16),
		any::<bool>(),
		proptest::option::weighted(0.2, (limits(), any::<bool>())),
	)
		.prop_map(|(relay_slots, included, core, is_last, schedule)| Step {
			relay_slots,
			included,
			core,
			is_last,
			schedule,
		})
}

/// A chain, and what its next block is built on.
#[derive(Clone)]
struct Chain {
	headers: Vec<Header>,
	/// Place in `headers` of the latest included one.
	included: usize,
	relay_slot: u64,
	/// The place of the next block in its bundle.
	index: u8,
}

impl Chain {
	fn new() -> Self {
		let genesis = <Header as sp_runtime::traits::Header>::new(
			0,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		Self { headers: vec![genesis], included: 0, relay_slot: 100, index: 0 }
	}

	/// What the API says to a block, and whether it is accepted. An accepted one becomes part of the
	/// chain.
	fn attempt(&mut self, step: &Step) -> (Result<u32, Refusal>, bool) {
		let mut next = self.clone();
		next.relay_slot = (self.relay_slot as i64 + step.relay_slots) as u64;
		// Not the newest one: the collator does not ask if nothing is under way.
		next.included = (self.included + step.included).min(self.headers.len().saturating_sub(2));

		let included = next.headers[next.included].hash();
		let verdict = Velocity::admission(included, next.relay_slot.into());
		let accepted = with_transaction_unchecked(|| {
			match catch_unwind(AssertUnwindSafe(|| next.build(step))) {
				Ok(header) => TransactionOutcome::Commit(Some(header)),
				Err(_) => {
					// The inherent has a storage layer of its own, which the panic has left open.
					sp_io::storage::rollback_transaction();
					TransactionOutcome::Rollback(None)
				},
			}
		});
		if let Some(header) = accepted.clone() {
			next.headers.push(header);
			next.index = if step.is_last { 0 } else { next.index + 1 };
			*self = next;
		}
		(verdict.map(|admission| admission.room), accepted.is_some())
	}

	/// Execute the next block.
	fn build(&self, step: &Step) -> Header {
		let parent = self.headers.last().expect("there is a genesis");
		let number = parent.number + 1;
		let relay_parent = self.relay_slot as u32;
		let place = Place { bundle: Some((self.index, step.is_last)), core: Some(step.core) };
		System::reset_events();
		System::initialize(&number, &parent.hash(), &place.digest());
		ParachainSystem::on_initialize(number);
		Velocity::on_initialize(number);
		set_para_slot(self.relay_slot);

		let proof = RelayStateSproofBuilder {
			para_id: Default::default(),
			current_slot: self.relay_slot.into(),
			included_para_head: Some(HeadData(self.headers[self.included].encode())),
			..Default::default()
		};
		let (relay_parent_storage_root, relay_chain_state, relay_parent_descendants) =
			match RelayParentOffset::get() {
				0 => {
					let (root, proof) = proof.into_state_root_and_proof();
					(root, proof, vec![])
				},
				offset => proof.into_state_root_proof_and_descendants(offset.into()),
			};
		let data = BasicParachainInherentData {
			validation_data: PersistedValidationData {
				parent_head: HeadData(parent.encode()),
				relay_parent_number: relay_parent,
				relay_parent_storage_root,
				max_pov_size: 1 << 20,
			},
			relay_chain_state,
			relay_parent_descendants,
			collator_peer_id: None,
		};
		let inbound_messages_data =
			InboundMessagesData::new(Default::default(), Default::default());
		ParachainSystem::set_validation_data(RawOrigin::None.into(), data, inbound_messages_data)
			.expect("the inherent does not fail, it panics");
		if let Some((limits, now)) = step.schedule {
			let at = if now { Start::Now } else { Start::RelayBlock(relay_parent + 1) };
			Velocity::schedule_limits(RawOrigin::Root.into(), limits, at).expect("valid");
		}
		ParachainSystem::on_finalize(number);
		Velocity::on_finalize(number);
		System::finalize()
	}
}

/// How often the API said what.
type Counts = BTreeMap<&'static str, u32>;

fn compare(offset: u32, limits: Limits, steps: &[Step], counts: &mut Counts) {
	new_test_ext_with(limits).execute_with(|| {
		RelayParentOffset::set(offset);
		let mut chain = Chain::new();
		for step in steps {
			let before = Velocity::limits();
			let slot = ((chain.relay_slot as i64 + step.relay_slots) as u64).into();
			let in_force = limits_at(&before, Authored::<Test>::get(), slot);
			let (verdict, accepted) = chain.attempt(step);
			assert_eq!(verdict.is_ok(), accepted, "{verdict:?} at {step:?} under {before:?}");
			let what = match verdict {
				Ok(_) => "accepted",
				Err(Refusal::SegmentFull { .. }) => "segment full",
				Err(Refusal::VelocityReached { .. }) => "velocity reached",
				Err(Refusal::RelaySlotMovedBackwards { .. }) => "relay slot moved backwards",
				Err(Refusal::BundleDoesNotFit { .. }) => "bundle does not fit",
				Err(Refusal::LimitsChanged { .. }) => "limits changed",
			};
			*counts.entry(what).or_default() += 1;
			let changed = Velocity::limits() != before;
			*counts.entry("changes of the limits").or_default() += u32::from(changed);
			let length = UnincludedSegment::<Test>::decode_len().unwrap_or(0);
			assert!(length as u32 <= in_force.capacity || !accepted, "the segment is bounded");
		}
	});
}

/// Bundles, one to three cores, limits that change at any time; the relay parent offset is `offset`.
fn verdict_is_acceptance(offset: u32, histories: u32) {
	let counts = RefCell::new(Counts::new());
	let mut runner = TestRunner::new(ProptestConfig {
		cases: histories,
		failure_persistence: None,
		..Default::default()
	});
	let input = (limits(), proptest::collection::vec(step(), 1..14));
	let result = without_back_traces(|| {
		runner.run(&input, |(limits, steps)| {
			compare(offset, limits, &steps, &mut counts.borrow_mut());
			Ok(())
		})
	});
	result.unwrap();
	let counts = counts.into_inner();
	println!("offset {offset}, {histories} histories: {counts:?}");
	// The histories must be worth comparing: every verdict, and changes.
	assert_eq!(counts.len(), 7, "{counts:?}");
	assert!(counts.values().all(|count| *count > histories / 100), "{counts:?}");
}

#[test]
fn the_verdict_is_the_acceptance_without_an_offset() {
	verdict_is_acceptance(0, 6_000);
}

#[test]
fn the_verdict_is_the_acceptance_one_relay_block_behind_the_tip() {
	verdict_is_acceptance(1, 2_500);
}

#[test]
fn the_verdict_is_the_acceptance_two_relay_blocks_behind_the_tip() {
	verdict_is_acceptance(2, 2_500);
}
