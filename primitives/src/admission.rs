// SPDX-License-Identifier: Apache-2.0

//! Whether one more block may be built, and if not, why.
//!
//! The verdict is given twice: by the chain's state before a block is built, to the collator, and by
//! the block itself while it is executed. Both call [`admission`] with the same values, except for one:
//! how many cores the relay slot has. The block knows it, from its digest. The state before it has to
//! assume something: see [`Next::after_bundle`].

use crate::{plan::bundle_length, Limits};
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use sp_consensus_slots::Slot;

/// How many blocks were built at the latest relay slot that the chain has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AuthoredInSlot {
	/// The relay slot, as the relay parent's state tells it.
	pub relay_slot: Slot,
	/// Blocks built at that relay slot so far.
	pub blocks: u32,
	/// Whether the latest of them is for the last core that the collator uses at that relay slot.
	pub last_core: bool,
	/// What holds for the rest of that relay slot.
	pub rest: RestOfSlot,
}

/// What holds for the rest of a relay slot. The collator plans a relay slot once, by the limits that
/// it finds at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum RestOfSlot {
	/// The limits in force.
	#[default]
	InForce,
	/// The limits have changed after the last core: those before go on to hold.
	Before(Limits),
	/// The limits have changed before the last core: no further block is accepted. Blocks weighed by
	/// the new limits might not fit into bundles planned by the old ones.
	Closed,
}

impl AuthoredInSlot {
	/// What the chain remembers after one more block at `relay_slot`, when `last` is what it
	/// remembered before. Whether the block is admitted is another question: [`admission`].
	pub fn with_one_more(last: Option<Self>, relay_slot: Slot, last_core: bool) -> Self {
		let (blocks, rest) = match last {
			Some(last) if last.relay_slot == relay_slot => (last.blocks, last.rest),
			_ => Default::default(),
		};
		Self { relay_slot, blocks: blocks.saturating_add(1), last_core, rest }
	}
}

/// The limits that a block at `relay_slot` must obey, when `limits` are in force and `last` is what
/// the chain remembers of the latest relay slot.
pub fn limits_at(limits: &Limits, last: Option<AuthoredInSlot>, relay_slot: Slot) -> Limits {
	match last {
		Some(AuthoredInSlot { relay_slot: same, rest: RestOfSlot::Before(before), .. })
			if same == relay_slot =>
		{
			before
		},
		_ => *limits,
	}
}

/// What the next block is the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
	/// Of nothing: it goes on with a bundle whose beginning was admitted, or is built by itself.
	Block,
	/// Of a bundle. The collator builds it entirely or not at all: it throws away what it has if a
	/// later block is refused.
	Bundle {
		/// Number of the bundle's core among those of the relay slot, from 0.
		core: u32,
		/// The number of cores that the parachain has at the relay slot.
		cores: u32,
	},
}

impl Next {
	/// Returns what the state after the last block of a bundle assumes to come next at `relay_slot`.
	///
	/// - `last`: what the chain remembers of the latest relay slot.
	/// - `core`, `cores`: of the latest block, as in [`Next::Bundle`].
	///
	/// | the latest block | assumed next |
	/// | --- | --- |
	/// | at this relay slot, not for its last core | the bundle of the next core: certain |
	/// | at this relay slot, for its last core, the target is not reached | [`Next::Block`], see below |
	/// | at this relay slot, for its last core, the target is reached | the bundle of core 0: no collator plans a relay slot twice |
	/// | at an earlier relay slot | the bundle of core 0, on as many cores as before |
	///
	/// The last row can be wrong, because only the collator knows how many cores the new relay slot
	/// has. If it has fewer, a bundle is admitted here that is longer than assumed; its first block is
	/// then refused by the block itself. If it has more, or the number was cut to a lower target block
	/// rate, more room is required than the bundle needs, for at most as long as it takes until
	/// nothing is under way.
	///
	/// The collator leaves out the last block of a para slot if the rate is 4 or more, so that the
	/// next author has imported the others in time. It ends the bundle with the block before, and yet
	/// asks for the one that it will not build. If the answer is no, it throws away the bundle.
	/// Therefore no bundle is required in the second row.
	pub fn after_bundle(
		limits: &Limits,
		last: Option<AuthoredInSlot>,
		relay_slot: Slot,
		core: u32,
		cores: u32,
	) -> Self {
		let rate = limits_at(limits, last, relay_slot).target_block_rate;
		match last {
			Some(last) if last.relay_slot != relay_slot => Self::Bundle { core: 0, cores },
			Some(last) if !last.last_core => Self::Bundle { core: core.saturating_add(1), cores },
			Some(last) if last.blocks < rate => Self::Block,
			_ => Self::Bundle { core: 0, cores },
		}
	}
}

