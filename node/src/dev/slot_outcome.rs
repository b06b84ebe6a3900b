// SPDX-License-Identifier: GPL-3.0-only

//! Outcome of a relay slot for the collator: the built blocks, and the reason if there are not more.

use super::{labels::BundleLabel, relay::NoRelayParent};
use conveyor_primitives::Refusal;
use cumulus_primitives_core::relay_chain::BlockNumber;
use sp_consensus_aura::Slot;
use std::fmt;

/// Outcome of a relay slot for the collator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotOutcome {
	/// Built blocks, by candidate. Blocks of an abandoned bundle come last.
	pub(crate) collated: Vec<BundleLabel>,
	/// Reason why there are not more blocks.
	pub(crate) end: Option<NoBlock>,
}

impl From<NoBlock> for SlotOutcome {
	fn from(reason: NoBlock) -> Self {
		Self { end: Some(reason), ..Self::default() }
	}
}

impl From<NoRelayParent> for NoBlock {
	fn from(reason: NoRelayParent) -> Self {
		match reason {
			NoRelayParent::ChainTooShort => Self::RelayChainTooShort,
			NoRelayParent::SessionChange(at) => Self::SessionChange { at },
		}
	}
}

/// Temporary reason for which no block was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoBlock {
	/// No block was admitted.
	Refused(Refusal),
	/// No further block of the bundle was admitted. Its blocks are not proposed.
	BundleAbandoned(Refusal),
	/// The relay chain is shorter than the relay parent offset.
	RelayChainTooShort,
	/// A relay session started after the relay parent. The collator builds on no relay parent of the previous
	/// session, because such a candidate could not be backed.
	SessionChange {
		/// The relay block that started the session.
		at: BlockNumber,
	},
	/// The para slot belongs to a collator whose key is not in this node's keystore.
	NotOurSlot(Slot),
	/// The newest block has the same relay parent.
	RelayParentUsed,
	/// The relay chain does not schedule cores as far ahead as the collator needs.
	NoCores {
		/// Depth that the collator needs: 0 is the relay block after the relay parent.
		ahead: u32,
		/// Number of relay blocks for which cores are scheduled.
		lookahead: u32,
	},
}

impl fmt::Display for NoBlock {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Refused(refusal) => write!(f, "{refusal}"),
			Self::BundleAbandoned(refusal) => write!(f, "the bundle is abandoned: {refusal}"),
			Self::RelayChainTooShort => {
				write!(f, "the relay chain is shorter than the relay parent offset")
			},
			Self::SessionChange { at } => write!(
				f,
				"a relay session started in R{at}, after the relay parent: no block is built on the \
				 previous session",
			),
			Self::NotOurSlot(slot) => {
				write!(f, "this node has no key for the collator of para slot {}", **slot)
			},
			Self::RelayParentUsed => {
				write!(f, "the newest block has the same relay parent")
			},
			Self::NoCores { ahead, lookahead } => write!(
				f,
				"no cores are scheduled: the collator needs cores {ahead} relay blocks ahead, but with \
				 a lookahead of {lookahead} the relay chain schedules at most {}. Set --lookahead to at \
				 least {}",
				lookahead.saturating_sub(1),
				ahead + 1,
			),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_reason_names_the_remedy() {
		let text = NoBlock::NoCores { ahead: 2, lookahead: 2 }.to_string();
		assert_eq!(
			text,
			"no cores are scheduled: the collator needs cores 2 relay blocks ahead, but with a \
			 lookahead of 2 the relay chain schedules at most 1. Set --lookahead to at least 3",
		);
		let refusal = Refusal::SegmentFull { length: 4, capacity: 4 };
		assert_eq!(NoBlock::Refused(refusal).to_string(), refusal.to_string());
		let text = NoBlock::BundleAbandoned(refusal).to_string();
		assert!(
			text.starts_with("the bundle is abandoned: the unincluded segment is full"),
			"{text}"
		);
	}
}
