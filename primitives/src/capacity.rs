// SPDX-License-Identifier: Apache-2.0

//! How long the unincluded segment must be for a pace to be kept.

/// How far ahead of the relay parent a collator looks in the claim queue with version 2 candidate
/// descriptors (`cumulus-pallet-parachain-system`, `max_claim_queue_offset`), in relay blocks.
pub const CLAIM_QUEUE_OFFSET_V2: u32 = 1;

/// The shortest capacity with which a chain keeps its velocity, in blocks.
///
/// A block built on relay parent `R` is, at the earliest, backed in relay block
/// `R + relay_parent_offset + claim_queue_offset + 1` and included in the next one. Until then
/// every relay slot adds `velocity` blocks to the segment. The SDK's runtimes say the same with
/// `(3 + offset) * velocity`, for a claim queue offset of 1.
///
/// - `velocity`: blocks per relay slot.
/// - `relay_parent_offset`: distance of the relay parent from the relay chain's tip, in relay blocks.
/// - `claim_queue_offset`: how far ahead the collator looks in the claim queue, in relay blocks.
///
/// Saturates at `u32::MAX`.
pub const fn recommended(velocity: u32, relay_parent_offset: u32, claim_queue_offset: u32) -> u32 {
	relay_parent_offset
		.saturating_add(claim_queue_offset)
		.saturating_add(2)
		.saturating_mul(velocity)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn agrees_with_the_runtimes_of_the_sdk() {
		for velocity in 1..=12 {
			for offset in 0..=3 {
				assert_eq!(
					recommended(velocity, offset, CLAIM_QUEUE_OFFSET_V2),
					(3 + offset) * velocity,
				);
			}
		}
	}

	#[test]
	fn saturates() {
		assert_eq!(recommended(u32::MAX, 1, 1), u32::MAX);
		assert_eq!(recommended(1, u32::MAX, u32::MAX), u32::MAX);
	}
}
