// SPDX-License-Identifier: Apache-2.0

//! The API admits a block exactly if hook and parachain-system accept it, for every history, including
//! those that no collator makes. Exception: a bundle on another number of cores than the API assumes. Then
//! the block decides.
//!
//! The blocks are those of [`super::chain`]. For plans of a collator, see [`super::collator`].

use super::chain::Chain;
use crate::{mock::*, Authored};
use conveyor_primitives::{
	admission::{admission, limits_at},
	ApplyAt, Limits, Next, Refusal,
};
use cumulus_pallet_parachain_system::UnincludedSegment;
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};
use std::{cell::RefCell, collections::BTreeMap};

/// Attempt to build a block.
#[derive(Clone, Debug)]
struct Step {
	/// Change of the relay slot: mostly 0 or 1.
	relay_slots: i64,
	/// Number of newly included blocks.
	included: usize,
	/// Core index and number of cores.
	core: (u8, u16),
	/// Whether the block is the last of its bundle.
	is_last: bool,
	/// Limits that are scheduled in this block, and whether for now (or for the next relay block).
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

/// Number of results of the API, and of other cases.
type Counts = BTreeMap<&'static str, u32>;

/// Runs one step. `index` is the block's index in its bundle.
fn attempt(chain: &mut Chain, index: &mut u8, step: &Step, counts: &mut Counts) {
	let mut next = chain.clone();
	// Never the newest block: with an empty segment the collator does not call the API.
	let included = step.included.min(chain.unincluded().saturating_sub(1));
	next.advance(step.relay_slots, included);
	let (included_hash, relay_slot) = (next.included_hash(), next.relay_slot().into());

	let before = Velocity::limits();
	let last = Authored::<Test>::get();
	let applicable = limits_at(&before, last, relay_slot);
	let verdict = Velocity::admission(included_hash, relay_slot);
	// The admission in the block, whose digest has the core and the number of cores.
	let segment_length =
		cumulus_pallet_parachain_system::Pallet::<Test>::unincluded_segment_size_after(
			included_hash,
		);
	let this = match index {
		0 => Next::Bundle { core: step.core.0.into(), cores: step.core.1.into() },
		_ => Next::Block,
	};
	let expected = admission(&before, last, segment_length, relay_slot, this);

	let relay_parent = next.relay_slot() as u32;
	let position = Position { bundle: Some((*index, step.is_last)), core: Some(step.core) };
	let accepted = next.try_build(position, || {
		if let Some((limits, now)) = step.schedule {
			let at = if now { ApplyAt::Now } else { ApplyAt::RelayBlock(relay_parent + 1) };
			Velocity::schedule_limits(RawOrigin::Root.into(), limits, at).expect("valid");
		}
	});
	assert_eq!(expected.is_ok(), accepted, "{expected:?} at {step:?} with {before:?}");
	let mut count = |what| *counts.entry(what).or_default() += 1;
	if verdict != expected {
		assert_eq!(*index, 0, "{verdict:?}, {expected:?} at {step:?} with {before:?}");
		for verdict in [verdict, expected] {
			let about_cores = matches!(verdict, Ok(_) | Err(Refusal::BundleDoesNotFit { .. }));
			assert!(about_cores, "{verdict:?} at {step:?} with {before:?}");
		}
		count("the API assumed another bundle");
	}
	count(match verdict {
		Ok(_) => "accepted",
		Err(Refusal::SegmentFull { .. }) => "segment full",
		Err(Refusal::VelocityReached { .. }) => "velocity reached",
		Err(Refusal::RelaySlotMovedBackwards { .. }) => "relay slot moved backwards",
		Err(Refusal::BundleDoesNotFit { .. }) => "bundle does not fit",
		Err(Refusal::LimitsChanged { .. }) => "limits changed",
	});
	if Velocity::limits() != before {
		count("changes of the limits");
	}
	let length = UnincludedSegment::<Test>::decode_len().unwrap_or(0);
	assert!(length as u32 <= applicable.capacity || !accepted, "the segment is bounded");
	if accepted {
		*index = if step.is_last { 0 } else { *index + 1 };
		*chain = next;
	}
}

/// Compares API and blocks: bundles on one to three cores, changes of the limits at any time.
fn api_admits_what_blocks_accept(offset: u32, histories: u32) {
	let counts = RefCell::new(Counts::new());
	let mut runner = TestRunner::new(ProptestConfig {
		cases: histories,
		failure_persistence: None,
		..Default::default()
	});
	let input = (limits(), proptest::collection::vec(step(), 1..14));
	let result = without_back_traces(|| {
		runner.run(&input, |(limits, steps)| {
			new_test_ext_with(limits).execute_with(|| {
				RelayParentOffset::set(offset);
				let (mut chain, mut index) = (Chain::new(), 0);
				for step in &steps {
					attempt(&mut chain, &mut index, step, &mut counts.borrow_mut());
				}
			});
			Ok(())
		})
	});
	result.unwrap();
	let counts = counts.into_inner();
	println!("offset {offset}, {histories} histories: {counts:?}");
	// The histories cover all results and changes of the limits.
	assert_eq!(counts.len(), 8, "{counts:?}");
	assert!(counts.values().all(|count| *count > histories / 100), "{counts:?}");
}

#[test]
fn api_and_block_agree_at_relay_parent_offset_0() {
	api_admits_what_blocks_accept(0, 6_000);
}

#[test]
fn api_and_block_agree_at_relay_parent_offset_1() {
	api_admits_what_blocks_accept(1, 2_500);
}

#[test]
fn api_and_block_agree_at_relay_parent_offset_2() {
	api_admits_what_blocks_accept(2, 2_500);
}
