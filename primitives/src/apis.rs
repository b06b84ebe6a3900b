// SPDX-License-Identifier: Apache-2.0

//! Runtime APIs of Conveyor's pallets.
//!
//! polkadot.js Apps and PAPI need no type definitions: the metadata contains all types.

use crate::{
	Admission, Advice, InclusionStats, InclusionStatus, InvalidLimits, Limits, NextBlock,
	NotTracked, OldestUnincluded, Refusal, ScheduledLimits, UnincludedBlock,
};
use alloc::vec::Vec;
use sp_consensus_slots::Slot;

sp_api::decl_runtime_apis! {
	/// Limits of the chain, and admission of the next block.
	pub trait VelocityApi {
		/// Returns the limits for the next block.
		fn limits() -> Limits;

		/// Returns the limits that are scheduled and do not apply yet.
		fn scheduled_limits() -> Option<ScheduledLimits>;

		/// Returns the minimum capacity, in blocks, at which this chain reaches `velocity` blocks per
		/// relay slot.
		fn recommended_capacity(velocity: u32) -> u32;

		/// Returns the advice on `limits`, or the rule that they break. Changes nothing.
		fn check_limits(limits: Limits) -> Result<Advice, InvalidLimits>;

		/// Returns whether the next block may be built now. If not: the reason, and what must happen
		/// first. "Now" is the relay slot of the latest block.
		fn next_block() -> NextBlock;

		/// Returns whether a block may be built on the queried block at `relay_slot`, for a collator.
		/// `included_hash`: latest included block as of the new relay parent.
		///
		/// After the last block of a bundle, the complete next bundle must fit. A block does not know
		/// its own hash: if `included_hash` is the queried block, the unincluded segment is empty, and
		/// the collator does not call this function.
		fn admission(
			included_hash: Block::Hash,
			relay_slot: Slot,
		) -> Result<Admission, Refusal>;
	}

	/// Unincluded segment and inclusion statistics.
	///
	/// All results are as of the queried block: a parachain knows the relay chain's state at the relay
	/// parent of its latest block.
	pub trait UnincludedSegmentApi {
		/// Returns the unincluded blocks, oldest first. The queried block is the last one.
		fn segment() -> Result<Vec<UnincludedBlock<Block::Hash>>, NotTracked>;

		/// Returns whether block `number` is included, and its inclusion lag or age.
		fn inclusion(number: u32) -> Result<InclusionStatus, NotTracked>;

		/// Returns the inclusion statistics since tracking started.
		fn stats() -> Result<InclusionStats, NotTracked>;

		/// Returns the oldest unincluded block and its age. `None` if the segment is empty.
		fn oldest_age() -> Result<Option<OldestUnincluded>, NotTracked>;
	}
}
