// SPDX-License-Identifier: Apache-2.0

//! The runtime APIs through which Conveyor's state can be asked of a running chain.
//!
//! They need no type definitions in polkadot.js Apps or PAPI: everything is in the metadata.

use crate::{
	Admission, Advice, BlockUnderWay, InclusionStats, InclusionStatus, InvalidLimits, Limits,
	NotTracked, OldestUnderWay, Refusal, ScheduledLimits,
};
use alloc::vec::Vec;
use sp_consensus_slots::Slot;

sp_api::decl_runtime_apis! {
	/// How fast the chain may go, and whether it may go on now.
	pub trait VelocityApi {
		/// The limits that the next block must obey.
		fn limits() -> Limits;

		/// The limits that wait for their time, if any.
		fn scheduled_limits() -> Option<ScheduledLimits>;

		/// The shortest capacity in blocks with which this chain keeps a velocity of `velocity`
		/// blocks per relay slot.
		fn recommended_capacity(velocity: u32) -> u32;

		/// What to expect of `limits` on this chain and its relay chain, or why they would be
		/// refused. Changes nothing.
		fn check_limits(limits: Limits) -> Result<Advice, InvalidLimits>;

		/// Whether a block may be built on this one at relay slot `relay_slot`, when
		/// `included_hash` is the latest included block as of the relay parent. Answers how many
		/// blocks there is room for, or why there is none.
		///
		/// At the end of a bundle, the next bundle must fit as a whole. A block does not know its
		/// own hash: if `included_hash` is this very block, nothing is under way, and the collator
		/// need not ask.
		fn admission(
			included_hash: Block::Hash,
			relay_slot: Slot,
		) -> Result<Admission, Refusal>;
	}

	/// What is under way: blocks that are built and not included yet, and how inclusion goes.
	///
	/// All answers are of the block that is asked, as far as that block has seen: a parachain knows
	/// of the relay chain what the state of its latest block's relay parent says.
	pub trait UnincludedSegmentApi {
		/// The blocks under way, oldest first; the block asked is the last one.
		fn segment() -> Result<Vec<BlockUnderWay<Block::Hash>>, NotTracked>;

		/// Whether block `number` is included, and how long that took or has taken so far.
		fn inclusion(number: u32) -> Result<InclusionStatus, NotTracked>;

		/// How inclusion went since blocks are tracked.
		fn stats() -> Result<InclusionStats, NotTracked>;

		/// The oldest block under way and its age. `None` if nothing is under way.
		fn oldest_age() -> Result<Option<OldestUnderWay>, NotTracked>;
	}
}
