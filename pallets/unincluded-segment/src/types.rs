// SPDX-License-Identifier: Apache-2.0

//! What every block reads and writes.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	defensive, traits::Get, CloneNoBound, DebugNoBound, PartialEqNoBound, WeakBoundedVec,
};
use scale_info::TypeInfo;
use sp_consensus_aura::Slot;

/// Blocks in a row with the same relay parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Run {
	/// The number of the relay parent.
	#[codec(compact)]
	pub relay_parent: u32,
	/// How many blocks.
	#[codec(compact)]
	pub blocks: u32,
}

/// Tracking is not what it should be. None of these stops the chain, and each ends by itself.
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
pub enum Fault {
	/// parachain-system's segment has another length than ours. Ends with the next inclusion that
	/// parachain-system sees, which cuts both at the same block. Until then ours is right, as long as
	/// nobody has changed this pallet's storage: it follows the relay chain's proofs.
	LengthsDiffer {
		/// Blocks under way by our count.
		ours: u32,
		/// Blocks under way by parachain-system's count.
		theirs: u32,
	},
	/// More blocks are under way than there are records for: `MaxCapacity` is too small. The oldest
	/// of them are known by number and hash only. Ends when enough of them are included; raise
	/// `MaxCapacity`, or lower the capacity.
	SegmentTooLong {
		/// Blocks under way.
		length: u32,
		/// What there is room for.
		max_capacity: u32,
	},
	/// Blocks were built without this pallet. They are known by number and hash only. Ends when they
	/// are included.
	BlocksMissed {
		/// How many.
		blocks: u32,
	},
	/// The block did not hand us the relay chain's state proof, so that no inclusion can be seen:
	/// this pallet must be among parachain-system's `OnSystemEvent`.
	NoRelayState,
}

impl Fault {
	/// Whether it is the same fault, whatever its figures.
	pub fn is_like(&self, other: &Self) -> bool {
		core::mem::discriminant(self) == core::mem::discriminant(other)
	}
}

/// What is under way, in numbers: every block reads and writes it.
///
/// The blocks under way are those from `included + 1` to the latest. The first `unmeasured` of them
/// have no known relay parent, those of the others are in `runs`.
///
/// All numbers are of this chain's blocks, unless they are said to be the relay chain's.
#[derive(CloneNoBound, DebugNoBound, PartialEqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxRuns))]
pub struct Tracker<MaxRuns: Get<u32>> {
	/// The first block tracked.
	#[codec(compact)]
	pub since: u32,
	/// The latest block that is included.
	#[codec(compact)]
	pub included: u32,
	/// The latest block of which those who act on inclusion were told.
	#[codec(compact)]
	pub told: u32,
	/// The block that saw the relay chain's state last.
	#[codec(compact)]
	pub observed_in: u32,
	/// That block's relay parent.
	pub relay_parent: Option<u32>,
	/// That relay parent's slot, if the proof had it.
	pub relay_slot: Option<Slot>,
	/// The first relay parent that was seen.
	pub first_relay_parent: Option<u32>,
	/// The length of parachain-system's segment after the latest block.
	#[codec(compact)]
	pub theirs: u32,
	/// Blocks under way without a known relay parent, the oldest ones.
	#[codec(compact)]
	pub unmeasured: u32,
	/// The relay parents of the other blocks under way, oldest first. Weakly bounded, so that a
	/// runtime with a smaller bound can still read it.
	pub runs: WeakBoundedVec<Run, MaxRuns>,
	/// The number of records that the ring of records has room for.
	#[codec(compact)]
	pub ring: u32,
	/// If the segment is stalled: the relay parent of the block that was the oldest when that was
	/// noticed.
	pub stalled_since: Option<u32>,
	/// What is wrong with tracking.
	pub fault: Option<Fault>,
	/// How often something began to be wrong.
	#[codec(compact)]
	pub faults: u32,
}

impl<MaxRuns: Get<u32>> Tracker<MaxRuns> {
	/// Begins behind block `parent`, when parachain-system has `theirs` blocks under way.
	pub fn begin(parent: u32, theirs: u32, ring: u32) -> Self {
		let included = parent.saturating_sub(theirs);
		Self {
			since: included.saturating_add(1),
			included,
			told: included,
			observed_in: 0,
			relay_parent: None,
			relay_slot: None,
			first_relay_parent: None,
			theirs,
			unmeasured: parent.saturating_sub(included),
			runs: WeakBoundedVec::default(),
			ring,
			stalled_since: None,
			fault: None,
			faults: 0,
		}
	}

	/// How many blocks are accounted for as under way.
	pub fn length(&self) -> u32 {
		self.runs.iter().fold(self.unmeasured, |length, run| length.saturating_add(run.blocks))
	}

	/// The relay parent of the oldest block under way, or of one after it: the age of the oldest
	/// block is no less than what follows from it. `None` if there is none.
	pub fn oldest_relay_parent(&self) -> Option<u32> {
		self.runs.first().map(|run| run.relay_parent)
	}

	/// The relay parent of a block under way, if it is known.
	pub fn relay_parent_of(&self, number: u32) -> Option<u32> {
		let mut place =
			number.checked_sub(self.included.saturating_add(1))?.checked_sub(self.unmeasured)?;
		for run in &self.runs {
			match place.checked_sub(run.blocks) {
				Some(behind) => place = behind,
				None => return Some(run.relay_parent),
			}
		}
		None
	}

