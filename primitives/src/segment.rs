// SPDX-License-Identifier: Apache-2.0

//! What is known of a block from authored to included, and how inclusion went.
//!
//! Relay blocks are counted by number. What a block can know of its ancestors' inclusion is what the
//! state of its relay parent says: a block is seen as included by the first block of the chain whose
//! relay parent has its head, or a later one, as the parachain's latest included head.

use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use sp_consensus_slots::Slot;
use sp_runtime::{traits::ConstU32, BoundedVec, Weight};

/// Messages that a block hands over to the relay chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MessagesSent {
	/// How many.
	#[codec(compact)]
	pub count: u32,
	/// Their lengths in bytes, added up.
	#[codec(compact)]
	pub bytes: u32,
}

/// A block's place in its bundle, as its digest claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BundlePlace {
	/// The block's index in the bundle: 0 is the first.
	pub index: u8,
	/// Whether the collator meant it to be the last one.
	pub is_last: bool,
}

/// What is remembered of a block while it is under way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BlockRecord {
	/// The block's number.
	#[codec(compact)]
	pub number: u32,
	/// The number of its relay parent.
	#[codec(compact)]
	pub relay_parent: u32,
	/// The slot of its relay parent. `None` if the relay chain's state proof does not tell.
	pub relay_slot: Option<Slot>,
	/// The para slot it was authored in, as its digest claims it. `None` if the digest has none.
	pub para_slot: Option<Slot>,
	/// Which of the parachain's cores it is meant for, as its digest claims it. `None` if the digest
	/// does not tell.
	pub core_selector: Option<u8>,
	/// Its place in a bundle. `None` without bundling.
	pub bundle: Option<BundlePlace>,
	/// How many extrinsics it has, inherents among them.
	#[codec(compact)]
	pub extrinsics: u32,
	/// The weight it used: picoseconds of reference time, and bytes of proof.
	pub weight: Weight,
	/// Messages to the relay chain, signals to it aside.
	pub upward_messages: MessagesSent,
	/// Messages to other parachains.
	pub horizontal_messages: MessagesSent,
	/// Whether it brings new validation code to the relay chain.
	pub announces_code: bool,
	/// Whether it puts new code in force: the runtime of the block after it is another one.
	pub applies_code: bool,
}

/// A block that is not included yet, as far as the chain has seen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BlockUnderWay<Hash> {
	/// The block's number.
	pub number: u32,
	/// Its hash. `None` for the latest block: no state has the hash of the block it belongs to.
	pub hash: Option<Hash>,
	/// What is remembered of it. `None` if it was built before the chain began to remember, or if
	/// more blocks are under way than there is room for.
	pub record: Option<BlockRecord>,
}

/// How many relay blocks the inclusion of a block took: the number of the relay parent of the block
/// that saw it, minus that of its own relay parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum InclusionLag {
	/// This many.
	Exactly {
		/// In relay blocks.
		relay_blocks: u32,
	},
	/// This many, or more: longer lags are remembered for the longest one only.
	AtLeast {
		/// In relay blocks.
		relay_blocks: u32,
	},
	/// Not remembered: the block is older than those of which the lag is kept, or was built before
	/// the chain began to remember.
	Unknown,
}

/// Whether a block is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum InclusionStatus {
	/// It is not, as far as the chain has seen.
	UnderWay {
		/// How long it has been under way, in relay blocks: from its relay parent to the latest
		/// block's. `None` if the block was built before the chain began to remember.
		relay_blocks: Option<u32>,
	},
	/// It is.
	Included {
		/// How long that took.
		lag: InclusionLag,
	},
}

impl InclusionStatus {
	/// Whether the block is included.
	pub fn is_included(&self) -> bool {
		matches!(self, Self::Included { .. })
	}
}

/// Why nothing can be said of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum NotTracked {
	/// The chain has not begun to track blocks: it does so with its next block.
	NotStarted,
	/// The block is older than the first that was tracked. It was included by then.
	Before {
		/// The number of the first block tracked.
		since: u32,
	},
	/// There is no such block yet.
	After {
		/// The number of the latest block.
		latest: u32,
	},
}

impl fmt::Display for NotTracked {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NotStarted => write!(f, "no block is tracked yet: the next one begins"),
			Self::Before { since } => write!(f, "not tracked: blocks are since number {since}"),
			Self::After { latest } => write!(f, "no such block: the latest is number {latest}"),
		}
	}
}

