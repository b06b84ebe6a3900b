// SPDX-License-Identifier: Apache-2.0

//! Velocity limits of a parachain, and the rules for valid limits.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Maximum length of a bundle, in blocks: the index in a bundle is a `u8`
/// (`cumulus_primitives_core::BlockBundleInfo`).
pub const MAX_BLOCKS_PER_CORE: u32 = u8::MAX as u32;

/// Velocity, capacity and target block rate of a parachain.
///
/// The three values depend on each other. They are set, validated and applied together.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[scale_info(capture_docs = "always")]
pub struct Limits {
	/// Maximum number of blocks per relay slot.
	///
	/// As in the SDK, a relay slot admits one block more than this, so that the chain can catch up
	/// after a missed block.
	pub velocity: u32,
	/// Maximum length of the unincluded segment, in blocks.
	pub capacity: u32,
	/// Blocks per relay slot that a collator tries to build, on all cores together. With fewer cores
	/// than blocks, the collator builds bundles.
	pub target_block_rate: u32,
}

/// Time at which new limits apply.
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
pub enum ApplyAt {
	/// After the last block on the relay parent of the block in which they are scheduled.
	Now,
	/// After the last block on this relay parent, or on a later one if it has no block.
	RelayBlock(u32),
}

/// Limits that are scheduled and do not apply yet.
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
pub struct ScheduledLimits {
	/// Scheduled limits.
	pub limits: Limits,
	/// Number of the relay block from which on they apply: after the last block on this relay parent,
	/// or on a later one if it has no block.
	pub due_relay_block: u32,
}

/// Reason why limits are invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum InvalidLimits {
	/// The target block rate is 0. The chain would stall. Set it to at least 1.
	TargetBlockRateZero,
	/// The target block rate exceeds the velocity. Blocks would be built that are rejected. Raise the
	/// velocity or lower the target block rate.
	TargetBlockRateAboveVelocity {
		/// Requested target block rate, in blocks per relay slot.
		target_block_rate: u32,
		/// Requested velocity, in blocks per relay slot.
		velocity: u32,
	},
	/// The target block rate exceeds the maximum of the runtime. Lower it.
	TargetBlockRateTooHigh {
		/// Requested target block rate, in blocks per relay slot.
		target_block_rate: u32,
		/// Maximum target block rate of the runtime, in blocks per relay slot.
		max_target_block_rate: u32,
	},
	/// The capacity is below the length of a bundle. Collators build complete bundles only, so the
	/// chain would stall. Raise the capacity or lower the target block rate.
	CapacityBelowBundle {
		/// Requested capacity, in blocks.
		capacity: u32,
		/// Length of the bundle on a single core, in blocks.
		bundle: u32,
	},
	/// The capacity exceeds the maximum of the runtime. Lower it.
	CapacityTooHigh {
		/// Requested capacity, in blocks.
		capacity: u32,
		/// Maximum capacity of the runtime, in blocks.
		max_capacity: u32,
	},
}

impl fmt::Display for InvalidLimits {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TargetBlockRateZero => {
				write!(f, "the target block rate is 0 and must be at least 1 block per relay slot")
			},
			Self::TargetBlockRateAboveVelocity { target_block_rate, velocity } => write!(
				f,
				"the target block rate of {target_block_rate} blocks per relay slot exceeds the \
				 velocity of {velocity}: raise the velocity or lower the target block rate",
			),
			Self::TargetBlockRateTooHigh { target_block_rate, max_target_block_rate } => write!(
				f,
				"the target block rate of {target_block_rate} blocks per relay slot exceeds the \
				 {max_target_block_rate} that this runtime allows: lower the target block rate",
			),
			Self::CapacityBelowBundle { capacity, bundle } => write!(
				f,
				"the capacity of {capacity} blocks is below the bundle length of {bundle}: raise the \
				 capacity to at least {bundle} or lower the target block rate",
			),
			Self::CapacityTooHigh { capacity, max_capacity } => write!(
				f,
				"the capacity of {capacity} blocks exceeds the {max_capacity} that this runtime \
				 allows: lower the capacity",
			),
		}
	}
}

/// Maximum limits of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxLimits {
	/// Maximum capacity, in blocks.
	pub capacity: u32,
	/// Maximum target block rate, in blocks per relay slot. Values above [`MAX_BLOCKS_PER_CORE`] count
	/// as [`MAX_BLOCKS_PER_CORE`].
	pub target_block_rate: u32,
}

impl Limits {
	/// Encoded length in bytes, the same for all values.
	pub const ENCODED_LENGTH: usize = 3 * core::mem::size_of::<u32>();