	/// Accounts for all blocks up to `latest`, and for no other. Answers by how many the account was
	/// wrong.
	pub fn reconcile(&mut self, latest: u32) -> u32 {
		let expected = latest.saturating_sub(self.included);
		let length = self.length();
		if length == expected {
			return 0;
		}
		// Which of them were missed is not known, so no relay parent is.
		self.runs = WeakBoundedVec::default();
		self.unmeasured = expected;
		expected.abs_diff(length)
	}

	/// Adds a block with that relay parent. If there is no room, the oldest relay parent is
	/// forgotten: its blocks stay under way.
	pub fn append(&mut self, relay_parent: u32) {
		let mut runs = core::mem::take(&mut self.runs).into_inner();
		match runs.last_mut() {
			Some(run) if run.relay_parent == relay_parent => {
				run.blocks = run.blocks.saturating_add(1)
			},
			_ => runs.push(Run { relay_parent, blocks: 1 }),
		}
		self.set_runs(runs);
	}

	/// Takes these runs, and forgets the relay parents of the oldest if there is no room for all.
	pub fn set_runs(&mut self, mut runs: Vec<Run>) {
		let excess = runs.len().saturating_sub(MaxRuns::get() as usize);
		for run in runs.drain(..excess) {
			self.unmeasured = self.unmeasured.saturating_add(run.blocks);
		}
		match runs.try_into() {
			Ok(runs) => self.runs = runs,
			Err(()) => {
				defensive!("as many were drained as there were too many");
			},
		}
	}

	/// Drops the blocks up to `last`, which are included now. Answers their relay parents if known,
	/// oldest block first, and how many blocks in a row have each.
	pub fn drain(&mut self, last: u32) -> Vec<(Option<u32>, u32)> {
		let mut left = last.saturating_sub(self.included);
		let mut blocks = Vec::new();
		let unmeasured = left.min(self.unmeasured);
		if unmeasured > 0 {
			blocks.push((None, unmeasured));
			self.unmeasured = self.unmeasured.saturating_sub(unmeasured);
			left = left.saturating_sub(unmeasured);
		}
		let mut runs = core::mem::take(&mut self.runs).into_inner();
		runs.retain_mut(|run| {
			let taken = left.min(run.blocks);
			if taken > 0 {
				blocks.push((Some(run.relay_parent), taken));
				run.blocks = run.blocks.saturating_sub(taken);
				left = left.saturating_sub(taken);
			}
			run.blocks > 0
		});
		self.set_runs(runs);
		self.included = self.included.max(last);
		blocks
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_support::traits::ConstU32;
	use proptest::prelude::*;

	#[test]
	fn begins_with_what_is_under_way() {
		let tracker = Tracker::<ConstU32<4>>::begin(10, 3, 4);
		assert_eq!((tracker.since, tracker.included, tracker.told), (8, 7, 7));
		assert_eq!((tracker.length(), tracker.unmeasured), (3, 3));
		assert_eq!(tracker.oldest_relay_parent(), None);
		// More than there are blocks.
		assert_eq!(Tracker::<ConstU32<4>>::begin(2, 3, 4).length(), 2);
	}

	#[test]
	fn a_full_list_of_relay_parents_forgets_the_oldest_and_no_block() {
		let mut tracker = Tracker::<ConstU32<2>>::begin(0, 0, 2);
		for relay_parent in [5, 5, 6, 8] {
			tracker.append(relay_parent);
		}
		assert_eq!(tracker.length(), 4);
		assert_eq!(tracker.unmeasured, 2);
		assert_eq!(tracker.relay_parent_of(2), None);
		assert_eq!(tracker.relay_parent_of(3), Some(6));
		assert_eq!(tracker.relay_parent_of(4), Some(8));
		assert_eq!(tracker.relay_parent_of(5), None);
		assert_eq!(tracker.drain(3), [(None, 2), (Some(6), 1)]);
	}

	#[test]
	fn blocks_that_were_missed_are_accounted_for() {
		let mut tracker = Tracker::<ConstU32<8>>::begin(0, 0, 8);
		tracker.append(5);
		assert_eq!(tracker.reconcile(1), 0);
		assert_eq!(tracker.reconcile(4), 3);
		assert_eq!((tracker.unmeasured, tracker.length()), (4, 4));
		tracker.append(9);
		assert_eq!(tracker.drain(5), [(None, 4), (Some(9), 1)]);
	}

	proptest! {
		#[test]
		fn is_a_queue_of_relay_parents(
			steps in proptest::collection::vec((0..3u32, 0..4u32), 0..60), behind in 0..5u32,
		) {
			let mut tracker = Tracker::<ConstU32<64>>::begin(behind, behind, 64);
			let mut queue = vec![None; behind as usize];
			let (mut latest, mut relay_parent) = (behind, 100);
			for (relay_blocks, included) in steps {
				relay_parent += relay_blocks;
				let count = (included as usize).min(queue.len());
				let drained = tracker.drain(tracker.included + count as u32);
				let flat: Vec<_> =
					drained.iter().flat_map(|(run, n)| vec![*run; *n as usize]).collect();
				prop_assert_eq!(flat, queue.drain(..count).collect::<Vec<_>>());
				tracker.append(relay_parent);
				queue.push(Some(relay_parent));
				latest += 1;
				prop_assert_eq!(tracker.length() as usize, queue.len());
				prop_assert_eq!(tracker.reconcile(latest), 0);
				for (number, expected) in (tracker.included + 1..).zip(&queue) {
					prop_assert_eq!(tracker.relay_parent_of(number), *expected);
				}
			}
		}
	}
}