/// The oldest block under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct OldestUnderWay {
	/// Its number.
	pub number: u32,
	/// How long it has been under way, in relay blocks: from its relay parent to the latest block's.
	/// `None` if it was built before the chain began to remember.
	pub relay_blocks: Option<u32>,
}

/// Something to be done when a block is known to be included.
///
/// A pallet that implements it acts on *its own* blocks: it remembers under a block's number what
/// that block asks for, and does it when told that the number is included. Several implementations
/// make a tuple.
///
/// Blocks are told in order, every block once, a block to all members of a tuple at a time. What
/// does not fit into a block's weight waits for the next block; nothing is lost by it. A block is
/// told in one that is its descendant: should that one not become part of the chain, then what was
/// done in it did not happen either.
pub trait OnIncluded {
	/// The weight that [`Self::on_included`] may need for a block, at most. Nobody is told anything
	/// in a block that has less left, so an implementation with much to do should remember the
	/// number, and do it bit by bit.
	fn max_weight() -> Weight;

	/// Block `number` is included. Answers the weight used, [`Self::max_weight`] at most.
	///
	/// Must not panic: that would stop the chain.
	fn on_included(number: u32) -> Weight;
}

#[impl_trait_for_tuples::impl_for_tuples(8)]
impl OnIncluded for Tuple {
	fn max_weight() -> Weight {
		let mut weight = Weight::zero();
		for_tuples!( #( weight = weight.saturating_add(Tuple::max_weight()); )* );
		weight
	}

	fn on_included(number: u32) -> Weight {
		let mut weight = Weight::zero();
		for_tuples!( #( weight = weight.saturating_add(Tuple::on_included(number)); )* );
		weight
	}
}

/// Knows whether blocks are included, for pallets that would rather ask than be told.
pub trait Included {
	/// What is known of block `number`. `None` for blocks that were not tracked and for blocks that
	/// are not there yet. The current block is under way.
	fn of(number: u32) -> Option<InclusionStatus>;
}

/// Lags are counted one by one below this many relay blocks; the last of the [`LAG_BUCKETS`] is for
/// all others.
pub const LONG_LAG: u32 = 14;

/// The number of counters of a [`LagHistogram`].
pub const LAG_BUCKETS: usize = LONG_LAG as usize + 1;

/// How many blocks had which inclusion lag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LagHistogram {
	/// `counts[lag]` is the number of blocks whose inclusion took `lag` relay blocks. The last one
	/// counts all that took as many or more.
	pub counts: [u32; LAG_BUCKETS],
}

impl LagHistogram {
	/// Counts `blocks` blocks that took `lag` relay blocks. Saturates at `u32::MAX` blocks.
	pub fn add(&mut self, lag: u32, blocks: u32) {
		let count = &mut self.counts[lag.min(LONG_LAG) as usize];
		*count = count.saturating_add(blocks);
	}

	/// The number of blocks counted.
	pub fn total(&self) -> u64 {
		self.counts.iter().map(|count| u64::from(*count)).sum()
	}
}

/// The longest window of [`RecentLags`], in blocks.
pub const MAX_WINDOW: u32 = 256;

/// What stands for a lag that is not known, among lags up to [`LONG_LAG`].
const UNKNOWN_LAG: u8 = 15;

/// The inclusion lags of the latest included blocks, in order, half a byte each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RecentLags {
	/// Two blocks a byte, the older one in the lower half.
	lags: BoundedVec<u8, ConstU32<{ MAX_WINDOW / 2 }>>,
	/// Whether the upper half of the last byte is not a block.
	odd: bool,
}

impl RecentLags {
	/// The number of blocks remembered.
	pub fn len(&self) -> u32 {
		(self.lags.len() as u32).saturating_mul(2).saturating_sub(self.odd.into())
	}

	/// Whether no block is remembered.
	pub fn is_empty(&self) -> bool {
		self.lags.is_empty()
	}

