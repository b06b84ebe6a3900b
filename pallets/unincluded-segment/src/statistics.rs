// SPDX-License-Identifier: Apache-2.0

//! Inclusion statistics in storage.

use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use conveyor_primitives::{inclusion::MAX_COUNTED_LAG, LagCount};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Maximum number of blocks in [`RecentLags`].
pub(crate) const MAX_WINDOW: u32 = 256;

/// Number of counters of a [`LagHistogram`].
const COUNTERS: usize = MAX_COUNTED_LAG as usize + 1;

/// Number of blocks per inclusion lag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct LagHistogram {
	/// Number of blocks with an inclusion lag of 0 relay blocks, 1 relay block, and so on. The last
	/// entry counts lags of 14 relay blocks or more.
	pub blocks: [u32; COUNTERS],
}

impl LagHistogram {
	/// Adds `blocks` blocks with an inclusion lag of `lag` relay blocks. Saturates at `u32::MAX`.
	pub fn add(&mut self, lag: u32, blocks: u32) {
		let counter = &mut self.blocks[lag.min(MAX_COUNTED_LAG) as usize];
		*counter = counter.saturating_add(blocks);
	}

	/// Returns the number of blocks.
	pub fn total(&self) -> u64 {
		self.blocks.iter().map(|blocks| u64::from(*blocks)).sum()
	}

	/// Returns the lags that have blocks, ascending.
	pub fn counts(&self) -> Vec<LagCount> {
		(0..)
			.zip(self.blocks)
			.filter(|(_, blocks)| *blocks > 0)
			.map(|(lag, blocks)| LagCount { lag, capped: lag == MAX_COUNTED_LAG, blocks })
			.collect()
	}
}

/// Entry of [`RecentLags`] for an unknown lag.
const UNKNOWN_LAG: u8 = u8::MAX;

/// Inclusion lags of the latest included blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct RecentLags {
	/// One byte per block, oldest block first: the lag in relay blocks, 14 for 14 or more, 255 if
	/// unknown.
	lags: BoundedVec<u8, ConstU32<MAX_WINDOW>>,
}

impl RecentLags {
	/// Returns the number of blocks.
	pub fn len(&self) -> u32 {
		self.lags.len() as u32
	}

	/// Returns whether there are no blocks.
	pub fn is_empty(&self) -> bool {
		self.lags.is_empty()
	}

	/// Appends included blocks, oldest first, and keeps the latest `window` blocks, at most
	/// [`MAX_WINDOW`].
	///
	/// `blocks`: lag in relay blocks, if known, and number of consecutive blocks with this lag.
	pub fn extend(&mut self, blocks: impl IntoIterator<Item = (Option<u32>, u32)>, window: u32) {
		let window = window.min(MAX_WINDOW);
		let mut lags = core::mem::take(&mut self.lags).into_inner();
		for (lag, count) in blocks {
			let entry = lag.map_or(UNKNOWN_LAG, |lag| lag.min(MAX_COUNTED_LAG) as u8);
			// More entries than `window` would only replace each other.
			lags.extend(core::iter::repeat_n(entry, count.min(window) as usize));
		}
		lags.drain(..lags.len().saturating_sub(window as usize));
		self.lags = BoundedVec::truncate_from(lags);
	}

	/// Returns the lag of a block in relay blocks, and whether it is capped. `blocks_ago`: number of
	/// blocks that were included after it.
	pub fn get(&self, blocks_ago: u32) -> (Option<u32>, bool) {
		match self.lags.iter().rev().nth(blocks_ago as usize) {
			None | Some(&UNKNOWN_LAG) => (None, false),
			Some(lag) => (Some((*lag).into()), u32::from(*lag) == MAX_COUNTED_LAG),
		}
	}

	/// Returns the number of blocks per lag, without blocks of unknown lag.
	pub fn histogram(&self) -> LagHistogram {
		let mut histogram = LagHistogram::default();
		for lag in self.lags.iter().filter(|lag| **lag != UNKNOWN_LAG) {
			histogram.add((*lag).into(), 1);
		}
		histogram
	}
}

