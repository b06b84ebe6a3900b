// SPDX-License-Identifier: Apache-2.0

//! What becomes of the slot-based collator's plan: a bundle that has begun completes.
//!
//! The plan is that of `block_builder_task.rs` ([`conveyor_primitives::plan`]), with cores that come and
//! go, the block that is left out at the end of a para slot, blocks that take a whole core, collators
//! that stop before the last core, and limits that change at any time. Blocks are whole: see
//! [`super::chain`].
//!
//! The relay slot always moves. A collator builds only on blocks whose relay parents are ancestors of
//! the new one (`find_parent_for_building`), and no two relay blocks of a chain have the same slot.

use super::chain::{use_full_core, Chain};
use crate::mock::*;
use conveyor_primitives::{
	plan::{bundle_length, plan},
	Limits, Refusal, Start,
};
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::storage::with_transaction_unchecked;
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::TransactionOutcome;
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

/// What a relay slot is like, and what the collator does in it beside its plan.
#[derive(Clone, Debug)]
pub(super) struct RelaySlot {
	/// How far the relay slot moves, 1 at least.
	pub(super) relay_slots: u32,
	/// How many more blocks have become included.
	pub(super) included: usize,
	/// Cores that the relay chain has for the parachain.
	pub(super) cores: u32,
	/// Whether the next relay slot belongs to another collator.
	pub(super) ends_para_slot: bool,
	/// The collator stops after this many cores.
	pub(super) stops_after: usize,
	/// The block, counted from 0 in the relay slot, that takes the whole core.
	pub(super) full_core: Option<u32>,
}

impl RelaySlot {
	/// The next relay slot. Nothing is included, and nothing happens but the plan.
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

/// What became of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
	/// It is sent, with this many blocks.
	Sent(u32),
	/// Nothing was built, because its only block is left out.
	LeftOut,
	/// Not begun: the API refused the first block.
	NotBegun(Refusal),
	/// Not begun: the first block refused itself.
	FirstBlockRefused,
	/// Thrown away: after this many blocks, the API refused one.
	ThrownAway(u32, Refusal),
	/// Thrown away: after this many blocks, one refused itself.
	ThrownAwayByBlock(u32),
}

/// Use a relay slot as the collator does. `calls` is called in each block, with its number in the relay
/// slot. Returns what became of each bundle that the collator has tried.
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
				if let Some(Err(refusal)) = next.verdict() {
					return match built {
						0 => Fate::NotBegun(refusal),
						_ => Fate::ThrownAway(built, refusal),
					};
				}
				if block.skipped {
					break;
				}
				let place = Place {
					bundle: Some((block.index, block.is_last)),
					core: Some((core.selector, number_of_cores)),
				};
				let full_core = slot.full_core == Some(block_of_slot);
				let accepted = next.try_build(place, || {
					calls(block_of_slot);
					if full_core {
						use_full_core();
					}
				});
				if !accepted {
					return match built {
						0 => Fate::FirstBlockRefused,
						_ => Fate::ThrownAwayByBlock(built),
					};
				}
				built += 1;
				block_of_slot += 1;
				if full_core {
					break;
				}
			}
			match built {
				0 => Fate::LeftOut,
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

/// The number of cores in the digest of the newest block.
fn cores_of_parent() -> u32 {
	CumulusDigestItem::find_core_info(&System::digest())
		.map_or(1, |core| core.number_of_cores.0.into())
}

const TWELVE: Limits = Limits { velocity: 12, capacity: 16, target_block_rate: 12 };

/// Cores 12 -> 1. The API assumes 12 and would have bundles of 12 begin in room for 8. The block knows
/// better, so that none is built to be thrown away, and the first bundle that fits is sent.
#[test]
fn no_block_is_wasted_when_cores_are_lost() {
	without_back_traces(|| {
		new_test_ext_with(TWELVE).execute_with(|| {
			let mut chain = Chain::new();
			let on_twelve = use_slot(&mut chain, &RelaySlot::next(12), |_| ());
			assert_eq!(on_twelve, [Fate::Sent(1); 12]);
			for (included, room) in [(4, 8), (2, 10), (1, 11)] {
				let slot = RelaySlot { included, ..RelaySlot::next(1) };
				assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::FirstBlockRefused]);
				assert_eq!(chain.verdict().unwrap().unwrap().room, room, "the API says yes");
			}
			let slot = RelaySlot { included: 1, ..RelaySlot::next(1) };
			assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(12)]);
			// Now the API knows.
			let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 8 };
			let slot = RelaySlot { included: 8, ..RelaySlot::next(1) };
			assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::NotBegun(refusal)]);
		})
	})
}

