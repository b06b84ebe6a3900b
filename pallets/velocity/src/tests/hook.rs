// SPDX-License-Identifier: Apache-2.0

//! The consensus hook: admitted blocks, and the panics of rejected ones.

use crate::{mock::*, Authored, CurrentLimits};
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
			rest: RestOfSlot::Current
		}),
	);
}

#[test]
fn limits_are_stored_or_initial() {
	at(10, || {
		assert_eq!(Velocity::limits(), LIMITS);
		assert_eq!(Velocity::limits(), CurrentLimits::<Test>::get());
		CurrentLimits::<Test>::kill();
		assert_eq!(Velocity::limits(), INITIAL_LIMITS);
		assert_eq!(Velocity::limits(), CurrentLimits::<Test>::get());
		// A short value, which no call stores, is not padded with zeros.
		sp_io::storage::set(&CurrentLimits::<Test>::hashed_key(), &[7; 5]);
		assert_eq!(Velocity::limits(), INITIAL_LIMITS);
		assert_eq!(Velocity::limits(), CurrentLimits::<Test>::get());
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
fn two_blocks_above_the_velocity_are_rejected() {
	at(10, || (0..4).for_each(|_| run_hook(10)));
}

#[test]
fn the_count_restarts_with_the_relay_slot() {
	at(10, || {
		(0..3).for_each(|_| run_hook(10));
		set_para_slot(11);
		run_hook(11);
		assert_authored(11, 1);
	});
}

#[test]
#[should_panic(
	expected = "the relay slot moved backwards: the last block was built at relay slot 10, this block at 9"
)]
fn a_lower_relay_slot_is_rejected() {
	at(10, || {
		run_hook(10);
		set_para_slot(9);
		run_hook(9);
	});
}

#[test]
fn a_rejected_block_is_not_counted() {
	at(10, || {
		(0..3).for_each(|_| run_hook(10));
		let panicked = std::panic::catch_unwind(|| run_hook(10));
		assert!(panicked.is_err());
		assert_authored(10, 3);
	});
}

/// Para slots that are shorter than, equal to and longer than relay slots, with their boundaries.
#[test]
fn the_para_slot_must_contain_the_start_of_the_relay_slot() {
	let accepted = [
		(2_000, 30, 10),
		(6_000, 10, 10),
		(24_000, 1, 7),
		(24_000, 2, 8),
		(24_000, 2, 11),
		(24_000, 3, 12),
	];
	let rejected = [
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
	for case @ (_, para_slot, relay_slot) in rejected {
		let panic = std::panic::catch_unwind(|| run(case)).expect_err("the hook rejects the block");
		let text = panic.downcast_ref::<String>().expect("the text is formatted");
		assert!(
			text.contains(&format!("slot is {para_slot}, but relay slot {relay_slot} starts")),
			"{text}",
		);
	}
}

#[test]
fn a_slot_duration_of_0_is_rejected() {
	let panic = std::panic::catch_unwind(|| {
		at(0, || {
			ParaSlotDuration::set(0);
			run_hook(10);
		})
	})
	.expect_err("the hook rejects the block");
	let text = panic.downcast_ref::<String>().expect("the text is formatted");
	assert!(text.contains("starts in para slot None"), "{text}");
}

#[test]
fn the_first_block_is_admitted() {
	at(10, || {
		assert_eq!(Velocity::admission(Default::default(), 10.into()), Ok(Admission { room: 3 }),);
	});
}

#[test]
fn the_admission_returns_the_reason() {
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
#[should_panic(expected = "the unincluded segment is full: it has 3 blocks, the capacity is 3")]
fn a_block_above_the_capacity_is_rejected() {
	at(10, || {
		set_segment(3);
		run_hook(10);
	});
}

#[test]
fn an_included_block_makes_room() {
	at(10, || {
		set_segment(3);
		Velocity::on_state_proof(&state_proof_with(10, Some(0)));
		assert_authored(10, 1);
	});
}

#[test]
#[should_panic(expected = "no included head in the relay chain's state proof: ParaHead")]
fn a_proof_without_an_included_head_is_rejected() {
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

/// Returns the room, or the refusal, before a block and in the block.
fn room_before_and_in(
	parent: Position,
	block: Position,
	relay_slot: u64,
) -> (Result<u32, Refusal>, Result<u32, Refusal>) {
	initialize(parent);
	let before = Velocity::admission(Default::default(), relay_slot.into());
	initialize(block);
	let within = admission_of_current(Default::default(), relay_slot.into());
	(before.map(|admission| admission.room), within.map(|admission| admission.room))
}

#[test]
fn the_first_block_of_a_bundle_needs_room_for_the_bundle() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	let bundle = |index, is_last| Position { bundle: Some((index, is_last)), core: None };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		let refusal = Err(Refusal::BundleDoesNotFit { needed: 3, room: 2 });
		// After the last block of a bundle.
		assert_eq!(room_before_and_in(bundle(2, true), bundle(0, false), 10), (refusal, refusal));
		// Within a bundle.
		assert_eq!(room_before_and_in(bundle(0, false), bundle(1, false), 10), (Ok(2), Ok(2)));
		// Without bundle information in its digest, a block is a single block. The state before it
		// assumes a bundle.
		assert_eq!(
			room_before_and_in(Position::default(), Position::default(), 10),
			(refusal, Ok(2))
		);
		set_segment(2);
		assert_eq!(room_before_and_in(bundle(2, true), bundle(0, false), 10), (Ok(3), Ok(3)));
	});
}

#[test]
fn more_cores_make_shorter_bundles() {
	let limits = Limits { velocity: 3, capacity: 4, target_block_rate: 3 };
	let at = |cores| Position { bundle: Some((0, true)), core: Some((0, cores)) };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		let rooms = |before, now| room_before_and_in(at(before), at(now), 10);
		let refusal = |needed| Err(Refusal::BundleDoesNotFit { needed, room: 1 });
		assert_eq!(rooms(1, 1), (refusal(3), refusal(3)));
		assert_eq!(rooms(2, 2), (refusal(2), refusal(2)));
		assert_eq!(rooms(3, 3), (Ok(1), Ok(1)));
		// The state before a block assumes the parent's number of cores. The block's digest has its own.
		assert_eq!(rooms(3, 1), (Ok(1), refusal(3)));
		assert_eq!(rooms(1, 3), (refusal(3), Ok(1)));
	});
}

