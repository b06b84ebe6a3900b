// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::MaxLimits;
use proptest::prelude::*;

const LIMITS: Limits = Limits { velocity: 2, capacity: 8, target_block_rate: 2 };

fn authored(relay_slot: u64, blocks: u32) -> Option<AuthoredInSlot> {
	at_core(relay_slot, blocks, false)
}

fn at_core(relay_slot: u64, blocks: u32, last_core: bool) -> Option<AuthoredInSlot> {
	let relay_slot = relay_slot.into();
	Some(AuthoredInSlot { relay_slot, blocks, last_core, rest: RestOfSlot::Current })
}

fn block(
	last: Option<AuthoredInSlot>,
	segment: u32,
	relay_slot: u64,
) -> Result<Admission, Refusal> {
	admission(&LIMITS, last, segment, relay_slot.into(), Next::Block)
}

fn bundle(last: Option<AuthoredInSlot>, segment: u32, cores: u32) -> Result<Admission, Refusal> {
	admission(&LIMITS, last, segment, 10.into(), Next::Bundle { core: 0, cores })
}

/// Returns the admission after the last block of a bundle for the only core.
fn after_bundle(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	segment: u32,
	relay_slot: u64,
) -> Result<Admission, Refusal> {
	let relay_slot = relay_slot.into();
	let next = Next::after_bundle(limits, last, relay_slot, 0, 1);
	admission(limits, last, segment, relay_slot, next)
}

#[test]
fn room_is_the_smaller_of_relay_slot_and_segment() {
	assert_eq!(block(None, 0, 10), Ok(Admission { room: 3 }));
	assert_eq!(block(authored(10, 1), 1, 10), Ok(Admission { room: 2 }));
	assert_eq!(block(authored(9, 3), 6, 10), Ok(Admission { room: 2 }));
}

#[test]
fn refusals_contain_value_and_limit() {
	assert_eq!(block(authored(9, 1), 8, 10), Err(Refusal::SegmentFull { length: 8, capacity: 8 }),);
	assert_eq!(
		block(authored(10, 3), 7, 10),
		Err(Refusal::VelocityReached { relay_slot: 10.into(), authored: 3, velocity: 2 }),
	);
	assert_eq!(
		block(authored(11, 1), 0, 10),
		Err(Refusal::RelaySlotMovedBackwards { last: 11.into(), new: 10.into() }),
	);
	let text = Refusal::SegmentFull { length: 8, capacity: 8 }.to_string();
	assert!(text.contains("it has 8 blocks, the capacity is 8"), "{text}");
}

#[test]
fn a_bundle_is_admitted_as_a_whole() {
	assert_eq!(bundle(authored(9, 2), 6, 1), Ok(Admission { room: 2 }));
	let in_segment = Refusal::BundleDoesNotFit { needed: 2, room: 1 };
	assert_eq!(bundle(authored(9, 2), 7, 1), Err(in_segment));
	assert_eq!(
		bundle(authored(10, 2), 0, 1),
		Err(in_segment),
		"the relay slot has room for one block"
	);
	// Two cores: the bundle of each core has one block.
	assert_eq!(bundle(authored(9, 2), 7, 2), Ok(Admission { room: 1 }));
	assert_eq!(block(authored(9, 2), 7, 10), Ok(Admission { room: 1 }));
}

/// A collator that skips the last block of a para slot calls `can_build_upon` for it all the same.
#[test]
fn a_skipped_block_does_not_reject_its_bundle() {
	let twelve = Limits { velocity: 12, capacity: 48, target_block_rate: 12 };
	let admit = |last, segment| after_bundle(&twelve, last, segment, 10);
	assert_eq!(admit(at_core(10, 11, true), 47), Ok(Admission { room: 1 }));
	// No block was skipped: only a complete bundle may follow.
	let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 1 };
	assert_eq!(admit(at_core(10, 12, true), 0), Err(refusal));
	// At the next relay slot a complete bundle follows.
	let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 11 };
	assert_eq!(admit(at_core(9, 11, true), 37), Err(refusal));
	// The first block of a bundle needs room for the complete bundle.
	let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 2 };
	let first = Next::Bundle { core: 0, cores: 1 };
	assert_eq!(admission(&twelve, at_core(10, 11, true), 0, 10.into(), first), Err(refusal));
}