/// One more block may be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Admission {
	/// How many blocks may still be built at this relay slot while no block is included: 1 at
	/// least, and at the beginning of a bundle all of the bundle's.
	pub room: u32,
}

/// Why no further block may be built now. Every reason ends by itself: when a block under way is
/// included, or when the next relay slot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Refusal {
	/// As many blocks are under way as there may be. Ends when one is included.
	SegmentFull {
		/// Length of the unincluded segment, in blocks.
		length: u32,
		/// The limit in force, in blocks.
		capacity: u32,
	},
	/// As many blocks were built at this relay slot as there may be. Ends with the relay slot.
	VelocityReached {
		/// The relay slot.
		relay_slot: Slot,
		/// Blocks built at it.
		authored: u32,
		/// The limit in force, in blocks per relay slot. One block more is accepted.
		velocity: u32,
	},
	/// The relay parent is older than the one of a block before. Build on a newer one.
	RelaySlotMovedBackwards {
		/// The latest relay slot that the chain has seen.
		last: Slot,
		/// The relay slot of the new relay parent.
		new: Slot,
	},
	/// A bundle begins that would not get to its end. Ends when blocks are included, or with the
	/// relay slot.
	BundleDoesNotFit {
		/// The length of the bundle, in blocks.
		needed: u32,
		/// Blocks that there is room for, under the capacity and under the velocity.
		room: u32,
	},
	/// The limits have changed at this relay slot, before its last core. Ends with the relay slot.
	LimitsChanged {
		/// The relay slot.
		relay_slot: Slot,
	},
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::SegmentFull { length, capacity } => write!(
				f,
				"the unincluded segment is full: {length} blocks are under way, the capacity is \
				 {capacity}. A block must be included first",
			),
			Self::VelocityReached { relay_slot, authored, velocity } => write!(
				f,
				"the velocity is reached: {authored} blocks were built at relay slot \
				 {relay_slot}, the velocity is {velocity} (and one block more). Wait for the next \
				 relay slot",
				relay_slot = **relay_slot,
			),
			Self::RelaySlotMovedBackwards { last, new } => write!(
				f,
				"the relay slot moved backwards: the last block was built at {last}, this one \
				 claims {new}. Build on a newer relay parent",
				last = **last,
				new = **new,
			),
			Self::BundleDoesNotFit { needed, room } => write!(
				f,
				"the bundle does not fit: it has {needed} blocks, there is room for {room}. Wait for \
				 blocks to be included or for the next relay slot",
			),
			Self::LimitsChanged { relay_slot } => write!(
				f,
				"the limits have changed at relay slot {relay_slot}, before its last core. Wait for \
				 the next relay slot",
				relay_slot = **relay_slot,
			),
		}
	}
}

/// How many blocks were built at `relay_slot`, or the reason why there must not be one more, the
/// unincluded segment aside.
///
/// `last` is what the chain remembers of the latest relay slot, `None` before its first block.
fn pace(limits: &Limits, last: Option<AuthoredInSlot>, relay_slot: Slot) -> Result<u32, Refusal> {
	let authored = match last {
		Some(last) if last.relay_slot > relay_slot => {
			return Err(Refusal::RelaySlotMovedBackwards { last: last.relay_slot, new: relay_slot })
		},
		Some(AuthoredInSlot { relay_slot: same, rest: RestOfSlot::Closed, .. })
			if same == relay_slot =>
		{
			return Err(Refusal::LimitsChanged { relay_slot })
		},
		Some(last) if last.relay_slot == relay_slot => last.blocks,
		_ => 0,
	};
	// One block more than the velocity: see `Limits::velocity`.
	if authored > limits.velocity {
		return Err(Refusal::VelocityReached { relay_slot, authored, velocity: limits.velocity });
	}
	Ok(authored)
}

