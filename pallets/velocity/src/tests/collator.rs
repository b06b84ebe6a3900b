// SPDX-License-Identifier: Apache-2.0

//! Plans of the slot-based collator: a bundle that has started completes.
//!
//! The plan is that of `block_builder_task.rs` ([`conveyor_primitives::plan`]), with changing numbers of
//! cores, a skipped block at the end of a para slot, blocks that use the full core, collators that stop
//! before the last core, and changes of the limits at any time. The blocks are those of
//! [`super::chain`].
//!
//! The relay slot always increases: a collator builds only on blocks whose relay parents are ancestors of
//! the new one (`find_parent_for_building`), and relay blocks of one chain have different slots.

use super::chain::{use_full_core, Chain};
use crate::mock::*;
use conveyor_primitives::{
	plan::{bundle_length, plan},
	ApplyAt, Limits, Refusal,
};
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::storage::with_transaction_unchecked;
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::TransactionOutcome;
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

/// Conditions of a relay slot, and deviations of the collator from its plan.
#[derive(Clone, Debug)]
pub(super) struct RelaySlot {
	/// Increase of the relay slot, at least 1.
	pub(super) relay_slots: u32,
	/// Number of newly included blocks.
	pub(super) included: usize,
	/// Number of cores of the parachain.
	pub(super) cores: u32,
	/// Whether the next relay slot belongs to another collator.
	pub(super) ends_para_slot: bool,
	/// The collator stops after this many cores.
	pub(super) stops_after: usize,
	/// Index in the relay slot of the block that uses the full core.
	pub(super) full_core: Option<u32>,
}

impl RelaySlot {
	/// Returns the next relay slot, without inclusions and deviations.
	pub(super) fn next(cores: u32) -> Self {
		Self {
			relay_slots: 1,
			included: 0,
			cores,
			ends_para_slot: false,
			stops_after: usize::MAX,
			full_core: None,
		}
	}
}

/// Outcome of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
	/// Complete, with this number of blocks.
	Sent(u32),
	/// Its only block was skipped.
	Skipped,
	/// Not started: the API rejected the first block.
	NotStarted(Refusal),
	/// Not started: the first block rejected itself.
	FirstBlockRejected,
	/// Discarded: after this number of blocks, the API rejected one.
	Discarded(u32, Refusal),
	/// Discarded: after this number of blocks, one rejected itself.
	DiscardedByBlock(u32),
}

/// Builds the blocks of a relay slot as the collator does. Calls `calls` in every block with its index in
/// the relay slot. Returns the outcomes of the bundles.
pub(super) fn use_slot(
	chain: &mut Chain,
	slot: &RelaySlot,
	mut calls: impl FnMut(u32),
) -> Vec<Fate> {
	chain.advance(slot.relay_slots.into(), slot.included);
	let cores =
		plan(Velocity::target_block_rate(), slot.cores, Duration::ZERO, slot.ends_para_slot);
	let number_of_cores = cores.len() as u16;
	let mut fates = vec![];
	let mut block_of_slot = 0;
	for core in cores.into_iter().take(slot.stops_after) {
		let mut next = chain.clone();
		let mut build = || {
			let mut built = 0;
			for block in &core.blocks {
				if let Some(Err(refusal)) = next.admission() {
					return match built {
						0 => Fate::NotStarted(refusal),
						_ => Fate::Discarded(built, refusal),
					};
				}
				if block.skipped {
					break;
				}
				let position = Position {
					bundle: Some((block.index, block.is_last)),
					core: Some((core.selector, number_of_cores)),
				};
				let full_core = slot.full_core == Some(block_of_slot);
				let accepted = next.try_build(position, || {
					calls(block_of_slot);
					if full_core {
						use_full_core();
					}
				});
				if !accepted {
					return match built {
						0 => Fate::FirstBlockRejected,
						_ => Fate::DiscardedByBlock(built),
					};
				}
				built += 1;
				block_of_slot += 1;
				if full_core {
					break;
				}
			}
			match built {
				0 => Fate::Skipped,
				_ => Fate::Sent(built),
			}
		};
		let fate = with_transaction_unchecked(|| match build() {
			fate @ Fate::Sent(_) => TransactionOutcome::Commit(fate),
			fate => TransactionOutcome::Rollback(fate),
		});
		fates.push(fate);
		match fate {
			Fate::Sent(_) => *chain = next,
			_ => break,
		}
	}
	fates
}

/// Returns the number of cores in the digest of the latest block.
fn cores_of_parent() -> u32 {
	CumulusDigestItem::find_core_info(&System::digest())
		.map_or(1, |core| core.number_of_cores.0.into())
}