/// Covers every row of the table at [`Next::after_bundle`].
#[test]
fn assumes_the_next_block_after_a_bundle() {
	let seven = Limits { velocity: 7, capacity: 28, target_block_rate: 7 };
	let next = |last, core| Next::after_bundle(&seven, last, 10.into(), core, 3);
	let bundle = |core| Next::Bundle { core, cores: 3 };
	assert_eq!(next(at_core(10, 3, false), 0), bundle(1));
	// The core decides, not the number of blocks: the first bundle was shortened.
	assert_eq!(next(at_core(10, 1, false), 0), bundle(1));
	assert_eq!(next(at_core(10, 6, true), 2), Next::Block);
	assert_eq!(next(at_core(10, 7, true), 2), bundle(0));
	assert_eq!(next(at_core(9, 3, false), 0), bundle(0));
	assert_eq!(next(at_core(9, 6, true), 2), bundle(0));
	assert_eq!(next(None, 0), bundle(0));
	// The rate of this relay slot decides, not the current one.
	let one = Limits { velocity: 1, capacity: 28, target_block_rate: 1 };
	let rest = RestOfSlot::KeepPrevious(seven);
	let last = Some(AuthoredInSlot { rest, ..at_core(10, 6, true).unwrap() });
	assert_eq!(Next::after_bundle(&one, last, 10.into(), 2, 3), Next::Block);
}

#[test]
fn limits_changed_after_a_bundle_apply_from_the_next_relay_slot() {
	let twelve = Limits { velocity: 12, capacity: 48, target_block_rate: 12 };
	let one = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };
	let rest = RestOfSlot::KeepPrevious(twelve);
	let last = AuthoredInSlot { relay_slot: 10.into(), blocks: 11, last_core: true, rest };
	let admit = |relay_slot| after_bundle(&one, Some(last), 44, relay_slot);
	assert_eq!(admit(10), Ok(Admission { room: 2 }));
	assert_eq!(admit(11), Err(Refusal::SegmentFull { length: 44, capacity: 4 }));
	assert_eq!(AuthoredInSlot::with_one_more(Some(last), 10.into(), true).rest, rest);
	let next = AuthoredInSlot::with_one_more(Some(last), 11.into(), true);
	assert_eq!(next, at_core(11, 1, true).unwrap());
}

#[test]
fn a_closed_relay_slot_rejects_blocks() {
	let last = AuthoredInSlot { rest: RestOfSlot::Closed, ..authored(10, 1).unwrap() };
	let refusal = Refusal::LimitsChanged { relay_slot: 10.into() };
	assert_eq!(block(Some(last), 1, 10), Err(refusal));
	assert_eq!(block(Some(last), 1, 11), Ok(Admission { room: 3 }));
	assert_eq!(
		refusal.to_string(),
		"the limits changed at relay slot 10, before its last core. Wait for the next relay slot",
	);
}

#[test]
fn next_block_names_reason_and_wait() {
	let next = |last, segment| NextBlock::after(&LIMITS, last, segment, false, 0, 1);
	let admitted = next(at_core(10, 1, true), 0);
	assert_eq!((admitted.room, admitted.refusal, admitted.wait_for_relay_slot), (2, None, None));
	// The segment is full: one core builds a bundle of two, so two inclusions are needed.
	let full = next(at_core(10, 0, false), 8);
	assert_eq!(full.refusal, Some(Refusal::SegmentFull { length: 8, capacity: 8 }));
	assert_eq!((full.wait_for_relay_slot, full.wait_for_inclusions), (None, 2));
	// The velocity is reached: the next relay slot has room.
	let reached = next(at_core(10, 3, true), 3);
	assert!(matches!(reached.refusal, Some(Refusal::VelocityReached { .. })));
	assert_eq!(reached.wait_for_relay_slot, Some(11.into()));
	assert_eq!(reached.wait_for_inclusions, 0);
	// Both limits are reached.
	let both = next(at_core(10, 3, true), 7);
	assert_eq!((both.wait_for_relay_slot, both.wait_for_inclusions), (Some(11.into()), 1));
	// No block was built yet.
	let first = NextBlock::after(&LIMITS, None, 0, false, 0, 1);
	assert_eq!((first.relay_slot, first.refusal, first.room), (None, None, 3));
}