	fn halves(&self) -> impl Iterator<Item = u8> + '_ {
		let halves = self.lags.iter().flat_map(|byte| [byte & 0x0f, byte >> 4]);
		halves.take(self.len() as usize)
	}

	/// Adds blocks that are included, oldest first: the lag of each in relay blocks if it is known,
	/// and how many in a row have it. Of all, the latest `window` blocks are kept, but no more than
	/// [`MAX_WINDOW`].
	pub fn extend(&mut self, blocks: impl IntoIterator<Item = (Option<u32>, u32)>, window: u32) {
		let window = window.min(MAX_WINDOW);
		let mut halves: Vec<u8> = self.halves().collect();
		for (lag, count) in blocks {
			let half = lag.map_or(UNKNOWN_LAG, |lag| lag.min(LONG_LAG) as u8);
			// More of them than there is room for would only push each other out.
			halves.extend(core::iter::repeat_n(half, count.min(window) as usize));
		}
		let kept = &halves[halves.len().saturating_sub(window as usize)..];
		let bytes = kept.chunks(2).map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 4);
		self.odd = kept.len() % 2 == 1;
		self.lags = BoundedVec::truncate_from(bytes.collect());
	}

	/// The lag of a block, counted from the latest included one, which is 0.
	pub fn get(&self, blocks_ago: u32) -> InclusionLag {
		let Some(index) = self.len().checked_sub(blocks_ago.saturating_add(1)) else {
			return InclusionLag::Unknown;
		};
		match self.halves().nth(index as usize) {
			None | Some(UNKNOWN_LAG) => InclusionLag::Unknown,
			Some(half) if u32::from(half) == LONG_LAG => {
				InclusionLag::AtLeast { relay_blocks: LONG_LAG }
			},
			Some(half) => InclusionLag::Exactly { relay_blocks: half.into() },
		}
	}

	/// How many of the blocks remembered had which lag. Blocks whose lag is not known are not
	/// counted.
	pub fn histogram(&self) -> LagHistogram {
		let mut histogram = LagHistogram::default();
		for half in self.halves().filter(|half| *half != UNKNOWN_LAG) {
			histogram.add(half.into(), 1);
		}
		histogram
	}
}

/// Blocks of which a block has seen that they are included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionStep {
	/// The relay parents of these blocks if known, oldest block first, and how many blocks in a row
	/// have each.
	pub blocks: Vec<(Option<u32>, u32)>,
	/// The relay parent of the block that saw it.
	pub relay_parent: u32,
	/// The relay parent of the block before that one. `None` if it is not known.
	pub previous_relay_parent: Option<u32>,
}

impl InclusionStep {
	/// The lags of these blocks in relay blocks, oldest block first, and how many blocks in a row
	/// have each.
	pub fn lags(&self) -> impl Iterator<Item = (Option<u32>, u32)> + '_ {
		self.blocks.iter().map(|(relay_parent, blocks)| {
			(relay_parent.map(|built| self.relay_parent.saturating_sub(built)), *blocks)
		})
	}

	/// The longest of the lags, in relay blocks. `None` if none is known.
	pub fn longest_lag(&self) -> Option<u32> {
		self.lags().filter_map(|(lag, _)| lag).max()
	}

	/// How many relay blocks too long the lags may be at most: those since the previous block's
	/// relay parent, in any of which the blocks may have been included without the chain having a
	/// block there to see it.
	pub fn uncertainty(&self) -> u32 {
		self.previous_relay_parent
			.map_or(0, |previous| self.relay_parent.saturating_sub(previous).saturating_sub(1))
	}
}

/// How the inclusion of blocks went since the chain tracks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Statistics {
	/// Blocks included.
	#[codec(compact)]
	pub included: u32,
	/// Those among them of which the lag is not known.
	#[codec(compact)]
	pub unmeasured: u32,
	/// Those among them whose inclusion may have been seen late.
	#[codec(compact)]
	pub seen_late: u32,
	/// All lags, added up, in relay blocks.
	#[codec(compact)]
	pub total_lag: u64,
	/// The longest lag, in relay blocks. `None` if none is known yet.
	pub longest_lag: Option<u32>,
	/// How many blocks had which lag.
	pub lags: LagHistogram,
	/// The lags of the latest blocks.
	pub recent: RecentLags,
}

impl Statistics {
	/// Takes in a step, and keeps the lags of the latest `window` blocks. Counters saturate.
	pub fn note(&mut self, step: &InclusionStep, window: u32) {
		let late = step.uncertainty() > 0;
		for (lag, blocks) in step.lags() {
			self.included = self.included.saturating_add(blocks);
			if late {
				self.seen_late = self.seen_late.saturating_add(blocks);
			}
			match lag {
				Some(lag) => {
					let lags = u64::from(lag).saturating_mul(blocks.into());
					self.total_lag = self.total_lag.saturating_add(lags);
					self.lags.add(lag, blocks);
				},
				None => self.unmeasured = self.unmeasured.saturating_add(blocks),
			}
		}
		self.longest_lag = self.longest_lag.max(step.longest_lag());
		self.recent.extend(step.lags(), window);
	}
}