const TWELVE: Limits = Limits { velocity: 12, capacity: 16, target_block_rate: 12 };

/// The chain loses 11 of 12 cores. The API assumes 12 and admits a bundle of 12 in room for 8. Its first
/// block rejects itself, so no block is discarded. The first bundle that fits completes.
#[test]
fn no_block_is_discarded_when_cores_are_lost() {
	without_back_traces(|| {
		new_test_ext_with(TWELVE).execute_with(|| {
			let mut chain = Chain::new();
			let on_twelve = use_slot(&mut chain, &RelaySlot::next(12), |_| ());
			assert_eq!(on_twelve, [Fate::Sent(1); 12]);
			for (included, room) in [(4, 8), (2, 10), (1, 11)] {
				let slot = RelaySlot { included, ..RelaySlot::next(1) };
				assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::FirstBlockRejected]);
				assert_eq!(chain.admission().unwrap().unwrap().room, room, "the API admits it");
			}
			let slot = RelaySlot { included: 1, ..RelaySlot::next(1) };
			assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(12)]);
			// Now the API assumes the right number of cores.
			let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 8 };
			let slot = RelaySlot { included: 8, ..RelaySlot::next(1) };
			assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::NotStarted(refusal)]);
		})
	})
}

/// The rate is raised from 1 to 12 on a chain with 12 cores. Earlier digests have 1 core, because a
/// collator uses at most one core per block. So room for 12 blocks is required once, although each core
/// gets 1 block. After the first block the number of cores is known.
#[test]
fn a_rate_raised_from_1_requires_room_for_a_full_relay_slot_once() {
	let one = Limits { velocity: 1, capacity: 16, target_block_rate: 1 };
	new_test_ext_with(one).execute_with(|| {
		let mut chain = Chain::new();
		for _ in 0..5 {
			assert_eq!(use_slot(&mut chain, &RelaySlot::next(12), |_| ()), [Fate::Sent(1)]);
		}
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(12), |_| set(TWELVE)), [Fate::Sent(1)]);
		assert_eq!(chain.unincluded(), 6);
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 10 };
		let not_started = use_slot(&mut chain, &RelaySlot::next(12), |_| ());
		assert_eq!(not_started, [Fate::NotStarted(refusal)]);
		let slot = RelaySlot { included: 2, ..RelaySlot::next(12) };
		assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(1); 12]);
		// Room for 2 blocks is room for two bundles of 1.
		let refusal = Refusal::SegmentFull { length: 16, capacity: 16 };
		let slot = RelaySlot { included: 2, ..RelaySlot::next(12) };
		assert_eq!(
			use_slot(&mut chain, &slot, |_| ()),
			[Fate::Sent(1), Fate::Sent(1), Fate::NotStarted(refusal)],
		);
	})
}

#[test]
fn a_rate_raised_from_1_on_one_core_requires_room_for_its_bundle_only() {
	let one = Limits { velocity: 1, capacity: 16, target_block_rate: 1 };
	new_test_ext_with(one).execute_with(|| {
		let mut chain = Chain::new();
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| set(TWELVE)), [Fate::Sent(1)]);
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| ()), [Fate::Sent(12)]);
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 3 };
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| ()), [Fate::NotStarted(refusal)]);
	})
}

/// The length of the next bundle follows from its core, not from the number of blocks built so far.
#[test]
fn a_shortened_bundle_does_not_change_the_length_of_the_next_one() {
	let limits = Limits { velocity: 7, capacity: 7, target_block_rate: 7 };
	new_test_ext_with(limits).execute_with(|| {
		let mut chain = Chain::new();
		let before = RelaySlot { stops_after: 2, ..RelaySlot::next(3) };
		assert_eq!(use_slot(&mut chain, &before, |_| ()), [Fate::Sent(3), Fate::Sent(2)]);
		let slot = RelaySlot { included: 1, full_core: Some(0), ..RelaySlot::next(3) };
		// Room for 3: a bundle of 3 that is shortened to 1, then a bundle of 2.
		let refusal = Refusal::SegmentFull { length: 7, capacity: 7 };
		assert_eq!(
			use_slot(&mut chain, &slot, |_| ()),
			[Fate::Sent(1), Fate::Sent(2), Fate::NotStarted(refusal)],
		);
	})
}

fn set(limits: Limits) {
	Velocity::schedule_limits(RawOrigin::Root.into(), limits, ApplyAt::Now)
		.expect("the limits are valid");
}

pub(super) fn limits() -> impl Strategy<Value = Limits> {
	(1..=MAX_TARGET_BLOCK_RATE, 0..4u32, 0..=MAX_CAPACITY - MAX_TARGET_BLOCK_RATE).prop_map(
		|(rate, more_velocity, more_capacity)| Limits {
			velocity: rate + more_velocity,
			capacity: rate + more_capacity,
			target_block_rate: rate,
		},
	)
}