const UNBOUNDED: MaxLimits = MaxLimits { capacity: u32::MAX, target_block_rate: u32::MAX };

fn limits() -> impl Strategy<Value = Limits> {
	(1..20u32, 1..40u32, 1..20u32)
		.prop_map(|(velocity, capacity, target_block_rate)| Limits {
			velocity,
			capacity,
			target_block_rate,
		})
		.prop_filter("valid", |limits| limits.validate(&UNBOUNDED).is_ok())
}

proptest! {
	#[test]
	fn room_is_the_number_of_blocks_admitted_in_a_row(
		limits in limits(), segment in 0..40u32, blocks in 0..24u32, last_slot in 8..=10u64,
	) {
		let (mut segment, mut last, slot) = (segment, authored(last_slot, blocks), 10.into());
		let admit = |segment, last| admission(&limits, last, segment, slot, Next::Block);
		let room = admit(segment, last).map_or(0, |admission| admission.room);
		for _ in 0..room {
			prop_assert!(admit(segment, last).is_ok());
			segment += 1;
			last = Some(AuthoredInSlot::with_one_more(last, slot, false));
		}
		prop_assert!(admit(segment, last).is_err());
	}

	#[test]
	fn a_bundle_is_admitted_exactly_if_all_its_blocks_are(
		limits in limits(), cores in 1..6u32, core in 0..6u32, segment in 0..40u32,
		blocks in 0..24u32, last_slot in 9..=10u64,
	) {
		let (slot, last) = (10.into(), authored(last_slot, blocks));
		let next = Next::Bundle { core, cores };
		let admitted = admission(&limits, last, segment, slot, next).is_ok();
		let built = if last_slot == 10 { blocks } else { 0 };
		let length = bundle_length(limits.target_block_rate, cores, core);
		let all_admitted = (0..length).all(|block| {
			let last = authored(10, built + block);
			admission(&limits, last, segment + block, slot, Next::Block).is_ok()
		});
		prop_assert_eq!(admitted, all_admitted);
	}

	#[test]
	fn an_empty_segment_has_room_for_a_bundle_on_any_number_of_cores(
		limits in limits(), core in 0..300u32, cores in 0..300u32,
	) {
		let next = Next::Bundle { core, cores };
		prop_assert!(admission(&limits, authored(9, 30), 0, 10.into(), next).is_ok());
	}

	/// The wait is the shortest: no block is admitted one inclusion earlier or at an earlier slot.
	#[test]
	fn next_block_is_admitted_after_the_wait_and_not_before(
		limits in limits(), segment in 0..40u32, blocks in 0..24u32, last_core: bool,
		core in 0..3u32, cores in 1..4u32, bundle_continues: bool,
	) {
		let last = at_core(10, blocks, last_core);
		let next = NextBlock::after(&limits, last, segment, bundle_continues, core, cores);
		prop_assert_eq!(next.relay_slot, Some(10.into()));
		let admit = |included: u32, slot: u64| {
			let next = match bundle_continues && slot == 10 {
				true => Next::Block,
				false => Next::after_bundle(&limits, last, slot.into(), core, cores),
			};
			admission(&limits, last, segment - included, slot.into(), next)
		};
		prop_assert_eq!(admit(0, 10).err(), next.refusal);
		prop_assert_eq!(admit(0, 10).map_or(0, |admission| admission.room), next.room);
		let slot = next.wait_for_relay_slot.map_or(10, |slot| *slot);
		let included = next.wait_for_inclusions;
		prop_assert!(admit(included, slot).is_ok());
		if let Some(fewer) = included.checked_sub(1) {
			prop_assert!(admit(fewer, slot).is_err());
		}
		prop_assert!(slot == 10 || (0..=segment).all(|included| admit(included, 10).is_err()));
	}
}
