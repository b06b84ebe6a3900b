// SPDX-License-Identifier: Apache-2.0

//! For equal limits, the pallet accepts exactly what the SDK's `FixedVelocityConsensusHook` and
//! parachain-system accept together, with one difference that is meant: a bundle is not begun that
//! would not get to its end ([`Refusal::BundleDoesNotFit`]). The SDK's hook begins it, and the
//! collator throws it away at the block that does not fit; see `tests/bundles.rs`.
//!
//! Both hooks live through the same random history, each with its own storage. A step that ours
//! refuses is undone, as the block builder would.

use crate::mock::*;
use conveyor_primitives::{plan::plan, Limits, Refusal};
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::{
	consensus_hook::{ConsensusHook, UnincludedSegmentCapacity},
	RelayChainStateProof,
};
use proptest::prelude::*;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::TransactionOutcome;
use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	time::Duration,
};

/// The two questions that a runtime asks the SDK's hook, and its velocity and capacity.
struct Sdk {
	limits: Limits,
	on_state_proof: fn(&RelayChainStateProof) -> UnincludedSegmentCapacity,
	can_build_upon: fn(H256, Slot) -> bool,
}

fn sdk<const V: u32, const C: u32, const RATE: u32>() -> Sdk {
	Sdk {
		limits: Limits { velocity: V, capacity: C, target_block_rate: RATE },
		on_state_proof: |proof| {
			FixedVelocityConsensusHook::<Test, 6_000, V, C>::on_state_proof(proof).1
		},
		can_build_upon: FixedVelocityConsensusHook::<Test, 6_000, V, C>::can_build_upon,
	}
}

