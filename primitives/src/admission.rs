// SPDX-License-Identifier: Apache-2.0

//! Whether one more block may be built, and if not, why.
//!
//! The verdict is given twice: by the chain's state before a block is built, to the collator
//! ([`admission`]), and by the block itself while it is executed ([`pace`], after which
//! `cumulus-pallet-parachain-system` compares the segment with the capacity). Both are the same
//! arithmetic on the same values, so they agree.

use crate::Limits;
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
}

/// One more block may be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Admission {
	/// How many blocks may still be built at this relay slot while no block is included: 1 at least.
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
		}
	}
}

/// Whether one more block may be built at `relay_slot`, the segment's length aside: the number of
/// blocks built at this relay slot so far, or the reason why it must not be one more.
///
/// `last` is what the chain remembers of the latest relay slot, `None` before its first block.
pub fn pace(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	relay_slot: Slot,
) -> Result<u32, Refusal> {
	let authored = match last {
		Some(last) if last.relay_slot > relay_slot => {
			return Err(Refusal::RelaySlotMovedBackwards { last: last.relay_slot, new: relay_slot })
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
/// Where several reasons hold, the segment's comes first, as with the SDK's hook.
pub fn admission(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	segment_length: u32,
	relay_slot: Slot,
) -> Result<Admission, Refusal> {
	if segment_length >= limits.capacity {
		return Err(Refusal::SegmentFull { length: segment_length, capacity: limits.capacity });
	}
	let authored = pace(limits, last, relay_slot)?;
	let room_in_segment = limits.capacity - segment_length;
	let room_in_slot = limits.velocity.saturating_add(1) - authored;
	Ok(Admission { room: room_in_segment.min(room_in_slot) })
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const LIMITS: Limits = Limits { velocity: 2, capacity: 8, target_block_rate: 2 };

	fn authored(relay_slot: u64, blocks: u32) -> Option<AuthoredInSlot> {
		Some(AuthoredInSlot { relay_slot: relay_slot.into(), blocks })
	}

	#[test]
	fn room_is_the_narrower_of_slot_and_segment() {
		assert_eq!(admission(&LIMITS, None, 0, 10.into()), Ok(Admission { room: 3 }));
		assert_eq!(admission(&LIMITS, authored(10, 1), 1, 10.into()), Ok(Admission { room: 2 }));
		assert_eq!(admission(&LIMITS, authored(9, 3), 6, 10.into()), Ok(Admission { room: 2 }));
	}

	#[test]
	fn refusals_carry_the_numbers_that_explain_them() {
		assert_eq!(
			admission(&LIMITS, authored(9, 1), 8, 10.into()),
			Err(Refusal::SegmentFull { length: 8, capacity: 8 }),
		);
		assert_eq!(
			admission(&LIMITS, authored(10, 3), 7, 10.into()),
			Err(Refusal::VelocityReached { relay_slot: 10.into(), authored: 3, velocity: 2 }),
		);
		assert_eq!(
			admission(&LIMITS, authored(11, 1), 0, 10.into()),
			Err(Refusal::RelaySlotMovedBackwards { last: 11.into(), new: 10.into() }),
		);
		let text = Refusal::SegmentFull { length: 8, capacity: 8 }.to_string();
		assert!(text.contains("8 blocks are under way, the capacity is 8"), "{text}");
	}

	proptest! {
		#[test]
		fn room_is_exactly_how_many_blocks_are_admitted_in_a_row(
			velocity in 1..20u32, capacity in 1..40u32, segment in 0..40u32, blocks in 0..24u32,
			last_slot in 8..=10u64,
		) {
			let limits = Limits { velocity, capacity, target_block_rate: 1 };
			let (mut segment, mut last, slot) = (segment, authored(last_slot, blocks), 10.into());
			let room = admission(&limits, last, segment, slot).map_or(0, |admission| admission.room);
			for _ in 0..room {
				prop_assert!(admission(&limits, last, segment, slot).is_ok());
				segment += 1;
				let blocks = pace(&limits, last, slot).unwrap() + 1;
				last = Some(AuthoredInSlot { relay_slot: slot, blocks });
			}
			prop_assert!(admission(&limits, last, segment, slot).is_err());
		}
	}
}