/// How the inclusion of a chain's blocks goes.
///
/// All of it is as the chain's own blocks saw it. Figures of any other stretch of time are
/// differences between the answers of two blocks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct InclusionStats {
	/// The number of the first block tracked.
	pub since: u32,
	/// Blocks included since then.
	pub included: u32,
	/// Those among them of which the lag is not known, because they were built before the chain
	/// began to remember. They are in none of the figures on lags.
	pub unmeasured: u32,
	/// Those among them whose inclusion may have been seen late, so that their lag may be shorter
	/// than it was counted: the chain had no block at the relay block before.
	pub seen_late: u32,
	/// Relay blocks since then: from the relay parent of the first block that tracked to that of the
	/// latest block.
	pub relay_blocks: u32,
	/// Blocks included per 1,000 relay blocks, rounded down. `None` if there were no relay blocks.
	pub included_per_thousand_relay_blocks: Option<u64>,
	/// All lags, added up, in relay blocks. Divide by `included - unmeasured` for the mean.
	pub total_lag: u64,
	/// The longest lag, in relay blocks. `None` if none is known yet.
	pub longest_lag: Option<u32>,
	/// How many blocks had which lag.
	pub lags: LagHistogram,
	/// How many of the latest blocks `recent` is about, at most.
	pub window: u32,
	/// How many of the latest included blocks had which lag.
	pub recent: LagHistogram,
	/// Blocks that are included, and wait for their turn to be handed to those who act on it.
	pub waiting: u32,
	/// How often tracking was found in disagreement with parachain-system's own segment.
	pub faults: u32,
}

/// The latest included head, as the relay chain's state proof has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludedHead {
	/// The proof has none.
	Missing,
	/// It is no header of this chain.
	NoHeader,
	/// It is a header with that number.
	Block {
		/// The number.
		number: u32,
	},
}

/// How far inclusion has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
	/// Not further than before.
	Nowhere,
	/// To this block.
	To(u32),
	/// To this block, if its hash is that of the included head.
	ToIfSameHash(u32),
}

/// How far inclusion has come, seen from a block whose parent has the number `parent`, when up to
/// `included` was known before.
///
/// `dropped_to` is the last block that parachain-system has just dropped from its own segment, if it
/// did. It drops up to the block whose hash is the included head's. That the head is an ancestor need
/// not be looked up then; that its number agrees is checked.
///
/// Otherwise a head with a number between the two may be an ancestor that parachain-system does not
/// know of, or a block of a fork: only its hash can tell.
pub fn advance(included: u32, parent: u32, dropped_to: Option<u32>, head: IncludedHead) -> Advance {
	let is_under_way = |number: u32| included < number && number <= parent;
	match (dropped_to, head) {
		// Only for blocks that take for granted that their parent is included, and say so.
		(Some(number), IncludedHead::Missing) if is_under_way(number) => Advance::To(number),
		(Some(last), IncludedHead::Block { number }) if last == number && is_under_way(number) => {
			Advance::To(number)
		},
		(_, IncludedHead::Block { number }) if is_under_way(number) => {
			Advance::ToIfSameHash(number)
		},
		_ => Advance::Nowhere,
	}
}

/// Where the record of block `number` is kept, in a ring of `capacity` records. A `capacity` of 0 is
/// taken as 1.
///
/// The digits of its place in base 4, each as a hexadecimal digit. With such keys no node of the
/// state's trie has more than 4 children below the map, so that what proves the way to one record is
/// four hashes for every digit: 350 bytes for 24 records and 530 for 255, where keys that use all 16
/// values of a hexadecimal digit need 620 and 1,060.
pub fn ring_key(number: u32, capacity: u32) -> u32 {
	let mut place = number % capacity.max(1);
	let (mut key, mut shift) = (0, 0);
	while place > 0 && shift < u32::BITS {
		key |= (place % 4) << shift;
		place /= 4;
		shift += 4;
	}
	key
}

/// The longest ring that [`ring_key`] can tell the records of apart.
pub const MAX_RING: u32 = 1 << 16;

#[cfg(test)]
mod tests {
	use super::*;
	use core::cell::RefCell;
	use proptest::prelude::*;
	use std::collections::BTreeSet;