/// Whether one more block may be built at `relay_slot`, with `segment_length` blocks under way.
///
/// Where several reasons hold, the segment's comes first, as with the SDK's hook, and the bundle's
/// last.
pub fn admission(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	segment_length: u32,
	relay_slot: Slot,
	next: Next,
) -> Result<Admission, Refusal> {
	let limits = &limits_at(limits, last, relay_slot);
	if segment_length >= limits.capacity {
		return Err(Refusal::SegmentFull { length: segment_length, capacity: limits.capacity });
	}
	let authored = pace(limits, last, relay_slot)?;
	let room_in_segment = limits.capacity - segment_length;
	let room_in_slot = limits.velocity.saturating_add(1) - authored;
	let room = room_in_segment.min(room_in_slot);
	if let Next::Bundle { core, cores } = next {
		let needed = bundle_length(limits.target_block_rate, cores, core);
		if needed > room {
			return Err(Refusal::BundleDoesNotFit { needed, room });
		}
	}
	Ok(Admission { room })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::MaxLimits;
	use proptest::prelude::*;

	const LIMITS: Limits = Limits { velocity: 2, capacity: 8, target_block_rate: 2 };

	fn authored(relay_slot: u64, blocks: u32) -> Option<AuthoredInSlot> {
		at_core(relay_slot, blocks, false)
	}

	fn at_core(relay_slot: u64, blocks: u32, last_core: bool) -> Option<AuthoredInSlot> {
		let relay_slot = relay_slot.into();
		Some(AuthoredInSlot { relay_slot, blocks, last_core, rest: RestOfSlot::InForce })
	}

	fn block(
		last: Option<AuthoredInSlot>,
		segment: u32,
		relay_slot: u64,
	) -> Result<Admission, Refusal> {
		admission(&LIMITS, last, segment, relay_slot.into(), Next::Block)
	}

	fn bundle(
		last: Option<AuthoredInSlot>,
		segment: u32,
		cores: u32,
	) -> Result<Admission, Refusal> {
		admission(&LIMITS, last, segment, 10.into(), Next::Bundle { core: 0, cores })
	}

	/// The verdict of the state after the last block of a bundle for the only core.
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
	fn room_is_the_narrower_of_slot_and_segment() {
		assert_eq!(block(None, 0, 10), Ok(Admission { room: 3 }));
		assert_eq!(block(authored(10, 1), 1, 10), Ok(Admission { room: 2 }));
		assert_eq!(block(authored(9, 3), 6, 10), Ok(Admission { room: 2 }));
	}

	#[test]
	fn refusals_carry_the_numbers_that_explain_them() {
		assert_eq!(
			block(authored(9, 1), 8, 10),
			Err(Refusal::SegmentFull { length: 8, capacity: 8 }),
		);
		assert_eq!(
			block(authored(10, 3), 7, 10),
			Err(Refusal::VelocityReached { relay_slot: 10.into(), authored: 3, velocity: 2 }),
		);
		assert_eq!(
			block(authored(11, 1), 0, 10),
			Err(Refusal::RelaySlotMovedBackwards { last: 11.into(), new: 10.into() }),
		);
		let text = Refusal::SegmentFull { length: 8, capacity: 8 }.to_string();
		assert!(text.contains("8 blocks are under way, the capacity is 8"), "{text}");
	}

	#[test]
	fn a_bundle_is_admitted_as_a_whole() {
		assert_eq!(bundle(authored(9, 2), 6, 1), Ok(Admission { room: 2 }));
		let in_segment = Refusal::BundleDoesNotFit { needed: 2, room: 1 };
		assert_eq!(bundle(authored(9, 2), 7, 1), Err(in_segment));
		assert_eq!(bundle(authored(10, 2), 0, 1), Err(in_segment), "room for one, in the slot");
		// Each core takes one block.
		assert_eq!(bundle(authored(9, 2), 7, 2), Ok(Admission { room: 1 }));
		assert_eq!(block(authored(9, 2), 7, 10), Ok(Admission { room: 1 }));
	}

	/// The collator has left out the last block of the para slot, and asks about it.
	#[test]
	fn a_block_that_is_left_out_costs_no_bundle() {
		let twelve = Limits { velocity: 12, capacity: 48, target_block_rate: 12 };
		let ask = |last, segment| after_bundle(&twelve, last, segment, 10);
		assert_eq!(ask(at_core(10, 11, true), 47), Ok(Admission { room: 1 }));
		// Nothing is left out: a collator that begins again would begin with the whole bundle.
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 1 };
		assert_eq!(ask(at_core(10, 12, true), 0), Err(refusal));
		// Another relay slot follows.
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 11 };
		assert_eq!(ask(at_core(9, 11, true), 37), Err(refusal));
		// The block that begins a bundle knows that it does.
		let refusal = Refusal::BundleDoesNotFit { needed: 12, room: 2 };
		let begins = Next::Bundle { core: 0, cores: 1 };
		assert_eq!(admission(&twelve, at_core(10, 11, true), 0, 10.into(), begins), Err(refusal));
	}

	/// Every row of the table at [`Next::after_bundle`].
	#[test]
	fn what_follows_a_bundle() {
		let seven = Limits { velocity: 7, capacity: 28, target_block_rate: 7 };
		let next = |last, core| Next::after_bundle(&seven, last, 10.into(), core, 3);
		let bundle = |core| Next::Bundle { core, cores: 3 };
		assert_eq!(next(at_core(10, 3, false), 0), bundle(1));
		// By the core, not by the number of blocks: the first bundle was cut short.
		assert_eq!(next(at_core(10, 1, false), 0), bundle(1));
		assert_eq!(next(at_core(10, 6, true), 2), Next::Block);
		assert_eq!(next(at_core(10, 7, true), 2), bundle(0));
		assert_eq!(next(at_core(9, 3, false), 0), bundle(0));
		assert_eq!(next(at_core(9, 6, true), 2), bundle(0));
		assert_eq!(next(None, 0), bundle(0));
		// The rate is that of the relay slot, not the one in force.
		let one = Limits { velocity: 1, capacity: 28, target_block_rate: 1 };
		let rest = RestOfSlot::Before(seven);
		let last = Some(AuthoredInSlot { rest, ..at_core(10, 6, true).unwrap() });
		assert_eq!(Next::after_bundle(&one, last, 10.into(), 2, 3), Next::Block);
	}

	/// The same, when the limits have changed at the end of the bundle.
	#[test]
	fn limits_that_have_changed_hold_from_the_next_relay_slot_on() {
		let twelve = Limits { velocity: 12, capacity: 48, target_block_rate: 12 };
		let one = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };
		let rest = RestOfSlot::Before(twelve);
		let last = AuthoredInSlot { relay_slot: 10.into(), blocks: 11, last_core: true, rest };
		let ask = |relay_slot| after_bundle(&one, Some(last), 44, relay_slot);
		assert_eq!(ask(10), Ok(Admission { room: 2 }));
		assert_eq!(ask(11), Err(Refusal::SegmentFull { length: 44, capacity: 4 }));
		assert_eq!(AuthoredInSlot::with_one_more(Some(last), 10.into(), true).rest, rest);
		let next = AuthoredInSlot::with_one_more(Some(last), 11.into(), true);
		assert_eq!(next, at_core(11, 1, true).unwrap());
	}

	#[test]
	fn a_closed_relay_slot_is_over() {
		let last = AuthoredInSlot { rest: RestOfSlot::Closed, ..authored(10, 1).unwrap() };
		let refusal = Refusal::LimitsChanged { relay_slot: 10.into() };
		assert_eq!(block(Some(last), 1, 10), Err(refusal));
		assert_eq!(block(Some(last), 1, 11), Ok(Admission { room: 3 }));
		assert_eq!(
			refusal.to_string(),
			"the limits have changed at relay slot 10, before its last core. Wait for the next \
			 relay slot",
		);
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
		fn room_is_exactly_how_many_blocks_are_admitted_in_a_row(
			limits in limits(), segment in 0..40u32, blocks in 0..24u32, last_slot in 8..=10u64,
		) {
			let (mut segment, mut last, slot) = (segment, authored(last_slot, blocks), 10.into());
			let verdict = |segment, last| admission(&limits, last, segment, slot, Next::Block);
			let room = verdict(segment, last).map_or(0, |admission| admission.room);
			for _ in 0..room {
				prop_assert!(verdict(segment, last).is_ok());
				segment += 1;
				last = Some(AuthoredInSlot::with_one_more(last, slot, false));
			}
			prop_assert!(verdict(segment, last).is_err());
		}

		/// A bundle whose beginning is admitted gets to its end, and no bundle is refused that would.
		#[test]
		fn a_bundle_is_admitted_if_all_its_blocks_are(
			limits in limits(), cores in 1..6u32, core in 0..6u32, segment in 0..40u32,
			blocks in 0..24u32, last_slot in 9..=10u64,
		) {
			let (slot, last) = (10.into(), authored(last_slot, blocks));
			let next = Next::Bundle { core, cores };
			let admitted = admission(&limits, last, segment, slot, next).is_ok();
			let so_far = if last_slot == 10 { blocks } else { 0 };
			let length = bundle_length(limits.target_block_rate, cores, core);
			let gets_through = (0..length).all(|block| {
				let last = authored(10, so_far + block);
				admission(&limits, last, segment + block, slot, Next::Block).is_ok()
			});
			prop_assert_eq!(admitted, gets_through);
		}

		/// Valid limits always have room for the first bundle of a relay slot, on any number of
		/// cores, once nothing is under way.
		#[test]
		fn a_drained_segment_has_room_for_a_bundle(
			limits in limits(), core in 0..300u32, cores in 0..300u32,
		) {
			let next = Next::Bundle { core, cores };
			prop_assert!(admission(&limits, authored(9, 30), 0, 10.into(), next).is_ok());
		}
	}
}
