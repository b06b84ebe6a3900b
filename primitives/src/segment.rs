// SPDX-License-Identifier: Apache-2.0

//! Records of the blocks in the unincluded segment.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_consensus_slots::Slot;
use sp_runtime::Weight;

/// Messages that a block sends through the relay chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct MessagesSent {
	/// Number of messages.
	#[codec(compact)]
	pub count: u32,
	/// Total length in bytes.
	#[codec(compact)]
	pub bytes: u32,
}

/// Position of a block in its bundle, from the block's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct BundlePosition {
	/// Index in the bundle, from 0.
	pub index: u8,
	/// Whether the collator marked the block as the last of its bundle.
	pub is_last: bool,
}

/// Facts about one block, recorded when the block is finalized by its author's runtime.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct BlockRecord {
	/// Block number.
	#[codec(compact)]
	pub number: u32,
	/// Number of the relay parent.
	#[codec(compact)]
	pub relay_parent: u32,
	/// Slot of the relay parent. `None` if the relay chain's state proof does not contain it.
	pub relay_slot: Option<Slot>,
	/// Para slot, from the digest. `None` if the digest has none.
	pub para_slot: Option<Slot>,
	/// Index into the parachain's cores, from the digest. `None` if the digest has none.
	pub core_selector: Option<u8>,
	/// Position in the bundle. `None` for a block outside a bundle.
	pub bundle: Option<BundlePosition>,
	/// Number of extrinsics, inherents included.
	#[codec(compact)]
	pub extrinsics: u32,
	/// Weight used: picoseconds of reference time, and bytes of proof.
	pub weight: Weight,
	/// Messages to the relay chain, without signals.
	pub upward_messages: MessagesSent,
	/// Messages to other parachains.
	pub horizontal_messages: MessagesSent,
	/// Whether the block sends new validation code to the relay chain.
	pub announces_code: bool,
	/// Whether the block replaces the runtime. The next block runs on the new runtime.
	pub applies_code: bool,
}

/// A block of the unincluded segment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct UnincludedBlock<Hash> {
	/// Block number.
	pub number: u32,
	/// Block hash. `None` for the latest block: the state of a block does not contain its hash.
	pub hash: Option<Hash>,
	/// Record of the block. `None` if the block was built before tracking started, or if the segment
	/// is longer than the pallet's `MaxCapacity`.
	pub record: Option<BlockRecord>,
}

/// The oldest block of the unincluded segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct OldestUnincluded {
	/// Block number.
	pub number: u32,
	/// Relay blocks from the block's relay parent to the latest block's relay parent. `None` if the
	/// block was built before tracking started.
	pub age: Option<u32>,
}
