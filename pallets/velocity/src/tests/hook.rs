// SPDX-License-Identifier: Apache-2.0

//! What the consensus hook accepts, and what it says when it does not.

use crate::{mock::*, Authored, Limits as StoredLimits};
use conveyor_primitives::{Admission, AuthoredInSlot, Limits, Refusal, RestOfSlot};
use core::num::NonZeroU32;
use cumulus_pallet_parachain_system::consensus_hook::ConsensusHook;

const LIMITS: Limits = Limits { velocity: 2, capacity: 3, target_block_rate: 1 };

fn run_hook(relay_slot: u64) {
	let (_, capacity) = Velocity::on_state_proof(&state_proof(relay_slot));
	assert_eq!(capacity, NonZeroU32::new(Velocity::limits().capacity).unwrap().into());
}

fn at(para_slot: u64, test: impl FnOnce()) {
	new_test_ext_with(LIMITS).execute_with(|| {
		set_para_slot(para_slot);
		test();
	})
}

fn assert_authored(relay_slot: u64, blocks: u32) {
	assert_eq!(
		Authored::<Test>::get(),
		Some(AuthoredInSlot {
			relay_slot: relay_slot.into(),
			blocks,
			last_core: true,
			rest: RestOfSlot::InForce
		}),
	);
}

#[test]
fn limits_are_those_of_the_state_or_else_of_the_code() {
	at(10, || {
		assert_eq!(Velocity::limits(), LIMITS);
		assert_eq!(Velocity::limits(), StoredLimits::<Test>::get());
		StoredLimits::<Test>::kill();
		assert_eq!(Velocity::limits(), INITIAL_LIMITS);
		assert_eq!(Velocity::limits(), StoredLimits::<Test>::get());
		// No call stores a short value. If there is one, it is not padded with zeros.
		sp_io::storage::set(&StoredLimits::<Test>::hashed_key(), &[7; 5]);
		assert_eq!(Velocity::limits(), INITIAL_LIMITS);
		assert_eq!(Velocity::limits(), StoredLimits::<Test>::get());
	});
}

#[test]
fn blocks_of_a_relay_slot_are_counted() {
	at(10, || {
		for blocks in 1..=3 {
			run_hook(10);
			assert_authored(10, blocks);
		}
	});
}

#[test]
#[should_panic(
	expected = "the velocity is reached: 3 blocks were built at relay slot 10, the velocity is 2"
)]
fn two_blocks_beyond_the_velocity_are_refused() {
	at(10, || (0..4).for_each(|_| run_hook(10)));
}

#[test]
fn the_count_starts_anew_with_the_relay_slot() {
	at(10, || {
		(0..3).for_each(|_| run_hook(10));
		set_para_slot(11);
		run_hook(11);
		assert_authored(11, 1);
	});
}

#[test]
#[should_panic(
	expected = "the relay slot moved backwards: the last block was built at 10, this one claims 9"
)]
fn the_relay_slot_does_not_move_backwards() {
	at(10, || {
		run_hook(10);
		set_para_slot(9);
		run_hook(9);
	});
}

#[test]
fn a_refused_block_leaves_the_count_alone() {
	at(10, || {
		(0..3).for_each(|_| run_hook(10));
		let panicked = std::panic::catch_unwind(|| run_hook(10));
		assert!(panicked.is_err());
		assert_authored(10, 3);
	});
}

/// Every relation of the two slot durations: para slots shorter than, as long as and longer than
/// relay slots, and at their boundaries.
#[test]
fn the_para_slot_is_the_one_in_which_the_relay_slot_begins() {
	let accepted = [
		(2_000, 30, 10),
		(6_000, 10, 10),
		(24_000, 1, 7),
		(24_000, 2, 8),
		(24_000, 2, 11),
		(24_000, 3, 12),
	];
	let refused = [
		(24_000, 2, 7),
		(24_000, 2, 12),
		(2_000, 29, 10),
		(2_000, 31, 10),
		(6_000, 9, 10),
		(6_000, 11, 10),
		(6_000, 1, 10),
	];
	let run = |(para_slot_duration, para_slot, relay_slot)| {
		new_test_ext_with(LIMITS).execute_with(|| {
			ParaSlotDuration::set(para_slot_duration);
			set_para_slot(para_slot);
			run_hook(relay_slot);
		})
	};
	accepted.into_iter().for_each(run);
	for case @ (_, para_slot, relay_slot) in refused {
		let panic = std::panic::catch_unwind(|| run(case)).expect_err("must be refused");
		let text = panic.downcast_ref::<String>().expect("the text is formatted");
		assert!(
			text.contains(&format!("it is {para_slot}, relay slot {relay_slot} begins")),
			"{text}",
		);
	}
}

#[test]
fn a_slot_duration_of_zero_is_refused_without_dividing_by_it() {
	let panic = std::panic::catch_unwind(|| {
		at(0, || {
			ParaSlotDuration::set(0);
			run_hook(10);
		})
	})
	.expect_err("must be refused");
	let text = panic.downcast_ref::<String>().expect("the text is formatted");
	assert!(text.contains("begins in para slot None"), "{text}");
}

