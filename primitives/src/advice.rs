// SPDX-License-Identifier: Apache-2.0

//! Advice on valid limits: recommended values, and warnings for this relay chain.
//!
//! Slow limits and a tight relay chain configuration are warnings, not errors: a change of the limits
//! may be the remedy.

use crate::{capacity::Pipeline, Limits};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::fmt;
use scale_info::TypeInfo;

/// Scheduling parameters of the relay chain, from its state proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct RelayScheduling {
	/// Depth of the claim queue, in relay blocks (`scheduler_params.lookahead`).
	pub lookahead: u32,
	/// Number of cores of the relay chain, for all parachains (`scheduler_params.num_cores`).
	pub num_cores: u32,
	/// Whether the relay chain accepts version 3 candidate descriptors (node feature 4).
	pub descriptors_v3: bool,
}

/// Problem of valid limits or of the relay chain's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum Warning {
	/// The chain will not reach the velocity, because blocks wait for the inclusion of earlier ones.
	/// Raise the capacity to the recommended one or lower the velocity.
	CapacityBelowRecommended {
		/// Requested capacity, in blocks.
		capacity: u32,
		/// Minimum capacity at which the chain reaches the velocity, in blocks.
		recommended: u32,
	},
	/// The capacity is above the useful maximum. The excess makes reorganizations deeper and the
	/// chain no faster. Lower the capacity.
	CapacityAboveUseful {
		/// Requested capacity, in blocks.
		capacity: u32,
		/// Maximum useful capacity, in blocks.
		useful: u32,
	},
	/// The collator will not find its cores, because the claim queue is shorter than the collator
	/// reads ahead. Raise the relay chain's lookahead or lower the runtime's relay parent offset.
	LookaheadTooShort {
		/// Lookahead of the relay chain, in relay blocks.
		lookahead: u32,
		/// Minimum lookahead, in relay blocks.
		needed: u32,
	},
	/// A candidate that misses its first attempt is lost. Raise the relay chain's lookahead or lower
	/// the runtime's relay parent offset.
	NoBackingSlack {
		/// Lookahead of the relay chain, in relay blocks.
		lookahead: u32,
		/// Relay parent offset of the runtime, in relay blocks.
		relay_parent_offset: u32,
	},
	/// The runtime requires version 3 candidate descriptors, which the relay chain rejects. Enable
	/// node feature 4 on the relay chain.
	DescriptorVersionNotSupported,
}

impl fmt::Display for Warning {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::CapacityBelowRecommended { capacity, recommended } => write!(
				f,
				"the capacity of {capacity} blocks is below the recommended {recommended}: raise the \
				 capacity or lower the velocity",
			),
			Self::CapacityAboveUseful { capacity, useful } => write!(
				f,
				"the capacity of {capacity} blocks is above the useful maximum of {useful}: lower it",
			),
			Self::LookaheadTooShort { lookahead, needed } => write!(
				f,
				"the relay chain's lookahead of {lookahead} relay blocks is below the {needed} that \
				 this runtime needs: raise the lookahead or lower the relay parent offset",
			),
			Self::NoBackingSlack { lookahead, relay_parent_offset } => write!(
				f,
				"a candidate that misses its first attempt is lost, because the relay chain's \
				 lookahead is {lookahead} relay blocks and the relay parent offset is \
				 {relay_parent_offset}: raise the lookahead or lower the offset",
			),
			Self::DescriptorVersionNotSupported => write!(
				f,
				"the relay chain rejects version 3 candidate descriptors: enable its node feature 4 \
				 or set the runtime's `SchedulingSignatureVerifier` to `()`",
			),
		}
	}
}

/// Advice on valid limits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct Advice {
	/// Minimum capacity at which the chain reaches the velocity, in blocks.
	pub recommended_capacity: u32,
	/// Maximum useful capacity, in blocks. `None` if `relay_scheduling` is `None`.
	pub useful_capacity: Option<u32>,
	/// Scheduling parameters of the relay chain, as of the latest relay parent. `None` before the
	/// first block, and if the relay chain's configuration has an unknown layout.
	pub relay_scheduling: Option<RelayScheduling>,
	/// Problems of the limits or of the relay chain's configuration.
	pub warnings: Vec<Warning>,
}

/// Returns the advice on valid `limits`.
///
/// Without `relay_scheduling`, the warnings that depend on the relay chain are left out.
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
		warnings.push(Warning::CapacityAboveUseful { capacity, useful });
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
		assert_eq!(warnings(22, 1, 5), [CapacityAboveUseful { capacity: 22, useful: 21 }]);
		assert_eq!(warnings(12, 1, 2), [LookaheadTooShort { lookahead: 2, needed: 3 }]);
		assert_eq!(warnings(12, 1, 3), [NoBackingSlack { lookahead: 3, relay_parent_offset: 1 }],);
		assert_eq!(warnings(12, 1, 4), []);
		let limits = Limits { velocity: 1, capacity: 5, target_block_rate: 1 };
		let v3 = Pipeline { relay_parent_offset: 1, claim_queue_offset: 2, descriptors_v3: true };
		assert_eq!(advice(&limits, &v3, relay(5)).warnings, [DescriptorVersionNotSupported]);
	}

	#[test]
	fn an_unknown_relay_chain_causes_no_warnings() {
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
			"the capacity of 11 blocks is below the recommended 12: raise the capacity or lower \
			 the velocity",
		);
		assert_eq!(
			LookaheadTooShort { lookahead: 2, needed: 3 }.to_string(),
			"the relay chain's lookahead of 2 relay blocks is below the 3 that this runtime needs: \
			 raise the lookahead or lower the relay parent offset",
		);
	}
}
