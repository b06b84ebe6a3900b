// SPDX-License-Identifier: Apache-2.0

//! How long the unincluded segment must be for a pace to be kept, and how far ahead the relay chain
//! must schedule for it.
//!
//! All of it follows from the way that a block takes from its relay parent to its inclusion, which a
//! runtime fixes when it is compiled: [`Pipeline`]. The formulas are derived in the project's notes
//! on asynchronous backing, section 1.5, and agree with the constants of the SDK's own runtimes.

/// The way of a block from its relay parent to its inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipeline {
	/// Distance of the relay parent from the relay chain's tip, in relay blocks.
	pub relay_parent_offset: u32,
	/// How far ahead the collator looks in the claim queue at most, in relay blocks
	/// (`cumulus-pallet-parachain-system`, `max_claim_queue_offset`): 1 with version 2 candidate
	/// descriptors, 2 with version 3.
	pub claim_queue_offset: u32,
	/// Whether candidates have descriptors of version 3, with a scheduling parent of their own. The
	/// claim queue is then looked up at the relay chain's tip instead of at the relay parent.
	pub descriptors_v3: bool,
}

impl Pipeline {
	/// The way of a block with version 2 candidate descriptors.
	pub const fn v2(relay_parent_offset: u32) -> Self {
		Self { relay_parent_offset, claim_queue_offset: 1, descriptors_v3: false }
	}

	/// The shortest capacity with which a chain keeps `velocity`, in blocks.
	///
	/// A block built on relay parent `R` is, at the earliest, backed in relay block
	/// `R + relay_parent_offset + claim_queue_offset + 1` and included in the next one. Until then
	/// every relay slot adds `velocity` blocks to the segment. The SDK's runtimes say the same with
	/// `(3 + offset) * velocity`, for a claim queue offset of 1.
	///
	/// `velocity` is in blocks per relay slot. Saturates at `u32::MAX`.
	pub const fn recommended_capacity(&self, velocity: u32) -> u32 {
		self.relay_parent_offset
			.saturating_add(self.claim_queue_offset)
			.saturating_add(2)
			.saturating_mul(velocity)
	}

	/// The longest capacity that is of use, in blocks: what a candidate that is backed at the last
	/// of its chances can have after it. More makes reorganisations deeper, and no chain faster.
	///
	/// `velocity` is in blocks per relay slot, `lookahead` in relay blocks. Saturates at `u32::MAX`.
	pub const fn useful_capacity(&self, velocity: u32, lookahead: u32) -> u32 {
		let useful = self
			.relay_parent_offset
			.saturating_add(lookahead)
			.saturating_add(1)
			.saturating_mul(velocity);
		let recommended = self.recommended_capacity(velocity);
		if useful > recommended {
			useful
		} else {
			recommended
		}
	}

	/// The shortest lookahead of the relay chain's scheduler with which the collator finds its
	/// claims, in relay blocks.
	pub const fn lookahead_needed(&self) -> u32 {
		// The claim queue of a relay block has the places 0 to `lookahead - 1`.
		if self.descriptors_v3 {
			self.claim_queue_offset.saturating_add(1)
		} else {
			self.relay_parent_offset.saturating_add(self.claim_queue_offset).saturating_add(1)
		}
	}

	/// How many relay blocks late a candidate can be backed and still be in time, with the given
	/// lookahead of the relay chain's scheduler, both in relay blocks.
	///
	/// A relay parent is allowed for `lookahead - 1` relay blocks. The offset has used up some of
	/// them when the block is built, and the earliest backing needs one more.
	pub const fn backing_slack(&self, lookahead: u32) -> u32 {
		lookahead.saturating_sub(2).saturating_sub(self.relay_parent_offset)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn agrees_with_the_runtimes_of_the_sdk() {
		for velocity in 1..=12 {
			for offset in 0..=3 {
				assert_eq!(
					Pipeline::v2(offset).recommended_capacity(velocity),
					(3 + offset) * velocity,
				);
			}
		}
	}

	#[test]
	fn the_relay_chain_schedules_far_enough_ahead() {
		// Westend, Kusama and Polkadot: a lookahead of 5 relay blocks.
		assert_eq!(Pipeline::v2(1).lookahead_needed(), 3);
		assert_eq!(Pipeline::v2(1).backing_slack(5), 2);
		assert_eq!(Pipeline::v2(3).backing_slack(5), 0);
		let v3 = Pipeline { relay_parent_offset: 4, claim_queue_offset: 2, descriptors_v3: true };
		assert_eq!(v3.lookahead_needed(), 3);
	}

	#[test]
	fn no_capacity_that_is_recommended_is_useless() {
		for lookahead in 0..8 {
			for offset in 0..=3 {
				let pipeline = Pipeline::v2(offset);
				assert!(pipeline.useful_capacity(3, lookahead) >= pipeline.recommended_capacity(3));
			}
		}
		assert_eq!(Pipeline::v2(1).useful_capacity(3, 5), 21);
	}

	#[test]
	fn saturates() {
		let far = Pipeline {
			relay_parent_offset: u32::MAX,
			claim_queue_offset: u32::MAX,
			descriptors_v3: false,
		};
		assert_eq!(Pipeline::v2(1).recommended_capacity(u32::MAX), u32::MAX);
		assert_eq!(far.recommended_capacity(1), u32::MAX);
		assert_eq!(far.useful_capacity(1, u32::MAX), u32::MAX);
		assert_eq!(far.lookahead_needed(), u32::MAX);
		assert_eq!(far.backing_slack(5), 0);
	}
}