/// The rate is raised from 1 on a chain with 12 cores. The digests so far say 1 core, because no more
/// are used than there are blocks: all 12 blocks must fit once, though each core takes 1. From the first
/// block on the number of cores is known.
#[test]
fn a_rate_raised_from_one_waits_for_room_for_a_whole_relay_slot_once() {
	let one = Limits { velocity: 1, capacity: 16, target_block_rate: 1 };
	new_test_ext_with(one).execute_with(|| {
		let mut chain = Chain::new();
		for _ in 0..5 {
			assert_eq!(use_slot(&mut chain, &RelaySlot::next(12), |_| ()), [Fate::Sent(1)]);
		}
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(12), |_| set(TWELVE)), [Fate::Sent(1)]);
		assert_eq!(chain.under_way(), 6);
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 10 };
		let not_begun = use_slot(&mut chain, &RelaySlot::next(12), |_| ());
		assert_eq!(not_begun, [Fate::NotBegun(refusal)]);
		let slot = RelaySlot { included: 2, ..RelaySlot::next(12) };
		assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(1); 12]);
		// In room for 2 there are two bundles of 1.
		let refusal = Refusal::SegmentFull { length: 16, capacity: 16 };
		let slot = RelaySlot { included: 2, ..RelaySlot::next(12) };
		assert_eq!(
			use_slot(&mut chain, &slot, |_| ()),
			[Fate::Sent(1), Fate::Sent(1), Fate::NotBegun(refusal)],
		);
	})
}

/// The same on one core: the answer is right at once.
#[test]
fn a_rate_raised_from_one_on_one_core_waits_for_no_more_than_its_bundle() {
	let one = Limits { velocity: 1, capacity: 16, target_block_rate: 1 };
	new_test_ext_with(one).execute_with(|| {
		let mut chain = Chain::new();
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| set(TWELVE)), [Fate::Sent(1)]);
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| ()), [Fate::Sent(12)]);
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 3 };
		assert_eq!(use_slot(&mut chain, &RelaySlot::next(1), |_| ()), [Fate::NotBegun(refusal)]);
	})
}

/// After a bundle that was cut short, the length of the next one follows from its core, not from the
/// number of blocks so far.
#[test]
fn a_bundle_cut_short_does_not_make_the_next_one_look_longer() {
	let limits = Limits { velocity: 7, capacity: 7, target_block_rate: 7 };
	new_test_ext_with(limits).execute_with(|| {
		let mut chain = Chain::new();
		let before = RelaySlot { stops_after: 2, ..RelaySlot::next(3) };
		assert_eq!(use_slot(&mut chain, &before, |_| ()), [Fate::Sent(3), Fate::Sent(2)]);
		let slot = RelaySlot { included: 1, full_core: Some(0), ..RelaySlot::next(3) };
		// Room for 3: a bundle of 3 that is cut to 1, then one of 2.
		let refusal = Refusal::SegmentFull { length: 7, capacity: 7 };
		assert_eq!(
			use_slot(&mut chain, &slot, |_| ()),
			[Fate::Sent(1), Fate::Sent(2), Fate::NotBegun(refusal)],
		);
	})
}

fn set(limits: Limits) {
	Velocity::schedule_limits(RawOrigin::Root.into(), limits, Start::Now).expect("they are valid");
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

/// Limits that are scheduled in a block of a relay slot: in which, and how many relay blocks ahead.
type Change = Option<(u32, Limits, u32)>;

/// How often something occurred.
type Counts = BTreeMap<&'static str, u32>;

/// One relay slot, and whether its bundles became of what had to become of them.
fn check(chain: &mut Chain, slot: &RelaySlot, change: &Change, counts: &mut Counts) {
	let (rate, cores_before) = (Velocity::target_block_rate(), cores_of_parent());
	let cores = slot.cores.min(rate);
	let limits_before = Velocity::limits();
	let relay_slot = chain.relay_slot() + u64::from(slot.relay_slots);
	let fates = use_slot(chain, slot, |block| match change {
		Some((at, limits, ahead)) if *at == block => {
			let at = match ahead {
				0 => Start::Now,
				ahead => Start::RelayBlock(relay_slot as u32 + ahead),
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
		// What the API has to assume: certain, but at the beginning of a relay slot.
		let assumed = match core {
			0 => bundle_length(rate, cores_before, 0),
			_ => length,
		};
		match fate {
			Fate::Sent(blocks) if blocks == length => count("sent"),
			Fate::Sent(1..) if slot.full_core.is_some() => count("a block took the whole core"),
			Fate::Sent(blocks) if slot.ends_para_slot && core + 1 == cores => {
				assert_eq!(blocks + 1, length);
				count("the last block was left out");
			},
			Fate::LeftOut => {
				assert!(slot.ends_para_slot && core + 1 == cores && length == 1);
				count("the only block was left out");
			},
			Fate::FirstBlockRefused => {
				assert!(assumed < length, "the API was wrong without a cause");
				count("cores were lost");
			},
			Fate::NotBegun(Refusal::BundleDoesNotFit { needed, room }) => {
				assert!(needed > room);
				assert_eq!(needed, assumed);
				count(if needed > length { "more room than needed" } else { "does not fit" });
			},
			Fate::NotBegun(Refusal::LimitsChanged { .. }) => count("closed"),
			Fate::NotBegun(_) => count("no room at all"),
			other => panic!("a bundle of {length} has begun and did not complete: {other:?}"),
		}
	}
}

#[test]
fn an_admitted_plan_completes() {
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
	// The histories must be worth checking.
	assert_eq!(counts.len(), 10, "{counts:?}");
	assert!(counts.values().all(|count| *count >= HISTORIES / 200), "{counts:?}");
}