/// Blocks that one block sees as included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewlyIncluded {
	/// Relay parents of the included blocks, oldest block first, and number of consecutive blocks on
	/// each. `None` if the relay parent is unknown.
	pub blocks: Vec<(Option<u32>, u32)>,
	/// Relay parent of the block that sees them as included.
	pub relay_parent: u32,
	/// Relay parent of the block before that one, if known.
	pub previous_relay_parent: Option<u32>,
}

impl NewlyIncluded {
	/// Returns the inclusion lags in relay blocks, oldest block first, and the number of consecutive
	/// blocks with each.
	pub fn lags(&self) -> impl Iterator<Item = (Option<u32>, u32)> + '_ {
		self.blocks.iter().map(|(relay_parent, blocks)| {
			(relay_parent.map(|built| self.relay_parent.saturating_sub(built)), *blocks)
		})
	}

	/// Returns the longest lag in relay blocks. `None` if no lag is known.
	pub fn longest_lag(&self) -> Option<u32> {
		self.lags().filter_map(|(lag, _)| lag).max()
	}

	/// Returns by how many relay blocks the lags may be too long.
	///
	/// The blocks may have been included in any relay block after the previous relay parent. The chain
	/// has no block there to see it.
	pub fn uncertainty(&self) -> u32 {
		self.previous_relay_parent
			.map_or(0, |previous| self.relay_parent.saturating_sub(previous).saturating_sub(1))
	}
}

/// Inclusion statistics since tracking started. All counters saturate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct Statistics {
	/// Number of included blocks.
	#[codec(compact)]
	pub included_blocks: u32,
	/// Number of included blocks with an unknown lag.
	#[codec(compact)]
	pub blocks_with_unknown_lag: u32,
	/// Number of included blocks whose true lag may be shorter than the counted one.
	#[codec(compact)]
	pub blocks_with_uncertain_lag: u32,
	/// Sum of all lags, in relay blocks.
	#[codec(compact)]
	pub total_lag: u64,
	/// Longest lag, in relay blocks. `None` if no lag is known.
	pub longest_lag: Option<u32>,
	/// Number of blocks per lag.
	pub lags: LagHistogram,
	/// Lags of the latest included blocks.
	pub recent_lags: RecentLags,
}

impl Statistics {
	/// Adds included blocks, and keeps the lags of the latest `window` blocks.
	pub fn add(&mut self, included: &NewlyIncluded, window: u32) {
		let uncertain = included.uncertainty() > 0;
		for (lag, blocks) in included.lags() {
			self.included_blocks = self.included_blocks.saturating_add(blocks);
			if uncertain {
				self.blocks_with_uncertain_lag =
					self.blocks_with_uncertain_lag.saturating_add(blocks);
			}
			match lag {
				Some(lag) => {
					let lags = u64::from(lag).saturating_mul(blocks.into());
					self.total_lag = self.total_lag.saturating_add(lags);
					self.lags.add(lag, blocks);
				},
				None => {
					self.blocks_with_unknown_lag =
						self.blocks_with_unknown_lag.saturating_add(blocks)
				},
			}
		}
		self.longest_lag = self.longest_lag.max(included.longest_lag());
		self.recent_lags.extend(included.lags(), window);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_histogram_counts_short_lags_exactly_and_long_ones_together() {
		let mut histogram = LagHistogram::default();
		histogram.add(0, 1);
		histogram.add(13, 2);
		histogram.add(14, 3);
		histogram.add(u32::MAX, 4);
		assert_eq!(histogram.blocks, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 7]);
		assert_eq!(histogram.total(), 10);
		let count = |lag, capped, blocks| LagCount { lag, capped, blocks };
		assert_eq!(
			histogram.counts(),
			[count(0, false, 1), count(13, false, 2), count(14, true, 7)],
		);
		histogram.add(13, u32::MAX);
		assert_eq!(histogram.blocks[13], u32::MAX);
	}

