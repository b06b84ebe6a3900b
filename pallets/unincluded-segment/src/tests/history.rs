// SPDX-License-Identifier: Apache-2.0

//! Random histories of a chain and its relay chain, and an observer outside of both who computes the
//! expected results.

use crate::mock::*;
use codec::Encode;
use conveyor_primitives::{InclusionStats, LagCount};
use cumulus_primitives_core::{
	relay_chain::{HeadData, UpgradeGoAhead},
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector,
};
use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::{testing::Header, traits::Header as _, DigestItem};

/// Latest included head in the relay chain's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
	/// Head of the newest included block.
	Newest,
	/// Head of a fork, this many blocks above the newest block that was seen as included.
	Fork(u32),
	/// Head of an older block, this many blocks below.
	Old(u32),
}

/// One block, and the relay chain's progress before it.
#[derive(Clone, Debug)]
pub(super) struct Step {
	/// Relay blocks since the parent's relay parent. With 0, both have the same relay parent, and
	/// `included`, `head` and `upgrade` have no effect.
	relay_blocks: u32,
	/// Blocks that the relay chain has included since then.
	included: u32,
	head: Head,
	/// Upgrade signal: go-ahead or abort.
	upgrade: Option<bool>,
	/// Core selector, index in the bundle, and whether the block is the last of the bundle.
	position: Option<(u8, u8, bool)>,
	/// Length of an upward message in bytes.
	message: Option<u8>,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (
		prop_oneof![3 => Just(0u32), 5 => Just(1), 1 => 2..4u32, 1 => 4..20u32],
		prop_oneof![3 => Just(0u32), 4 => Just(1), 2 => 2..5u32, 1 => Just(100)],
		prop_oneof![
			8 => Just(Head::Newest),
			1 => (1..6u32).prop_map(Head::Fork),
			1 => (1..6u32).prop_map(Head::Old),
		],
		prop_oneof![6 => Just(None), 1 => any::<bool>().prop_map(Some)],
		proptest::option::of((0..3u8, 0..4u8, any::<bool>())),
		proptest::option::weighted(0.2, 1..200u8),
	)
		.prop_map(|(relay_blocks, included, head, upgrade, position, message)| Step {
			relay_blocks,
			included,
			head,
			upgrade,
			position,
			message,
		});
	proptest::collection::vec(step, 1..14)
}

/// Observed block.
struct ObservedBlock {
	relay_parent: u32,
	/// Relay parent of the block that saw the inclusion, and of the block before that one.
	included: Option<(u32, Option<u32>)>,
}

/// Chain, relay chain and observer.
pub(super) struct History {
	pub(super) chain: Chain,
	relay: Relay,
	/// Newest block that the relay chain has included.
	included: u32,
	/// Newest block that the chain has seen as included.
	pub(super) seen: u32,
	/// Block that used the upgrade signal.
	signal_used_by: Option<u32>,
	blocks: Vec<ObservedBlock>,
	pub(super) counts: Counts,
}

/// Number of cases that occurred.
#[derive(Default, Debug)]
pub(super) struct Counts {
	pub(super) blocks: u32,
	pub(super) same_relay_parent: u32,
	pub(super) jumps: u32,
	pub(super) unknown_heads: u32,
	pub(super) upgrades: u32,
	pub(super) longest: u32,
}

impl Counts {
	pub(super) fn add(&mut self, other: &Self) {
		self.blocks += other.blocks;
		self.same_relay_parent += other.same_relay_parent;
		self.jumps += other.jumps;
		self.unknown_heads += other.unknown_heads;
		self.upgrades += other.upgrades;
		self.longest = self.longest.max(other.longest);
	}
}

impl History {
	pub(super) fn new() -> Self {
		let chain = Chain::new();
		let relay = Relay::new(100, chain.head());
		Self {
			chain,
			relay,
			included: 0,
			seen: 0,
			signal_used_by: None,
			blocks: vec![],
			counts: Counts::default(),
		}
	}

	fn parent(&self) -> u32 {
		self.blocks.len() as u32
	}

