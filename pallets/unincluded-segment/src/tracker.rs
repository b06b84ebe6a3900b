// SPDX-License-Identifier: Apache-2.0

//! State of tracking that every block reads and writes.

use crate::Fault;
use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	defensive, traits::Get, CloneNoBound, DebugNoBound, PartialEqNoBound, WeakBoundedVec,
};
use scale_info::TypeInfo;
use sp_consensus_aura::Slot;

#[cfg(test)]
mod tests;

/// Consecutive blocks on one relay parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct BlocksOnRelayParent {
	/// Number of the relay parent.
	#[codec(compact)]
	pub relay_parent: u32,
	/// Number of blocks.
	#[codec(compact)]
	pub blocks: u32,
}

/// State of tracking.
///
/// The unincluded blocks are those from `included + 1` to the latest block. The relay parents of the
/// oldest `blocks_without_relay_parent` of them are unknown, those of the others are in
/// `relay_parents`.
#[derive(CloneNoBound, DebugNoBound, PartialEqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxRelayParents), capture_docs = "always")]
pub struct Tracker<MaxRelayParents: Get<u32>> {
	/// Number of the first tracked block.
	#[codec(compact)]
	pub first_block: u32,
	/// Number of the newest included block.
	#[codec(compact)]
	pub included: u32,
	/// Number of the newest block for which `OnIncluded` was called.
	#[codec(compact)]
	pub notified: u32,
	/// Number of the latest block that passed the relay chain's state proof to this pallet.
	#[codec(compact)]
	pub last_observed_block: u32,
	/// Number of that block's relay parent.
	pub relay_parent: Option<u32>,
	/// Slot of that relay parent, if the proof contains it.
	pub relay_slot: Option<Slot>,
	/// Number of the relay parent of the first block that tracked.
	pub first_relay_parent: Option<u32>,
	/// Length of parachain-system's segment after the latest block, in blocks.
	#[codec(compact)]
	pub parachain_system_length: u32,
	/// Number of unincluded blocks without a known relay parent. These are the oldest ones.
	#[codec(compact)]
	pub blocks_without_relay_parent: u32,
	/// Relay parents of the other unincluded blocks, oldest first. Weakly bounded, so that a runtime
	/// with a lower bound can decode it.
	pub relay_parents: WeakBoundedVec<BlocksOnRelayParent, MaxRelayParents>,
	/// Number of records that the ring can hold.
	#[codec(compact)]
	pub ring_capacity: u32,
	/// Relay parent of the oldest unincluded block when the stall was detected. `None` without a
	/// stall.
	pub stalled_relay_parent: Option<u32>,
	/// Current fault.
	pub fault: Option<Fault>,
	/// Number of faults since tracking started.
	#[codec(compact)]
	pub faults: u32,
}

impl<MaxRelayParents: Get<u32>> Tracker<MaxRelayParents> {
	/// Returns the state of tracking after block `parent`, if tracking starts with the next block.
	///
	/// - `parachain_system_length`: length of parachain-system's segment, in blocks.
	/// - `ring_capacity`: number of records that the ring can hold.
	pub fn start(parent: u32, parachain_system_length: u32, ring_capacity: u32) -> Self {
		let included = parent.saturating_sub(parachain_system_length);
		Self {
			first_block: included.saturating_add(1),
			included,
			notified: included,
			last_observed_block: 0,
			relay_parent: None,
			relay_slot: None,
			first_relay_parent: None,
			parachain_system_length,
			blocks_without_relay_parent: parent.saturating_sub(included),
			relay_parents: WeakBoundedVec::default(),
			ring_capacity,
			stalled_relay_parent: None,
			fault: None,
			faults: 0,
		}
	}

	/// Returns the length of the tracked segment, in blocks.
	pub fn length(&self) -> u32 {
		self.relay_parents
			.iter()
			.fold(self.blocks_without_relay_parent, |length, run| length.saturating_add(run.blocks))
	}

	/// Returns the relay parent of the oldest unincluded block whose relay parent is known.
	pub fn oldest_relay_parent(&self) -> Option<u32> {
		self.relay_parents.first().map(|run| run.relay_parent)
	}

	/// Returns the relay parent of an unincluded block, if known.
	pub fn relay_parent_of(&self, number: u32) -> Option<u32> {
		let mut index = number
			.checked_sub(self.included.saturating_add(1))?
			.checked_sub(self.blocks_without_relay_parent)?;
		for run in &self.relay_parents {
			match index.checked_sub(run.blocks) {
				Some(rest) => index = rest,
				None => return Some(run.relay_parent),
			}
		}
		None
	}

	/// Makes the segment end with block `latest`. Returns the difference in length, in blocks.
	pub fn reconcile(&mut self, latest: u32) -> u32 {
		let expected = latest.saturating_sub(self.included);
		let length = self.length();
		if length == expected {
			return 0;
		}
		// It is unknown which blocks were missed, so no block has a known relay parent.
		self.relay_parents = WeakBoundedVec::default();
		self.blocks_without_relay_parent = expected;
		expected.abs_diff(length)
	}

	/// Appends a block. A full list drops the oldest relay parent, and keeps its blocks.
	pub fn append(&mut self, relay_parent: u32) {
		let mut runs = core::mem::take(&mut self.relay_parents).into_inner();
		match runs.last_mut() {
			Some(run) if run.relay_parent == relay_parent => {
				run.blocks = run.blocks.saturating_add(1)
			},
			_ => runs.push(BlocksOnRelayParent { relay_parent, blocks: 1 }),
		}
		self.set_relay_parents(runs);
	}

	/// Replaces the relay parents. If there are too many, drops the oldest and keeps their blocks.
	pub fn set_relay_parents(&mut self, mut runs: Vec<BlocksOnRelayParent>) {
		let excess = runs.len().saturating_sub(MaxRelayParents::get() as usize);
		for run in runs.drain(..excess) {
			self.blocks_without_relay_parent =
				self.blocks_without_relay_parent.saturating_add(run.blocks);
		}
		match runs.try_into() {
			Ok(runs) => self.relay_parents = runs,
			Err(()) => {
				defensive!("the excess was drained");
			},
		}
	}

	/// Removes the blocks up to `last` from the segment, because they are included.
	///
	/// Returns their relay parents, if known, oldest block first, and the number of consecutive blocks
	/// on each.
	pub fn drain(&mut self, last: u32) -> Vec<(Option<u32>, u32)> {
		let mut left = last.saturating_sub(self.included);
		let mut blocks = Vec::new();
		let unknown = left.min(self.blocks_without_relay_parent);
		if unknown > 0 {
			blocks.push((None, unknown));
			self.blocks_without_relay_parent =
				self.blocks_without_relay_parent.saturating_sub(unknown);
			left = left.saturating_sub(unknown);
		}
		let mut runs = core::mem::take(&mut self.relay_parents).into_inner();
		runs.retain_mut(|run| {
			let taken = left.min(run.blocks);
			if taken > 0 {
				blocks.push((Some(run.relay_parent), taken));
				run.blocks = run.blocks.saturating_sub(taken);
				left = left.saturating_sub(taken);
			}
			run.blocks > 0
		});
		self.set_relay_parents(runs);
		self.included = self.included.max(last);
		blocks
	}
}