	/// Returns whether the limits are valid, or the rule that they break.
	///
	/// A chain with invalid limits stalls on every relay chain. Limits that only slow the chain down
	/// are valid: see [`crate::advice::advice`].
	///
	/// The bundle length is that of a single core, the longest possible: a chain can lose cores at any
	/// time.
	pub fn validate(&self, max: &MaxLimits) -> Result<(), InvalidLimits> {
		let Self { velocity, capacity, target_block_rate } = *self;
		if target_block_rate == 0 {
			return Err(InvalidLimits::TargetBlockRateZero);
		}
		if target_block_rate > velocity {
			return Err(InvalidLimits::TargetBlockRateAboveVelocity {
				target_block_rate,
				velocity,
			});
		}
		let max_target_block_rate = max.target_block_rate.min(MAX_BLOCKS_PER_CORE);
		if target_block_rate > max_target_block_rate {
			return Err(InvalidLimits::TargetBlockRateTooHigh {
				target_block_rate,
				max_target_block_rate,
			});
		}
		let bundle = target_block_rate;
		if capacity < bundle {
			return Err(InvalidLimits::CapacityBelowBundle { capacity, bundle });
		}
		if capacity > max.capacity {
			return Err(InvalidLimits::CapacityTooHigh { capacity, max_capacity: max.capacity });
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn limits(velocity: u32, capacity: u32, target_block_rate: u32) -> Limits {
		Limits { velocity, capacity, target_block_rate }
	}

	#[test]
	fn all_limits_have_the_same_encoded_length() {
		for limits in [limits(0, 0, 0), limits(u32::MAX, u32::MAX, u32::MAX)] {
			assert_eq!(limits.encode().len(), Limits::ENCODED_LENGTH);
		}
		assert_eq!(Limits::max_encoded_len(), Limits::ENCODED_LENGTH);
	}

	const MAX: MaxLimits = MaxLimits { capacity: 24, target_block_rate: 6 };

	#[test]
	fn each_rule_has_its_own_error() {
		use InvalidLimits::*;
		assert_eq!(limits(1, 4, 1).validate(&MAX), Ok(()));
		assert_eq!(limits(6, 24, 6).validate(&MAX), Ok(()));
		assert_eq!(limits(1, 4, 0).validate(&MAX), Err(TargetBlockRateZero));
		assert_eq!(limits(0, 4, 0).validate(&MAX), Err(TargetBlockRateZero));
		assert_eq!(
			limits(2, 12, 3).validate(&MAX),
			Err(TargetBlockRateAboveVelocity { target_block_rate: 3, velocity: 2 }),
		);
		assert_eq!(
			limits(24, 24, 7).validate(&MAX),
			Err(TargetBlockRateTooHigh { target_block_rate: 7, max_target_block_rate: 6 }),
		);
		assert_eq!(
			limits(3, 2, 3).validate(&MAX),
			Err(CapacityBelowBundle { capacity: 2, bundle: 3 }),
		);
		assert_eq!(
			limits(3, 25, 3).validate(&MAX),
			Err(CapacityTooHigh { capacity: 25, max_capacity: 24 }),
		);
	}

	#[test]
	fn a_bundle_index_always_fits_into_its_digest() {
		let max = MaxLimits { capacity: 1_000, target_block_rate: 1_000 };
		assert_eq!(limits(255, 255, 255).validate(&max), Ok(()));
		assert_eq!(
			limits(256, 256, 256).validate(&max),
			Err(InvalidLimits::TargetBlockRateTooHigh {
				target_block_rate: 256,
				max_target_block_rate: 255,
			}),
		);
	}

	#[test]
	fn errors_name_value_limit_and_remedy() {
		let text = |limits: Limits| limits.validate(&MAX).unwrap_err().to_string();
		assert_eq!(
			text(limits(3, 2, 3)),
			"the capacity of 2 blocks is below the bundle length of 3: raise the capacity to at \
			 least 3 or lower the target block rate",
		);
		assert_eq!(
			text(limits(24, 24, 7)),
			"the target block rate of 7 blocks per relay slot exceeds the 6 that this runtime \
			 allows: lower the target block rate",
		);
	}

	#[test]
	fn json_is_camel_case_with_all_fields_and_no_others() {
		let json = serde_json::json!({ "velocity": 3, "capacity": 12, "targetBlockRate": 2 });
		assert_eq!(serde_json::from_value::<Limits>(json.clone()).unwrap(), limits(3, 12, 2));
		assert_eq!(serde_json::to_value(limits(3, 12, 2)).unwrap(), json);
		let missing = serde_json::json!({ "velocity": 3, "capacity": 12 });
		assert!(serde_json::from_value::<Limits>(missing).is_err());
		let unknown = serde_json::json!({
			"velocity": 3, "capacity": 12, "targetBlockRate": 2, "offset": 1,
		});
		assert!(serde_json::from_value::<Limits>(unknown).is_err());
	}

	proptest! {
		#[test]
		fn valid_limits_have_a_rate_above_0_and_room_for_a_bundle(
			velocity in 0..400u32, capacity in 0..400u32, target_block_rate in 0..400u32,
			max_capacity in 0..400u32, max_rate in 0..400u32,
		) {
			let max = MaxLimits { capacity: max_capacity, target_block_rate: max_rate };
			let valid = limits(velocity, capacity, target_block_rate).validate(&max).is_ok();
			let expected = (1..=velocity.min(max_rate).min(255)).contains(&target_block_rate) &&
				(target_block_rate..=max_capacity).contains(&capacity);
			prop_assert_eq!(valid, expected);
		}
	}
}