#[test]
fn the_first_block_may_always_be_built() {
	at(10, || {
		assert_eq!(Velocity::admission(Default::default(), 10.into()), Ok(Admission { room: 3 }),);
	});
}

#[test]
fn the_verdict_names_what_stands_in_the_way() {
	at(10, || {
		run_hook(10);
		set_segment(3);
		assert_eq!(
			Velocity::admission(Default::default(), 10.into()),
			Err(Refusal::SegmentFull { length: 3, capacity: 3 }),
		);
		// The oldest block is included.
		assert_eq!(Velocity::admission(block_hash(0), 10.into()), Ok(Admission { room: 1 }));
		assert_eq!(Velocity::admission(block_hash(2), 10.into()), Ok(Admission { room: 2 }));
		assert_eq!(
			Velocity::admission(block_hash(0), 9.into()),
			Err(Refusal::RelaySlotMovedBackwards { last: 10.into(), new: 9.into() }),
		);
		set_segment(0);
		run_hook(10);
		run_hook(10);
		set_segment(1);
		assert_eq!(
			Velocity::admission(block_hash(0), 10.into()),
			Err(Refusal::VelocityReached { relay_slot: 10.into(), authored: 3, velocity: 2 }),
		);
		assert!(Velocity::can_build_upon(block_hash(0), 11.into()));
	});
}

#[test]
#[should_panic(
	expected = "the unincluded segment is full: 3 blocks are under way, the capacity is 3"
)]
fn a_block_beyond_the_capacity_is_refused() {
	at(10, || {
		set_segment(3);
		run_hook(10);
	});
}

#[test]
fn a_block_that_is_included_makes_room() {
	at(10, || {
		set_segment(3);
		Velocity::on_state_proof(&state_proof_with(10, Some(0)));
		assert_authored(10, 1);
	});
}

#[test]
#[should_panic(expected = "no included head in the relay chain's state proof: ParaHead")]
fn a_proof_without_an_included_head_is_refused() {
	use cumulus_pallet_parachain_system::RelayChainStateProof;
	let builder = cumulus_test_relay_sproof_builder::RelayStateSproofBuilder {
		current_slot: 10.into(),
		..Default::default()
	};
	let (root, proof) = builder.into_state_root_and_proof();
	let proof = RelayChainStateProof::new(200.into(), root, proof).unwrap();
	at(10, || {
		Velocity::on_state_proof(&proof);
	});
}

/// The verdict before a block and in it, at the same place of a bundle.
fn both_verdicts(
	parent: Place,
	block: Place,
	relay_slot: u64,
) -> (Result<u32, Refusal>, Result<u32, Refusal>) {
	initialize(parent);
	let before = Velocity::admission(Default::default(), relay_slot.into());
	initialize(block);
	let within = verdict_on_this(Default::default(), relay_slot.into());
	(before.map(|admission| admission.room), within.map(|admission| admission.room))
}

#[test]
fn the_beginning_of_a_bundle_needs_room_for_all_of_it() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	let bundle = |index, is_last| Place { bundle: Some((index, is_last)), core: None };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		let refusal = Err(Refusal::BundleDoesNotFit { needed: 3, room: 2 });
		// After the last block of a bundle.
		assert_eq!(both_verdicts(bundle(2, true), bundle(0, false), 10), (refusal, refusal));
		// In the middle of one.
		assert_eq!(both_verdicts(bundle(0, false), bundle(1, false), 10), (Ok(2), Ok(2)));
		// A collator that says nothing of bundles builds a block by itself, but it is not known
		// beforehand whether it will be that one.
		assert_eq!(both_verdicts(Place::default(), Place::default(), 10), (refusal, Ok(2)));
		set_segment(2);
		assert_eq!(both_verdicts(bundle(2, true), bundle(0, false), 10), (Ok(3), Ok(3)));
	});
}

#[test]
fn a_bundle_is_shorter_with_more_cores() {
	let limits = Limits { velocity: 3, capacity: 4, target_block_rate: 3 };
	let at = |cores| Place { bundle: Some((0, true)), core: Some((0, cores)) };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		let verdicts = |before, now| both_verdicts(at(before), at(now), 10);
		let refusal = |needed| Err(Refusal::BundleDoesNotFit { needed, room: 1 });
		assert_eq!(verdicts(1, 1), (refusal(3), refusal(3)));
		assert_eq!(verdicts(2, 2), (refusal(2), refusal(2)));
		assert_eq!(verdicts(3, 3), (Ok(1), Ok(1)));
		// The state before a block assumes as many cores as its parent had, the block knows better.
		assert_eq!(verdicts(3, 1), (Ok(1), refusal(3)));
		assert_eq!(verdicts(1, 3), (refusal(3), Ok(1)));
	});
}

#[test]
#[should_panic(expected = "the bundle does not fit: it has 3 blocks, there is room for 2")]
fn a_bundle_that_would_not_get_to_its_end_is_not_begun() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		initialize(Place { bundle: Some((0, false)), core: None });
		set_para_slot(10);
		run_hook(10);
	});
}