	#[test]
	fn recent_lags_return_lag_and_cap() {
		let mut lags = RecentLags::default();
		assert_eq!(lags.get(0), (None, false));
		lags.extend([(Some(13), 1), (None, 1), (Some(400), 1)], 4);
		assert_eq!(lags.get(0), (Some(14), true));
		assert_eq!(lags.get(1), (None, false));
		assert_eq!(lags.get(2), (Some(13), false));
		assert_eq!(lags.get(3), (None, false));
		assert_eq!(lags.get(u32::MAX), (None, false));
		assert_eq!(lags.len(), 3);
		lags.extend([(Some(1), 9)], 0);
		assert!(lags.is_empty());
	}

	fn included(relay_parent: u32, previous: Option<u32>) -> NewlyIncluded {
		NewlyIncluded {
			blocks: vec![(None, 1), (Some(10), 2), (Some(12), 3)],
			relay_parent,
			previous_relay_parent: previous,
		}
	}

	#[test]
	fn lags_are_uncertain_without_a_block_on_the_previous_relay_block() {
		assert_eq!(included(14, Some(13)).uncertainty(), 0);
		assert_eq!(included(14, Some(14)).uncertainty(), 0);
		assert_eq!(included(14, Some(11)).uncertainty(), 2);
		assert_eq!(included(14, None).uncertainty(), 0);
		// On some chains a relay parent may be older than that of the previous block.
		assert_eq!(included(14, Some(20)).uncertainty(), 0);
		assert_eq!(included(9, None).longest_lag(), Some(0));
		assert_eq!(included(15, None).longest_lag(), Some(5));
	}

	#[test]
	fn statistics_add_all_included_blocks() {
		let mut statistics = Statistics::default();
		statistics.add(&included(14, Some(13)), 4);
		statistics.add(&included(15, Some(13)), 4);
		assert_eq!(statistics.included_blocks, 12);
		assert_eq!(statistics.blocks_with_unknown_lag, 2);
		assert_eq!(statistics.blocks_with_uncertain_lag, 6);
		assert_eq!(statistics.total_lag, 2 * 4 + 3 * 2 + 2 * 5 + 3 * 3);
		assert_eq!(statistics.longest_lag, Some(5));
		assert_eq!(statistics.lags.blocks[..6], [0, 0, 3, 3, 2, 2]);
		assert_eq!(statistics.recent_lags.histogram().blocks[..6], [0, 0, 0, 3, 0, 1]);
	}

	proptest! {
		#[test]
		fn recent_lags_are_the_latest_of_all_lags(
			steps in proptest::collection::vec(
				proptest::collection::vec((proptest::option::of(0..40u32), 0..9u32), 0..6),
				0..20,
			),
			window in 0..300u32,
		) {
			let mut recent = RecentLags::default();
			let mut all = Vec::new();
			for step in steps {
				recent.extend(step.clone(), window);
				all.extend(step.into_iter().flat_map(|(lag, n)| vec![lag; n as usize]));
				let window = window.min(MAX_WINDOW) as usize;
				let expected = &all[all.len().saturating_sub(window)..];
				prop_assert_eq!(recent.len() as usize, expected.len());
				let mut histogram = LagHistogram::default();
				for (blocks_ago, lag) in expected.iter().rev().enumerate() {
					let capped = lag.is_some_and(|lag| lag >= 14);
					let lag = lag.map(|lag| lag.min(14));
					prop_assert_eq!(recent.get(blocks_ago as u32), (lag, capped));
					lag.iter().for_each(|lag| histogram.add(*lag, 1));
				}
				prop_assert_eq!(recent.histogram(), histogram);
				prop_assert_eq!(
					RecentLags::decode(&mut &recent.encode()[..]), Ok(recent.clone()),
				);
			}
		}
	}
}