	#[test]
	fn a_histogram_counts_short_lags_one_by_one_and_long_ones_together() {
		let mut histogram = LagHistogram::default();
		histogram.add(0, 1);
		histogram.add(13, 2);
		histogram.add(14, 3);
		histogram.add(u32::MAX, 4);
		assert_eq!(histogram.counts, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 7]);
		assert_eq!(histogram.total(), 10);
		histogram.add(13, u32::MAX);
		assert_eq!(histogram.counts[13], u32::MAX);
	}

	#[test]
	fn recent_lags_tell_what_they_know() {
		let mut lags = RecentLags::default();
		assert_eq!(lags.get(0), InclusionLag::Unknown);
		lags.extend([(Some(13), 1), (None, 1), (Some(400), 1)], 4);
		assert_eq!(lags.get(0), InclusionLag::AtLeast { relay_blocks: 14 });
		assert_eq!(lags.get(1), InclusionLag::Unknown);
		assert_eq!(lags.get(2), InclusionLag::Exactly { relay_blocks: 13 });
		assert_eq!(lags.get(3), InclusionLag::Unknown);
		assert_eq!(lags.get(u32::MAX), InclusionLag::Unknown);
		assert_eq!(lags.len(), 3);
		// No window, no memory.
		lags.extend([(Some(1), 9)], 0);
		assert_eq!(lags, RecentLags::default());
	}

	fn step(relay_parent: u32, previous: Option<u32>) -> InclusionStep {
		InclusionStep {
			blocks: vec![(None, 1), (Some(10), 2), (Some(12), 3)],
			relay_parent,
			previous_relay_parent: previous,
		}
	}

	#[test]
	fn a_step_is_late_if_the_chain_had_no_block_at_the_relay_block_before() {
		assert_eq!(step(14, Some(13)).uncertainty(), 0);
		assert_eq!(step(14, Some(14)).uncertainty(), 0);
		assert_eq!(step(14, Some(11)).uncertainty(), 2);
		assert_eq!(step(14, None).uncertainty(), 0);
		// A relay parent may be an older one than that of the block before, on some chains.
		assert_eq!(step(14, Some(20)).uncertainty(), 0);
		assert_eq!(step(9, None).longest_lag(), Some(0));
		assert_eq!(step(15, None).longest_lag(), Some(5));
	}

	#[test]
	fn statistics_add_up() {
		let mut statistics = Statistics::default();
		statistics.note(&step(14, Some(13)), 4);
		statistics.note(&step(15, Some(13)), 4);
		assert_eq!(statistics.included, 12);
		assert_eq!(statistics.unmeasured, 2);
		assert_eq!(statistics.seen_late, 6);
		assert_eq!(statistics.total_lag, 2 * 4 + 3 * 2 + 2 * 5 + 3 * 3);
		assert_eq!(statistics.longest_lag, Some(5));
		assert_eq!(statistics.lags.counts[..6], [0, 0, 3, 3, 2, 2]);
		assert_eq!(statistics.recent.histogram().counts[..6], [0, 0, 0, 3, 0, 1]);
	}

	#[test]
	fn what_is_not_tracked_says_since_when() {
		assert_eq!(
			NotTracked::Before { since: 7 }.to_string(),
			"not tracked: blocks are since number 7",
		);
		assert!(NotTracked::After { latest: 9 }.to_string().contains("number 9"));
		assert!(NotTracked::NotStarted.to_string().contains("next one"));
	}

	#[test]
	fn inclusion_advances_with_what_the_proof_says_and_nothing_else() {
		let block = |number| IncludedHead::Block { number };
		// What parachain-system dropped, and the head's number agrees.
		assert_eq!(advance(3, 9, Some(5), block(5)), Advance::To(5));
		assert_eq!(advance(3, 9, Some(9), block(9)), Advance::To(9));
		assert_eq!(advance(3, 9, Some(9), IncludedHead::Missing), Advance::To(9));
		// It disagrees: look the hash up.
		assert_eq!(advance(3, 9, Some(6), block(5)), Advance::ToIfSameHash(5));
		assert_eq!(advance(3, 9, None, block(5)), Advance::ToIfSameHash(5));
		// Known, of the future, or nothing at all.
		assert_eq!(advance(3, 9, None, block(3)), Advance::Nowhere);
		assert_eq!(advance(3, 9, Some(3), block(3)), Advance::Nowhere);
		assert_eq!(advance(3, 9, None, block(10)), Advance::Nowhere);
		assert_eq!(advance(3, 9, Some(12), block(12)), Advance::Nowhere);
		assert_eq!(advance(3, 9, None, IncludedHead::Missing), Advance::Nowhere);
		assert_eq!(advance(3, 9, Some(5), IncludedHead::NoHeader), Advance::Nowhere);
	}

	#[test]
	fn a_ring_has_a_key_of_its_own_for_every_place() {
		for capacity in [1, 2, 4, 24, 255, 256, 5_000, MAX_RING] {
			let keys: BTreeSet<u32> =
				(0..capacity).map(|number| ring_key(number, capacity)).collect();
			assert_eq!(keys.len() as u32, capacity);
			assert_eq!(ring_key(capacity + 1, capacity), ring_key(1, capacity));
		}
		assert_eq!(ring_key(27, 255), 0x123);
		assert_eq!(ring_key(7, 0), 0);
	}

	#[test]
	fn whatever_an_api_answers_names_its_fields() {
		use scale_info::{MetaType, PortableRegistry, Registry, TypeDef};
		let mut registry = Registry::new();
		registry.register_types([
			MetaType::new::<BlockUnderWay<[u8; 32]>>(),
			MetaType::new::<InclusionStatus>(),
			MetaType::new::<InclusionStats>(),
			MetaType::new::<OldestUnderWay>(),
			MetaType::new::<NotTracked>(),
		]);
		let mut seen = 0;
		for ty in PortableRegistry::from(registry).types {
			// The types of others are what they are.
			if ty.ty.path.namespace().first().map(|name| &name[..]) != Some("conveyor_primitives") {
				continue;
			}
			let fields = match ty.ty.type_def {
				TypeDef::Composite(composite) => composite.fields,
				TypeDef::Variant(variants) => {
					variants.variants.into_iter().flat_map(|variant| variant.fields).collect()
				},
				other => panic!("{other:?}"),
			};
			assert!(fields.iter().all(|field| field.name.is_some()), "{:?}", ty.ty.path);
			seen += 1;
		}
		assert_eq!(seen, 10);
	}

	thread_local! {
		static TOLD: RefCell<Vec<(char, u32)>> = const { RefCell::new(Vec::new()) };
	}

	struct Listener<const NAME: char>;
	impl<const NAME: char> OnIncluded for Listener<NAME> {
		fn max_weight() -> Weight {
			Weight::from_parts(7, 3)
		}

		fn on_included(number: u32) -> Weight {
			TOLD.with_borrow_mut(|told| told.push((NAME, number)));
			Weight::from_parts(5, 2)
		}
	}

	#[test]
	fn a_tuple_is_told_as_one() {
		type Both = (Listener<'a'>, Listener<'b'>);
		assert_eq!(Both::max_weight(), Weight::from_parts(14, 6));
		assert_eq!(Both::on_included(9), Weight::from_parts(10, 4));
		assert_eq!(TOLD.take(), [('a', 9), ('b', 9)]);
		assert_eq!(<() as OnIncluded>::max_weight(), Weight::zero());
	}

	proptest! {
		#[test]
		fn recent_lags_are_the_end_of_all_lags(
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
				for (ago, lag) in expected.iter().rev().enumerate() {
					let told = match lag {
						None => InclusionLag::Unknown,
						Some(lag) if *lag < 14 => InclusionLag::Exactly { relay_blocks: *lag },
						Some(_) => InclusionLag::AtLeast { relay_blocks: 14 },
					};
					prop_assert_eq!(recent.get(ago as u32), told);
					lag.iter().for_each(|lag| histogram.add(*lag, 1));
				}
				prop_assert_eq!(recent.histogram(), histogram);
				prop_assert_eq!(
					RecentLags::decode(&mut &recent.encode()[..]), Ok(recent.clone()),
				);
			}
		}

		#[test]
		fn inclusion_never_goes_back_and_never_beyond_the_parent(
			included in 0..50u32, parent in 0..50u32, dropped_to in proptest::option::of(0..60u32),
			head in prop_oneof![
				Just(IncludedHead::Missing),
				Just(IncludedHead::NoHeader),
				(0..60u32).prop_map(|number| IncludedHead::Block { number }),
			],
		) {
			match advance(included, parent, dropped_to, head) {
				Advance::Nowhere => (),
				Advance::To(number) => {
					prop_assert!(included < number && number <= parent);
					prop_assert_eq!(dropped_to, Some(number));
				},
				Advance::ToIfSameHash(number) => {
					prop_assert!(included < number && number <= parent);
					prop_assert_eq!(head, IncludedHead::Block { number });
				},
			}
		}
	}
}
