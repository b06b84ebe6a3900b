// SPDX-License-Identifier: Apache-2.0

//! What a parachain's velocity limits are, and which of them are valid.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The largest number of blocks that one core's bundle can hold: a block's place in its bundle is a
/// `u8` (`cumulus_primitives_core::BlockBundleInfo`).
pub const MAX_BLOCKS_PER_CORE: u32 = u8::MAX as u32;

/// How fast a parachain may go.
///
/// One record, because no field means anything without the others: it is set, validated and applied
/// as a whole.
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
pub struct Limits {
	/// Velocity: the number of blocks that are meant to be built per relay slot.
	///
	/// As in the SDK, one block more than this is accepted at one relay slot, so that a block
	/// missed before can be made up for.
	pub velocity: u32,
	/// Capacity: the length of the unincluded segment in blocks, that is how many blocks may be
	/// under way, the newest among them, before one must be included.
	pub capacity: u32,
	/// Target block rate: the number of blocks that a collator tries to build per relay slot, all
	/// cores together. Bundled where there are fewer cores than blocks.
	pub target_block_rate: u32,
}

/// When new limits are to come into force.
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
pub enum Start {
	/// With the block in which they are scheduled.
	Now,
	/// With the first block whose relay parent has this number or a higher one.
	RelayBlock(u32),
}

/// Limits that wait for their time.
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
pub struct ScheduledLimits {
	/// The limits.
	pub limits: Limits,
	/// The number of the relay block from which on they are due: they come into force after the
	/// bundle that is built on it or, if none is, on a later one.
	pub due: u32,
}

/// Why [`Limits`] are refused: the value, the limit, and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum InvalidLimits {
	/// No block would ever be built, and a collator that divides the relay slot by this rate would
	/// end.
	TargetBlockRateZero,
	/// More blocks would be tried for than are accepted.
	TargetBlockRateAboveVelocity {
		/// The target block rate asked for, in blocks per relay slot.
		target_block_rate: u32,
		/// The velocity asked for, in blocks per relay slot.
		velocity: u32,
	},
	/// The chain is not made for so many blocks per relay slot.
	TargetBlockRateTooHigh {
		/// The target block rate asked for, in blocks per relay slot.
		target_block_rate: u32,
		/// The highest target block rate that the runtime allows, in blocks per relay slot.
		max_target_block_rate: u32,
	},
	/// A whole bundle would not fit. The collator builds a bundle entirely or not at all, so the
	/// chain would stand still.
	CapacityBelowBundle {
		/// The capacity asked for, in blocks.
		capacity: u32,
		/// The length of the bundle that a single core would have to take, in blocks.
		bundle: u32,
	},
	/// The chain is not made for so long an unincluded segment.
	CapacityTooHigh {
		/// The capacity asked for, in blocks.
		capacity: u32,
		/// The longest segment that the runtime allows, in blocks.
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
				"a capacity of {capacity} blocks cannot take a bundle of {bundle}: raise the \
				 capacity to {bundle} at least, or lower the target block rate",
			),
			Self::CapacityTooHigh { capacity, max_capacity } => write!(
				f,
				"a capacity of {capacity} blocks exceeds the {max_capacity} that this runtime \
				 allows: lower the capacity",
			),
		}
	}
}

/// The highest limits that a runtime allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxLimits {
	/// Longest unincluded segment, in blocks.
	pub capacity: u32,
	/// Highest target block rate, in blocks per relay slot. Above [`MAX_BLOCKS_PER_CORE`] it counts as
	/// that.
	pub target_block_rate: u32,
}

impl Limits {
	/// Length in bytes of every encoded record, so that it can be read into an array.
	pub const ENCODED_LENGTH: usize = 3 * core::mem::size_of::<u32>();

	/// Whether a chain can live with these limits.
	///
	/// The rules are those that make a chain stand still when broken, whatever relay chain it is on.
	/// Limits that are only slow are valid; compare with [`crate::advice::advice`].
	///
	/// A bundle's length is that of a single core, the longest that can occur: cores can be lost at
	/// any time.
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
	fn every_record_is_as_long_as_the_constant_says() {
		for limits in [limits(0, 0, 0), limits(u32::MAX, u32::MAX, u32::MAX)] {
			assert_eq!(limits.encode().len(), Limits::ENCODED_LENGTH);
		}
		assert_eq!(Limits::max_encoded_len(), Limits::ENCODED_LENGTH);
	}

	/// A runtime that allows for a capacity of 24 and a rate of 6.
	const MAX: MaxLimits = MaxLimits { capacity: 24, target_block_rate: 6 };

	#[test]
	fn each_rule_has_its_own_refusal() {
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

	/// Whatever the runtime allows.
	#[test]
	fn no_bundle_is_longer_than_its_digest_can_count() {
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
	fn refusals_name_value_limit_and_remedy() {
		let text = |limits: Limits| limits.validate(&MAX).unwrap_err().to_string();
		assert_eq!(
			text(limits(3, 2, 3)),
			"a capacity of 2 blocks cannot take a bundle of 3: raise the capacity to 3 at least, \
			 or lower the target block rate",
		);
		assert_eq!(
			text(limits(24, 24, 7)),
			"the target block rate of 7 blocks per relay slot exceeds the 6 that this runtime \
			 allows: lower the target block rate",
		);
	}

	#[test]
	fn json_is_camel_case_and_whole() {
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
		fn valid_limits_can_neither_divide_by_zero_nor_lock_a_bundle_out(
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