fn sdk_hooks() -> [fn() -> Sdk; 8] {
	[
		sdk::<1, 1, 1>,
		sdk::<1, 2, 1>,
		sdk::<1, 4, 1>,
		sdk::<2, 3, 2>,
		sdk::<2, 8, 1>,
		sdk::<3, 4, 3>,
		sdk::<3, 12, 2>,
		sdk::<6, 6, 6>,
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
	/// The core of the parent among those of its relay slot, if its digest has it.
	parent_core: Option<(u8, u16)>,
	/// The same of the block.
	core: Option<(u8, u16)>,
	/// What the parent's digest says of its place in a bundle.
	parent: Option<(u8, bool)>,
}

impl Step {
	/// The place of the block, in a bundle as it must be after that of the parent.
	fn block(&self) -> Place {
		let after = |(index, is_last)| if is_last { (0, false) } else { (index + 1, true) };
		Place { bundle: self.parent.map(after), core: self.core }
	}
}

/// A core, mostly not the last one, or no word of cores.
fn core() -> impl Strategy<Value = Option<(u8, u16)>> {
	let core = (1..5u16).prop_flat_map(|cores| (0..cores as u8, Just(cores)));
	proptest::option::weighted(0.9, core)
}

fn step() -> impl Strategy<Value = Step> {
	(
		prop_oneof![4 => Just(0i64), 3 => Just(1), 1 => 2..4i64, 1 => -2..0i64],
		prop_oneof![9 => Just(0i64), 1 => -1..=1i64],
		0..13u8,
		proptest::option::of(0..13u8),
		(core(), core()),
		proptest::option::of((0..3u8, any::<bool>())),
	)
		.prop_map(
			|(relay_slots, para_slot_error, segment, included, (parent_core, core), parent)| Step {
				relay_slots,
				para_slot_error,
				segment,
				included,
				parent_core,
				core,
				parent,
			},
		)
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

/// What came of some histories.
#[derive(Debug, Default)]
struct Totals {
	accepted: u32,
	/// Those of them that are for a core before the last one of their relay slot.
	before_the_last_core: u32,
	refused_by_both: u32,
	/// Refused by ours alone, as the beginning of a bundle that does not fit.
	bundles_not_begun: u32,
}

/// One history under both hooks.
fn compare(sdk: &Sdk, steps: &[Step], totals: &mut Totals) {
	new_test_ext_with(sdk.limits).execute_with(|| {
		let (mut relay_slot, mut first) = (100i64, true);
		for step in steps {
			let slot_now = relay_slot + step.relay_slots;
			let slot = Slot::from(slot_now as u64);
			set_segment(step.segment);
			let included = step.included.filter(|n| *n < step.segment);
			let included_hash = included.map(block_hash).unwrap_or_default();

			initialize(Place { bundle: step.parent, core: step.parent_core });
			let verdict = Velocity::admission(included_hash, slot);
			let bundle_does_not_fit = matches!(verdict, Err(Refusal::BundleDoesNotFit { .. }));
			// Before its first block the SDK's hook does not look at the segment, which is empty then
			// on any real chain.
			let theirs = (sdk.can_build_upon)(included_hash, slot) && (!first || verdict.is_ok());
			assert_eq!(
				verdict.is_ok(),
				theirs && !bundle_does_not_fit,
				"can_build_upon differs at {step:?}",
			);

			initialize(step.block());
			set_para_slot((slot_now + step.para_slot_error) as u64);
			let proof = state_proof_with(slot_now as u64, included);
			let within = verdict_on_this(included_hash, slot);
			let bundle_does_not_fit = matches!(within, Err(Refusal::BundleDoesNotFit { .. }));
			if let Err(Refusal::BundleDoesNotFit { needed, room }) = within {
				let (core, cores) = step.core.unwrap_or((0, 1));
				let rate = sdk.limits.target_block_rate;
				let plan = plan(rate, cores.into(), Duration::ZERO, false);
				// More cores than blocks are not used.
				let planned = plan.get(usize::from(core)).map_or(1, |core| core.blocks.len());
				assert_eq!(needed as usize, planned, "at {step:?}");
				assert!(needed > room, "at {step:?}");
			}
			let ours = run(|| Velocity::on_state_proof(&proof).1);
			// What parachain-system does with the answer.
			let length = step.segment - included.map_or(0, |n| n + 1);
			let theirs = run(|| {
				let capacity = (sdk.on_state_proof)(&proof);
				assert!(u32::from(length) < sdk.limits.capacity, "no space left");
				if bundle_does_not_fit {
					panic!("undone: ours has refused it");
				}
				capacity
			});
			assert_eq!(ours, theirs, "the verdicts differ at {step:?}");
			match ours {
				Some(_) => {
					(relay_slot, first) = (slot_now, false);
					totals.accepted += 1;
					let before_the_last =
						step.core.is_some_and(|(core, cores)| u16::from(core) + 1 < cores);
					totals.before_the_last_core += u32::from(before_the_last);
				},
				None if bundle_does_not_fit => totals.bundles_not_begun += 1,
				None => totals.refused_by_both += 1,
			}
		}
	});
}

#[test]
fn accepts_what_the_sdk_accepts() {
	const HISTORIES: u32 = 10_000;
	let totals = std::cell::RefCell::new(Totals::default());
	let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
		cases: HISTORIES,
		failure_persistence: None,
		..Default::default()
	});
	let histories = (0..sdk_hooks().len(), proptest::collection::vec(step(), 1..16));
	let result = without_back_traces(|| {
		runner.run(&histories, |(hook, steps)| {
			compare(&sdk_hooks()[hook](), &steps, &mut totals.borrow_mut());
			Ok(())
		})
	});
	result.unwrap();
	let totals = totals.into_inner();
	println!("{HISTORIES} histories: {totals:?}");
	// The histories must be worth comparing.
	let Totals { accepted, before_the_last_core, refused_by_both, bundles_not_begun } = totals;
	assert!(
		accepted > HISTORIES
			&& before_the_last_core > HISTORIES / 3
			&& refused_by_both > HISTORIES
			&& bundles_not_begun > HISTORIES / 20,
	);
}