#[test]
#[should_panic(expected = "the bundle does not fit: it has 3 blocks, there is room for 2")]
fn a_bundle_that_does_not_fit_is_rejected_in_its_first_block() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	new_test_ext_with(limits).execute_with(|| {
		set_segment(3);
		initialize(Position { bundle: Some((0, false)), core: None });
		set_para_slot(10);
		run_hook(10);
	});
}

#[test]
fn next_block_returns_room_or_reason_and_wait() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	new_test_ext_with(limits).execute_with(|| {
		assert_eq!(Velocity::next_block().relay_slot, None, "before the first block");
		assert_eq!(Velocity::next_block().room, 4);
		initialize(Position { bundle: Some((2, true)), core: None });
		set_para_slot(10);
		run_hook(10);
		set_segment(1);
		let now = Velocity::next_block();
		assert_eq!((now.relay_slot, now.room, now.refusal), (Some(10.into()), 3, None));
		assert_eq!((now.wait_for_relay_slot, now.wait_for_inclusions), (None, 0));
		// The target is reached: the next bundle needs the next relay slot and room for 3 blocks.
		run_hook(10);
		run_hook(10);
		set_segment(5);
		let full = Velocity::next_block();
		assert_eq!(full.refusal, Some(Refusal::SegmentFull { length: 5, capacity: 5 }));
		assert_eq!(full.room, 0);
		assert_eq!((full.wait_for_relay_slot, full.wait_for_inclusions), (Some(11.into()), 3));
		set_segment(2);
		let reached = Velocity::next_block();
		assert_eq!(reached.refusal, Some(Refusal::BundleDoesNotFit { needed: 3, room: 1 }));
		assert_eq!(
			(reached.wait_for_relay_slot, reached.wait_for_inclusions),
			(Some(11.into()), 0)
		);
		// Within a bundle one block is admitted after one inclusion.
		initialize(Position { bundle: Some((0, false)), core: None });
		set_segment(5);
		assert_eq!(Velocity::next_block().wait_for_inclusions, 1);
	});
}
