// SPDX-License-Identifier: GPL-3.0-only

//! Labels of parachain blocks in the log: `P7`, `P7'` for the second block 7, `P7-9` for a bundle.

use std::{collections::BTreeMap, fmt};

/// Target of the log lines of the development chain.
pub(crate) const LOG_TARGET: &str = "dev";

/// Label of a parachain block: `P7`, `P7'` for the second block with that number, and so on. From the fifth on it
/// has a count: `P7'4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockLabel {
	/// The block's number.
	pub(crate) number: u32,
	/// Number of blocks with that number that were built before it.
	pub(crate) before: u32,
}

impl BlockLabel {
	fn without_p(&self) -> String {
		match self.before {
			few @ 0..=3 => format!("{}{}", self.number, "'".repeat(few as usize)),
			many => format!("{}'{many}", self.number),
		}
	}
}

impl fmt::Display for BlockLabel {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "P{}", self.without_p())
	}
}

/// Label of a bundle: its first and its last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BundleLabel {
	/// Label of the first block.
	pub(crate) first: BlockLabel,
	/// Label of the last block.
	pub(crate) last: BlockLabel,
}

impl fmt::Display for BundleLabel {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.first == self.last {
			true => write!(f, "{}", self.first),
			false => write!(f, "{}-{}", self.first, self.last.without_p()),
		}
	}
}

/// Labels new blocks.
#[derive(Debug, Default)]
pub(crate) struct Labels {
	/// Number of blocks built, by block number.
	built: BTreeMap<u32, u32>,
}

impl Labels {
	/// Returns the label of a new block with that number. Later blocks have numbers above `finalized_number`.
	pub(crate) fn next(&mut self, number: u32, finalized_number: u32) -> BlockLabel {
		self.built = self.built.split_off(&finalized_number.saturating_add(1));
		let built = self.built.entry(number).or_insert(0);
		let label = BlockLabel { number, before: *built };
		*built += 1;
		label
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn bundle(first: (u32, u32), last: (u32, u32)) -> BundleLabel {
		let label = |(number, before)| BlockLabel { number, before };
		BundleLabel { first: label(first), last: label(last) }
	}

	#[test]
	fn labels_equal_the_observer_s() {
		assert_eq!(bundle((4, 0), (4, 0)).to_string(), "P4");
		assert_eq!(bundle((4, 1), (4, 1)).to_string(), "P4'");
		assert_eq!(bundle((4, 0), (6, 0)).to_string(), "P4-6");
		assert_eq!(bundle((4, 2), (6, 1)).to_string(), "P4''-6'");
		assert_eq!(bundle((4, 3), (5, 4)).to_string(), "P4'''-5'4");
	}

	#[test]
	fn a_repeated_number_gets_a_mark() {
		let mut labels = Labels::default();
		let mut next = |number, finalized| labels.next(number, finalized).to_string();
		assert_eq!([next(1, 0), next(2, 0), next(3, 0)], ["P1", "P2", "P3"]);
		assert_eq!([next(2, 1), next(3, 1), next(4, 1), next(2, 1)], ["P2'", "P3'", "P4", "P2''"]);
		assert_eq!(labels.next(5, 4).to_string(), "P5");
		assert_eq!(labels.built.len(), 1, "finalized numbers are removed");
	}
}
