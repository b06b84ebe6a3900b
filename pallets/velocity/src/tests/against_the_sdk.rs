// SPDX-License-Identifier: Apache-2.0

//! For equal limits, the pallet accepts exactly what the SDK's `FixedVelocityConsensusHook` accepts.
//!
//! Both hooks live through the same random history, each with its own storage. A step that both
//! refuse is undone, as the block builder would.

use crate::mock::*;
use conveyor_primitives::Limits;
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::{
	consensus_hook::{ConsensusHook, UnincludedSegmentCapacity},
	RelayChainStateProof,
};
use proptest::prelude::*;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::TransactionOutcome;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// The two questions that a runtime asks the SDK's hook, and its velocity and capacity.
struct Sdk {
	limits: Limits,
	on_state_proof: fn(&RelayChainStateProof) -> UnincludedSegmentCapacity,
	can_build_upon: fn(H256, Slot) -> bool,
}

fn sdk<const V: u32, const C: u32>() -> Sdk {
	Sdk {
		limits: Limits { velocity: V, capacity: C, target_block_rate: 1 },
		on_state_proof: |proof| {
			FixedVelocityConsensusHook::<Test, 6_000, V, C>::on_state_proof(proof).1
		},
		can_build_upon: FixedVelocityConsensusHook::<Test, 6_000, V, C>::can_build_upon,
	}
}

fn sdk_hooks() -> [fn() -> Sdk; 8] {
	[
		sdk::<1, 1>,
		sdk::<1, 2>,
		sdk::<1, 4>,
		sdk::<2, 3>,
		sdk::<2, 8>,
		sdk::<3, 4>,
		sdk::<3, 12>,
		sdk::<6, 6>,
	]
}

#[derive(Clone, Debug)]
struct Step {
	/// How far the relay slot moves: mostly not at all or by one, sometimes backwards.
	relay_slots: i64,
	/// How far the para slot is from the right one.
	para_slot_error: i64,
	/// Blocks under way when the block is built.
	segment: u8,
	/// Which of them is the latest included one, if any.
	included: Option<u8>,
}

fn step() -> impl Strategy<Value = Step> {
	(
		prop_oneof![4 => Just(0i64), 3 => Just(1), 1 => 2..4i64, 1 => -2..0i64],
		prop_oneof![9 => Just(0i64), 1 => -1..=1i64],
		0..13u8,
		proptest::option::of(0..13u8),
	)
		.prop_map(|(relay_slots, para_slot_error, segment, included)| Step {
			relay_slots,
			para_slot_error,
			segment,
			included,
		})
}

/// Run `hook`; keep what it stored unless it refuses.
fn run<R>(hook: impl FnOnce() -> R) -> Option<R> {
	frame_support::storage::with_transaction_unchecked(|| {
		match catch_unwind(AssertUnwindSafe(hook)) {
			Ok(answer) => TransactionOutcome::Commit(Some(answer)),
			Err(_) => TransactionOutcome::Rollback(None),
		}
	})
}

/// One history under both hooks. Answers how many blocks were accepted and refused.
fn compare(sdk: &Sdk, steps: &[Step]) -> (u32, u32) {
	let (mut accepted, mut refused) = (0, 0);
	new_test_ext_with(sdk.limits).execute_with(|| {
		let mut relay_slot = 100i64;
		for step in steps {
			let slot_now = relay_slot + step.relay_slots;
			set_segment(step.segment);
			let included = step.included.map(block_hash).unwrap_or_default();
			assert_eq!(
				Velocity::can_build_upon(included, (slot_now as u64).into()),
				// Before its first block the SDK's hook does not look at the segment, which is
				// empty then on any real chain.
				(sdk.can_build_upon)(included, (slot_now as u64).into())
					&& (accepted > 0
						|| Velocity::can_build_upon(included, (slot_now as u64).into())),
				"can_build_upon differs at {step:?}",
			);

			set_para_slot((slot_now + step.para_slot_error) as u64);
			let proof = state_proof(slot_now as u64);
			let ours = run(|| Velocity::on_state_proof(&proof).1);
			let theirs = run(|| (sdk.on_state_proof)(&proof));
			assert_eq!(ours, theirs, "the verdicts differ at {step:?}");
			match ours {
				Some(_) => {
					relay_slot = slot_now;
					accepted += 1;
				},
				None => refused += 1,
			}
		}
	});
	(accepted, refused)
}

#[test]
fn accepts_what_the_sdk_accepts() {
	const HISTORIES: u32 = 10_000;
	// The hooks refuse by panicking: thousands of back traces would hide a real failure.
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let mut totals = (0, 0);
	let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
		cases: HISTORIES,
		failure_persistence: None,
		..Default::default()
	});
	let histories = (0..sdk_hooks().len(), proptest::collection::vec(step(), 1..16));
	let totals_cell = std::cell::RefCell::new(&mut totals);
	let result = runner.run(&histories, |(hook, steps)| {
		let (accepted, refused) = compare(&sdk_hooks()[hook](), &steps);
		let mut totals = totals_cell.borrow_mut();
		totals.0 += accepted;
		totals.1 += refused;
		Ok(())
	});
	std::panic::set_hook(print_panic);
	result.unwrap();
	let (accepted, refused) = totals;
	println!("{HISTORIES} histories: {accepted} blocks accepted, {refused} refused by both hooks");
	// The histories must be worth comparing.
	assert!(accepted > HISTORIES && refused > HISTORIES, "{accepted} accepted, {refused} refused");
}
