// SPDX-License-Identifier: Apache-2.0

//! Capacity and lookahead that a velocity requires.
//!
//! Both follow from the number of relay blocks between a block's relay parent and its inclusion, which
//! the runtime's constants determine: [`Pipeline`]. The formulas agree with the constants of the SDK's
//! runtimes.

/// Constants of a runtime that determine how long inclusion takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipeline {
	/// Age of the relay parent when a block is built, in relay blocks.
	pub relay_parent_offset: u32,
	/// Maximum claim queue offset of the collator, in relay blocks
	/// (`cumulus-pallet-parachain-system`, `max_claim_queue_offset`): 1 with version 2 candidate
	/// descriptors, 2 with version 3.
	pub claim_queue_offset: u32,
	/// Whether candidates have version 3 descriptors with a separate scheduling parent. The claim queue
	/// is then read at the tip of the relay chain instead of at the relay parent.
	pub descriptors_v3: bool,
}

impl Pipeline {
	/// Returns the constants of a runtime with version 2 candidate descriptors.
	pub const fn v2(relay_parent_offset: u32) -> Self {
		Self { relay_parent_offset, claim_queue_offset: 1, descriptors_v3: false }
	}

	/// Returns the inclusion lag of a block whose first attempt succeeds at the maximum claim queue
	/// offset, in relay blocks.
	///
	/// A block on relay parent `R` is backed in relay block
	/// `R + relay_parent_offset + claim_queue_offset + 1` and included in the next one.
	pub const fn normal_lag(&self) -> u32 {
		self.relay_parent_offset.saturating_add(self.claim_queue_offset).saturating_add(2)
	}

	/// Returns the minimum capacity at which a chain reaches `velocity`, in blocks.
	///
	/// Until a block is included, every relay slot adds `velocity` blocks to the segment. For a claim
	/// queue offset of 1 this is the `(3 + offset) * velocity` of the SDK's runtimes.
	///
	/// `velocity` is in blocks per relay slot. Saturates at `u32::MAX`.
	pub const fn recommended_capacity(&self, velocity: u32) -> u32 {
		self.normal_lag().saturating_mul(velocity)
	}

	/// Returns the maximum useful capacity, in blocks: the number of blocks that can follow a candidate
	/// that is backed at its last attempt. A higher capacity makes reorganizations deeper and the chain
	/// no faster.
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

	/// Returns the minimum lookahead of the relay chain at which the collator finds its cores, in
	/// relay blocks.
	pub const fn lookahead_needed(&self) -> u32 {
		// The claim queue of a relay block has the offsets 0 to `lookahead - 1`.
		if self.descriptors_v3 {
			self.claim_queue_offset.saturating_add(1)
		} else {
			self.relay_parent_offset.saturating_add(self.claim_queue_offset).saturating_add(1)
		}
	}

	/// Returns how many relay blocks after its first attempt a candidate can still be backed.
	/// `lookahead` is that of the relay chain, in relay blocks.
	///
	/// A relay parent is allowed for `lookahead - 1` relay blocks. The relay parent offset uses some of
	/// them before the block is built, and the first attempt uses one.
	pub const fn backing_slack(&self, lookahead: u32) -> u32 {
		lookahead.saturating_sub(2).saturating_sub(self.relay_parent_offset)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn recommends_the_capacity_of_the_sdk_runtimes() {
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
	fn lookahead_of_public_relay_chains_suffices() {
		// Westend, Kusama and Polkadot: a lookahead of 5 relay blocks.
		assert_eq!(Pipeline::v2(1).lookahead_needed(), 3);
		assert_eq!(Pipeline::v2(1).backing_slack(5), 2);
		assert_eq!(Pipeline::v2(3).backing_slack(5), 0);
		let v3 = Pipeline { relay_parent_offset: 4, claim_queue_offset: 2, descriptors_v3: true };
		assert_eq!(v3.lookahead_needed(), 3);
	}

	#[test]
	fn useful_capacity_is_never_below_the_recommended_one() {
		for lookahead in 0..8 {
			for offset in 0..=3 {
				let pipeline = Pipeline::v2(offset);
				assert!(pipeline.useful_capacity(3, lookahead) >= pipeline.recommended_capacity(3));
			}
		}
		assert_eq!(Pipeline::v2(1).useful_capacity(3, 5), 21);
	}

	#[test]
	fn saturates_at_the_maximum() {
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
