// SPDX-License-Identifier: Apache-2.0

//! What valid limits mean on the relay chain that there is: what to expect, and what to mend.
//!
//! Limits that are only slow, and a relay chain that is set up too tightly, are no reason to refuse
//! a change: it may be the very one that helps. They are told instead.

use crate::{capacity::Pipeline, Limits};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::fmt;
use scale_info::TypeInfo;

/// What a parachain can know of its relay chain's scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RelayScheduling {
	/// How many relay blocks ahead cores are claimed (`scheduler_params.lookahead`).
	pub lookahead: u32,
	/// Number of cores of the relay chain (`scheduler_params.num_cores`), whoever uses them.
	pub num_cores: u32,
	/// Whether candidate descriptors of version 3 are understood (node feature 4).
	pub descriptors_v3: bool,
}

/// Something that valid limits, or the relay chain's configuration, leave to be desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Warning {
	/// The velocity will not be kept: blocks wait for the inclusion of others. Raise the capacity
	/// to what is recommended, or lower the velocity.
	CapacityBelowRecommended {
		/// The capacity asked for, in blocks.
		capacity: u32,
		/// The shortest capacity with which the velocity is kept, in blocks.
		recommended: u32,
	},
	/// The part of the capacity that is beyond use only makes reorganisations deeper. Lower it.
	CapacityBeyondUse {
		/// The capacity asked for, in blocks.
		capacity: u32,
		/// The longest capacity that is of use, in blocks.
		useful: u32,
	},
	/// The collator will not find its cores: the relay chain schedules less far ahead than it
	/// looks. The relay chain's lookahead must be raised, or the runtime's relay parent offset
	/// lowered.
	LookaheadTooShort {
		/// The relay chain's lookahead, in relay blocks.
		lookahead: u32,
		/// The shortest lookahead with which cores are found, in relay blocks.
		needed: u32,
	},
	/// A candidate that misses its first chance to be backed is lost. The relay chain's lookahead
	/// should be raised, or the runtime's relay parent offset lowered.
	NoBackingSlack {
		/// The relay chain's lookahead, in relay blocks.
		lookahead: u32,
		/// The runtime's relay parent offset, in relay blocks.
		relay_parent_offset: u32,
	},
	/// The runtime makes candidate descriptors of version 3, which the relay chain does not take:
	/// node feature 4 must be enabled there.
	DescriptorVersionNotSupported,
}

impl fmt::Display for Warning {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::CapacityBelowRecommended { capacity, recommended } => write!(
				f,
				"a capacity of {capacity} blocks is below the {recommended} with which the velocity \
				 is kept: raise the capacity or lower the velocity",
			),
			Self::CapacityBeyondUse { capacity, useful } => write!(
				f,
				"a capacity of {capacity} blocks is beyond the {useful} that are of use: lower it",
			),
			Self::LookaheadTooShort { lookahead, needed } => write!(
				f,
				"the relay chain's lookahead of {lookahead} relay blocks is below the {needed} that \
				 this runtime needs: raise it there or lower the relay parent offset here",
			),
			Self::NoBackingSlack { lookahead, relay_parent_offset } => write!(
				f,
				"with the relay chain's lookahead of {lookahead} relay blocks and a relay parent \
				 offset of {relay_parent_offset} a candidate that is not backed at once is lost: \
				 raise the lookahead there or lower the offset here",
			),
			Self::DescriptorVersionNotSupported => write!(
				f,
				"the relay chain does not take candidate descriptors of version 3: enable its node \
				 feature 4, or leave the runtime's `SchedulingSignatureVerifier` at `()`",
			),
		}
	}
}

/// What to expect of valid limits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Advice {
	/// The shortest capacity with which the velocity is kept, in blocks.
	pub recommended_capacity: u32,
	/// The longest capacity that is of use, in blocks. Unknown if the relay chain's scheduling is.
	pub useful_capacity: Option<u32>,
	/// The relay chain's scheduling, as of the latest relay parent. `None` if it could not be read:
	/// before the first block, or on a relay chain whose configuration has another layout.
	pub relay_scheduling: Option<RelayScheduling>,
	/// What is left to be desired.
	pub warnings: Vec<Warning>,
}

