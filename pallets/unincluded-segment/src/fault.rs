// SPDX-License-Identifier: Apache-2.0

//! Faults of tracking.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Inconsistency of tracking. A fault never rejects a block, and every fault ends without
/// intervention, except `NoRelayState`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub enum Fault {
	/// parachain-system's segment has another length. Ends with the next inclusion that
	/// parachain-system sees: then both drop the same blocks. Until then the tracked segment is
	/// correct, because it follows the relay chain's state proofs.
	LengthsDiffer {
		/// Length of the tracked segment, in blocks.
		tracked: u32,
		/// Length of parachain-system's segment, in blocks.
		parachain_system: u32,
	},
	/// The segment is longer than `MaxCapacity`. The oldest blocks have no records. Ends when enough
	/// blocks are included. Raise `MaxCapacity` or lower the capacity.
	SegmentTooLong {
		/// Length of the segment, in blocks.
		length: u32,
		/// `MaxCapacity`, in blocks.
		max_capacity: u32,
	},
	/// Blocks were built without this pallet. They have no records. Ends when they are included.
	BlocksMissed {
		/// Number of blocks.
		blocks: u32,
	},
	/// The block did not pass the relay chain's state proof to this pallet, so the pallet sees no
	/// inclusion. Add this pallet to parachain-system's `OnSystemEvent`.
	NoRelayState,
}

impl Fault {
	/// Returns whether both are the same variant.
	pub fn is_same_kind(&self, other: &Self) -> bool {
		core::mem::discriminant(self) == core::mem::discriminant(other)
	}
}
