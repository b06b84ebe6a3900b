// SPDX-License-Identifier: Apache-2.0

//! Differential tests: for equal limits, the pallet accepts the same blocks as the SDK's
//! `FixedVelocityConsensusHook` and parachain-system together. The only difference: the pallet rejects the
//! first block of a bundle that does not fit ([`Refusal::BundleDoesNotFit`]). With the SDK's hook the
//! collator discards the bundle at the block that does not fit: see `tests/bundles.rs`.
//!
//! Both hooks run the same random history, each with its own storage. A step that the pallet rejects is
//! rolled back for both, as by the block builder.

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

/// Functions and limits of the SDK's hook.
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
	/// Change of the relay slot: mostly 0 or 1, sometimes negative.
	relay_slots: i64,
	/// Difference between the para slot and the right one.
	para_slot_error: i64,
	/// Length of the unincluded segment, in blocks.
	segment: u8,
	/// Index in the segment of the latest included block, if any.
	included: Option<u8>,
	/// Core index and number of cores in the parent's digest, if any.
	parent_core: Option<(u8, u16)>,
	/// Core index and number of cores in the block's digest, if any.
	core: Option<(u8, u16)>,
	/// Index in the bundle, and whether it is the last block, in the parent's digest, if any.
	parent: Option<(u8, bool)>,
}

impl Step {
	/// Returns the position of the block, which follows from that of the parent.
	fn block(&self) -> Position {
		let after = |(index, is_last)| if is_last { (0, false) } else { (index + 1, true) };
		Position { bundle: self.parent.map(after), core: self.core }
	}
}

/// Generates core information, mostly not of the last core, or none.
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

/// Runs `hook`. Rolls back its storage changes if it panics.
fn run<R>(hook: impl FnOnce() -> R) -> Option<R> {
	frame_support::storage::with_transaction_unchecked(|| {
		match catch_unwind(AssertUnwindSafe(hook)) {
			Ok(result) => TransactionOutcome::Commit(Some(result)),
			Err(_) => TransactionOutcome::Rollback(None),
		}
	})
}

/// Number of outcomes.
#[derive(Debug, Default)]
struct Totals {
	accepted: u32,
	/// Accepted blocks that are not for the last core of their relay slot.
	before_the_last_core: u32,
	rejected_by_both: u32,
	/// First blocks of bundles that do not fit, rejected by the pallet only.
	bundles_rejected: u32,
}

/// Runs one history with both hooks.
fn compare(sdk: &Sdk, steps: &[Step], totals: &mut Totals) {
	new_test_ext_with(sdk.limits).execute_with(|| {
		let (mut relay_slot, mut first) = (100i64, true);
		for step in steps {
			let slot_now = relay_slot + step.relay_slots;
			let slot = Slot::from(slot_now as u64);
			set_segment(step.segment);
			let included = step.included.filter(|n| *n < step.segment);
			let included_hash = included.map(block_hash).unwrap_or_default();

			initialize(Position { bundle: step.parent, core: step.parent_core });
			let verdict = Velocity::admission(included_hash, slot);
			let bundle_does_not_fit = matches!(verdict, Err(Refusal::BundleDoesNotFit { .. }));
			// Before its first block the SDK's hook does not check the segment. On a real chain it is
			// empty then.
			let sdk_admits =
				(sdk.can_build_upon)(included_hash, slot) && (!first || verdict.is_ok());
			assert_eq!(
				verdict.is_ok(),
				sdk_admits && !bundle_does_not_fit,
				"can_build_upon differs at {step:?}",
			);

			initialize(step.block());
			set_para_slot((slot_now + step.para_slot_error) as u64);
			let proof = state_proof_with(slot_now as u64, included);
			let within = admission_of_current(included_hash, slot);
			let bundle_does_not_fit = matches!(within, Err(Refusal::BundleDoesNotFit { .. }));
			if let Err(Refusal::BundleDoesNotFit { needed, room }) = within {
				let (core, cores) = step.core.unwrap_or((0, 1));
				let rate = sdk.limits.target_block_rate;
				let plan = plan(rate, cores.into(), Duration::ZERO, false);
				// At most one core per block is used.
				let planned = plan.get(usize::from(core)).map_or(1, |core| core.blocks.len());
				assert_eq!(needed as usize, planned, "at {step:?}");
				assert!(needed > room, "at {step:?}");
			}
			let velocity = run(|| Velocity::on_state_proof(&proof).1);
			// parachain-system's check of the capacity.
			let length = step.segment - included.map_or(0, |n| n + 1);
			let sdk_result = run(|| {
				let capacity = (sdk.on_state_proof)(&proof);
				assert!(u32::from(length) < sdk.limits.capacity, "no space left");
				if bundle_does_not_fit {
					panic!("rolled back: the pallet rejected it");
				}
				capacity
			});
			assert_eq!(velocity, sdk_result, "the results differ at {step:?}");
			match velocity {
				Some(_) => {
					(relay_slot, first) = (slot_now, false);
					totals.accepted += 1;
					let before_the_last =
						step.core.is_some_and(|(core, cores)| u16::from(core) + 1 < cores);
					totals.before_the_last_core += u32::from(before_the_last);
				},
				None if bundle_does_not_fit => totals.bundles_rejected += 1,
				None => totals.rejected_by_both += 1,
			}
		}
	});
}

#[test]
fn accepts_the_same_blocks_as_the_sdk() {
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
	// The histories cover all outcomes.
	let Totals { accepted, before_the_last_core, rejected_by_both, bundles_rejected } = totals;
	assert!(
		accepted > HISTORIES
			&& before_the_last_core > HISTORIES / 3
			&& rejected_by_both > HISTORIES
			&& bundles_rejected > HISTORIES / 20,
	);
}