/// What to expect of `limits`, which are taken to be valid.
///
/// Rules that need the relay chain's scheduling are passed over if it is unknown.
pub fn advice(
	limits: &Limits,
	pipeline: &Pipeline,
	relay_scheduling: Option<RelayScheduling>,
) -> Advice {
	let Limits { velocity, capacity, .. } = *limits;
	let recommended = pipeline.recommended_capacity(velocity);
	let useful = relay_scheduling.map(|relay| pipeline.useful_capacity(velocity, relay.lookahead));

	let mut warnings = Vec::new();
	if capacity < recommended {
		warnings.push(Warning::CapacityBelowRecommended { capacity, recommended });
	}
	if let Some(useful) = useful.filter(|useful| capacity > *useful) {
		warnings.push(Warning::CapacityBeyondUse { capacity, useful });
	}
	if let Some(RelayScheduling { lookahead, descriptors_v3, .. }) = relay_scheduling {
		let needed = pipeline.lookahead_needed();
		if lookahead < needed {
			warnings.push(Warning::LookaheadTooShort { lookahead, needed });
		} else if pipeline.backing_slack(lookahead) == 0 {
			let relay_parent_offset = pipeline.relay_parent_offset;
			warnings.push(Warning::NoBackingSlack { lookahead, relay_parent_offset });
		}
		if pipeline.descriptors_v3 && !descriptors_v3 {
			warnings.push(Warning::DescriptorVersionNotSupported);
		}
	}
	Advice {
		recommended_capacity: recommended,
		useful_capacity: useful,
		relay_scheduling,
		warnings,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use Warning::*;

	fn relay(lookahead: u32) -> Option<RelayScheduling> {
		Some(RelayScheduling { lookahead, num_cores: 8, descriptors_v3: false })
	}

	fn warnings(capacity: u32, relay_parent_offset: u32, lookahead: u32) -> Vec<Warning> {
		let limits = Limits { velocity: 3, capacity, target_block_rate: 3 };
		advice(&limits, &Pipeline::v2(relay_parent_offset), relay(lookahead)).warnings
	}

	#[test]
	fn each_rule_has_its_own_warning() {
		assert_eq!(warnings(12, 1, 5), []);
		assert_eq!(warnings(21, 1, 5), []);
		assert_eq!(
			warnings(11, 1, 5),
			[CapacityBelowRecommended { capacity: 11, recommended: 12 }],
		);
		assert_eq!(warnings(22, 1, 5), [CapacityBeyondUse { capacity: 22, useful: 21 }]);
		assert_eq!(warnings(12, 1, 2), [LookaheadTooShort { lookahead: 2, needed: 3 }]);
		assert_eq!(warnings(12, 1, 3), [NoBackingSlack { lookahead: 3, relay_parent_offset: 1 }],);
		assert_eq!(warnings(12, 1, 4), []);
		let limits = Limits { velocity: 1, capacity: 5, target_block_rate: 1 };
		let v3 = Pipeline { relay_parent_offset: 1, claim_queue_offset: 2, descriptors_v3: true };
		assert_eq!(advice(&limits, &v3, relay(5)).warnings, [DescriptorVersionNotSupported]);
	}

	#[test]
	fn an_unknown_relay_chain_is_no_reason_to_warn() {
		let limits = Limits { velocity: 3, capacity: 100, target_block_rate: 3 };
		let advice = advice(&limits, &Pipeline::v2(9), None);
		assert_eq!(advice.recommended_capacity, 36);
		assert_eq!(advice.useful_capacity, None);
		assert_eq!(advice.warnings, []);
	}

	#[test]
	fn warnings_name_value_limit_and_remedy() {
		assert_eq!(
			CapacityBelowRecommended { capacity: 11, recommended: 12 }.to_string(),
			"a capacity of 11 blocks is below the 12 with which the velocity is kept: raise the \
			 capacity or lower the velocity",
		);
		assert_eq!(
			LookaheadTooShort { lookahead: 2, needed: 3 }.to_string(),
			"the relay chain's lookahead of 2 relay blocks is below the 3 that this runtime needs: \
			 raise it there or lower the relay parent offset here",
		);
	}
}