pub(super) fn slot() -> impl Strategy<Value = RelaySlot> {
	(
		prop_oneof![9 => Just(1u32), 1 => Just(2)],
		prop_oneof![2 => Just(0usize), 3 => 1..6usize, 3 => 6..14usize, 1 => Just(usize::MAX)],
		prop_oneof![3 => Just(1u32), 3 => 2..6u32, 2 => Just(12)],
		any::<bool>(),
		prop_oneof![3 => Just(usize::MAX), 1 => 1..4usize],
		proptest::option::weighted(0.2, 0..8u32),
	)
		.prop_map(|(relay_slots, included, cores, ends_para_slot, stops_after, full_core)| {
			RelaySlot { relay_slots, included, cores, ends_para_slot, stops_after, full_core }
		})
}

/// Limits scheduled in a relay slot: index of the block, limits, and relay blocks ahead.
type Change = Option<(u32, Limits, u32)>;

/// Number of occurrences.
type Counts = BTreeMap<&'static str, u32>;

/// Runs one relay slot, and checks the outcomes of its bundles.
fn check(chain: &mut Chain, slot: &RelaySlot, change: &Change, counts: &mut Counts) {
	let (rate, cores_before) = (Velocity::target_block_rate(), cores_of_parent());
	let cores = slot.cores.min(rate);
	let limits_before = Velocity::limits();
	let relay_slot = chain.relay_slot() + u64::from(slot.relay_slots);
	let fates = use_slot(chain, slot, |block| match change {
		Some((at, limits, ahead)) if *at == block => {
			let at = match ahead {
				0 => ApplyAt::Now,
				ahead => ApplyAt::RelayBlock(relay_slot as u32 + ahead),
			};
			Velocity::schedule_limits(RawOrigin::Root.into(), *limits, at).expect("valid");
		},
		_ => (),
	});
	let mut count = |what| *counts.entry(what).or_default() += 1;
	if Velocity::limits() != limits_before {
		count("limits changed");
	}
	for (core, fate) in (0..).zip(fates) {
		let length = bundle_length(rate, cores, core);
		// The length that the API assumes. It can differ at the start of a relay slot only.
		let assumed = match core {
			0 => bundle_length(rate, cores_before, 0),
			_ => length,
		};
		match fate {
			Fate::Sent(blocks) if blocks == length => count("sent"),
			Fate::Sent(1..) if slot.full_core.is_some() => count("a block used the full core"),
			Fate::Sent(blocks) if slot.ends_para_slot && core + 1 == cores => {
				assert_eq!(blocks + 1, length);
				count("the last block was skipped");
			},
			Fate::Skipped => {
				assert!(slot.ends_para_slot && core + 1 == cores && length == 1);
				count("the only block was skipped");
			},
			Fate::FirstBlockRejected => {
				assert!(assumed < length, "the API admitted a bundle that does not fit");
				count("cores were lost");
			},
			Fate::NotStarted(Refusal::BundleDoesNotFit { needed, room }) => {
				assert!(needed > room);
				assert_eq!(needed, assumed);
				count(if needed > length { "more room than needed" } else { "does not fit" });
			},
			Fate::NotStarted(Refusal::LimitsChanged { .. }) => count("closed"),
			Fate::NotStarted(_) => count("no room at all"),
			other => panic!("a bundle of {length} has started and did not complete: {other:?}"),
		}
	}
}

#[test]
fn every_started_bundle_completes() {
	const HISTORIES: u32 = 1_000;
	let counts = RefCell::new(Counts::new());
	let mut runner = TestRunner::new(ProptestConfig {
		cases: HISTORIES,
		failure_persistence: None,
		..Default::default()
	});
	let change = || proptest::option::weighted(0.3, (0..6u32, limits(), 0..3u32));
	let input = (limits(), proptest::collection::vec((slot(), change()), 1..8));
	let result = without_back_traces(|| {
		runner.run(&input, |(limits, slots)| {
			new_test_ext_with(limits).execute_with(|| {
				let mut chain = Chain::new();
				for (slot, change) in &slots {
					check(&mut chain, slot, change, &mut counts.borrow_mut());
				}
			});
			Ok(())
		})
	});
	result.unwrap();
	let counts = counts.into_inner();
	println!("{HISTORIES} histories: {counts:?}");
	// The histories cover all cases.
	assert_eq!(counts.len(), 10, "{counts:?}");
	assert!(counts.values().all(|count| *count >= HISTORIES / 200), "{counts:?}");
}