	/// Builds one block. Calls `check` after the inherents and after the block.
	pub(super) fn step(&mut self, step: &Step, mut check: impl FnMut(&Self)) {
		let parent = self.parent();
		let previous_relay_parent = self.blocks.last().map(|block| block.relay_parent);
		let mut step = step.clone();
		if parent - self.seen >= HookCapacity::get() {
			// The segment is full: a block must be included first.
			step.relay_blocks = step.relay_blocks.max(1);
			step.included = step.included.max(1);
			step.head = Head::Newest;
		}
		if step.relay_blocks > 0 {
			self.next_relay_parent(&step);
		} else {
			self.counts.same_relay_parent += 1;
		}

		let seen_before = self.seen;
		if step.relay_blocks > 0 && step.head == Head::Newest {
			self.seen = self.seen.max(self.included);
		}
		if self.seen - seen_before > 1 {
			self.counts.jumps += 1;
		}
		for block in &mut self.blocks[seen_before as usize..self.seen as usize] {
			block.included = Some((self.relay.parent, previous_relay_parent));
		}

		self.chain.start(digest(step.position));
		self.chain.inherent(&self.relay);
		check(self);
		if let Some(bytes) = step.message {
			ParachainSystem::send_upward_message(vec![1; bytes.into()])
				.expect("the message is short");
		}
		self.chain.end();
		self.blocks.push(ObservedBlock { relay_parent: self.relay.parent, included: None });
		self.counts.blocks += 1;
		self.counts.longest = self.counts.longest.max(self.parent() - self.seen);
		check(self);
	}

	/// Advances the relay chain.
	fn next_relay_parent(&mut self, step: &Step) {
		let parent = self.parent();
		self.included = (self.included + step.included).min(parent);
		let head = match step.head {
			Head::Newest => self.chain.headers[self.included as usize].encode(),
			Head::Fork(after) => Header::new(
				(self.seen + after).into(),
				Default::default(),
				H256::repeat_byte(7),
				Default::default(),
				Default::default(),
			)
			.encode(),
			Head::Old(before) => {
				self.chain.headers[self.seen.saturating_sub(before) as usize].encode()
			},
		};
		if step.head != Head::Newest {
			self.counts.unknown_heads += 1;
		}
		self.relay.parent += step.relay_blocks;
		self.relay.included = Some(HeadData(head));

		// The relay chain keeps the signal until the block that used it is included.
		let used = self.signal_used_by.is_some_and(|number| number <= self.included);
		if used && step.head == Head::Newest {
			self.relay.go_ahead = None;
			self.signal_used_by = None;
		}
		if let (Some(go), None) = (step.upgrade, self.relay.go_ahead) {
			cumulus_pallet_parachain_system::PendingValidationCode::<Test>::put(vec![7; 10]);
			self.relay.go_ahead =
				Some(if go { UpgradeGoAhead::GoAhead } else { UpgradeGoAhead::Abort });
			self.signal_used_by = Some(parent + 1);
			self.counts.upgrades += 1;
		}
	}

	/// Returns the hashes of the unincluded blocks. The latest block's state does not contain its hash.
	pub(super) fn hashes(&self) -> Vec<Option<H256>> {
		let unincluded = self.chain.headers[self.seen as usize + 1..].iter();
		let mut hashes: Vec<_> = unincluded.map(|header| Some(header.hash())).collect();
		if let Some(last) = hashes.last_mut() {
			*last = None;
		}
		hashes
	}

	/// Returns the statistics of all observed blocks.
	pub(super) fn stats(&self) -> InclusionStats {
		let included = &self.blocks[..self.seen as usize];
		let lags: Vec<u32> = included
			.iter()
			.map(|block| block.included.expect("the block is seen").0 - block.relay_parent)
			.collect();
		let histogram = |lags: &[u32]| {
			let count = |lag: u32| lags.iter().filter(|other| (**other).min(14) == lag).count();
			(0..=14)
				.map(|lag| LagCount { lag, capped: lag == 14, blocks: count(lag) as u32 })
				.filter(|entry| entry.blocks > 0)
				.collect()
		};
		let uncertain = included
			.iter()
			.filter_map(|block| block.included)
			.filter(|(seen, previous)| previous.is_some_and(|previous| seen - previous > 1))
			.count();
		let relay_blocks =
			self.blocks[self.blocks.len() - 1].relay_parent - self.blocks[0].relay_parent;
		InclusionStats {
			first_block: 1,
			included_blocks: self.seen,
			blocks_with_unknown_lag: 0,
			blocks_with_uncertain_lag: uncertain as u32,
			relay_blocks,
			blocks_per_1000_relay_blocks: (relay_blocks > 0)
				.then(|| u64::from(self.seen) * 1_000 / u64::from(relay_blocks)),
			total_lag: lags.iter().map(|lag| u64::from(*lag)).sum(),
			longest_lag: lags.iter().max().copied(),
			lags: histogram(&lags),
			window: WINDOW,
			recent_lags: histogram(&lags[lags.len().saturating_sub(WINDOW as usize)..]),
			pending_notifications: 0,
			faults: 0,
		}
	}
}

fn digest(position: Option<(u8, u8, bool)>) -> Vec<DigestItem> {
	let Some((core, index, is_last)) = position else { return vec![] };
	vec![
		CoreInfo {
			selector: CoreSelector(core),
			claim_queue_offset: ClaimQueueOffset(0),
			number_of_cores: codec::Compact(3),
		}
		.to_digest_item(),
		BlockBundleInfo { index, is_last }.to_digest_item(),
	]
}
