// SPDX-License-Identifier: Apache-2.0

//! Random histories: what happens to a chain on a relay chain, and what an observer who sees all of
//! it would write down.

use crate::mock::*;
use codec::Encode;
use conveyor_primitives::segment::{InclusionStats, LagHistogram};
use cumulus_primitives_core::{
	relay_chain::{HeadData, UpgradeGoAhead},
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector,
};
use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::{testing::Header, traits::Header as _, DigestItem};

/// What the relay chain's state has as the latest included head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
	/// The latest block that it has included.
	Right,
	/// A block of a fork, this many after the latest one that was seen as included.
	Fork(u32),
	/// An older block, this many before.
	Old(u32),
}

/// A block, and what the relay chain did before it.
#[derive(Clone, Debug)]
pub(super) struct Step {
	/// Relay blocks since the parent's relay parent. With none, both have the same relay parent, and
	/// what follows does not count.
	relay_blocks: u32,
	/// How many more blocks the relay chain has included since then.
	included: u32,
	head: Head,
	/// Whether it gives its go-ahead for an upgrade, or takes it back.
	upgrade: Option<bool>,
	/// The block's core, and its place in a bundle.
	place: Option<(u8, u8, bool)>,
	/// The bytes of a message that the block sends upwards.
	message: Option<u8>,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (
		prop_oneof![3 => Just(0u32), 5 => Just(1), 1 => 2..4u32, 1 => 4..20u32],
		prop_oneof![3 => Just(0u32), 4 => Just(1), 2 => 2..5u32, 1 => Just(100)],
		prop_oneof![
			8 => Just(Head::Right),
			1 => (1..6u32).prop_map(Head::Fork),
			1 => (1..6u32).prop_map(Head::Old),
		],
		prop_oneof![6 => Just(None), 1 => any::<bool>().prop_map(Some)],
		proptest::option::of((0..3u8, 0..4u8, any::<bool>())),
		proptest::option::weighted(0.2, 1..200u8),
	)
		.prop_map(|(relay_blocks, included, head, upgrade, place, message)| Step {
			relay_blocks,
			included,
			head,
			upgrade,
			place,
			message,
		});
	proptest::collection::vec(step, 1..14)
}

/// What the observer knows of a block.
struct Seen {
	relay_parent: u32,
	/// The relay parent of the block that saw its inclusion, and of the block before that one.
	included: Option<(u32, Option<u32>)>,
}

/// A chain and its observer.
pub(super) struct History {
	pub(super) chain: Chain,
	relay: Relay,
	/// The latest block that the relay chain has included.
	included: u32,
	/// The latest block that the chain has seen as included.
	pub(super) seen: u32,
	/// The block that has used the go-ahead that the relay chain gives.
	go_ahead_used_by: Option<u32>,
	blocks: Vec<Seen>,
	pub(super) counts: Counts,
}

/// What has happened, so that a test can tell whether that was worth it.
#[derive(Default, Debug)]
pub(super) struct Counts {
	pub(super) blocks: u32,
	pub(super) on_the_same_relay_parent: u32,
	pub(super) jumps: u32,
	pub(super) heads_not_found: u32,
	pub(super) upgrades: u32,
	pub(super) longest: u32,
}

impl Counts {
	pub(super) fn add(&mut self, other: &Self) {
		self.blocks += other.blocks;
		self.on_the_same_relay_parent += other.on_the_same_relay_parent;
		self.jumps += other.jumps;
		self.heads_not_found += other.heads_not_found;
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
			go_ahead_used_by: None,
			blocks: vec![],
			counts: Counts::default(),
		}
	}

	fn parent(&self) -> u32 {
		self.blocks.len() as u32
	}

	/// One more block. `between` is called after the inherents, and again after the block.
	pub(super) fn step(&mut self, step: &Step, mut between: impl FnMut(&Self)) {
		let parent = self.parent();
		let previous_relay_parent = self.blocks.last().map(|block| block.relay_parent);
		let mut step = step.clone();
		if parent - self.seen >= TheirCapacity::get() {
			// No block could be built before one is included.
			step.relay_blocks = step.relay_blocks.max(1);
			step.included = step.included.max(1);
			step.head = Head::Right;
		}
		if step.relay_blocks > 0 {
			self.next_relay_parent(&step);
		} else {
			self.counts.on_the_same_relay_parent += 1;
		}

		let newly_seen = self.seen;
		if step.relay_blocks > 0 && step.head == Head::Right {
			self.seen = self.seen.max(self.included);
		}
		if self.seen - newly_seen > 1 {
			self.counts.jumps += 1;
		}
		for block in &mut self.blocks[newly_seen as usize..self.seen as usize] {
			block.included = Some((self.relay.parent, previous_relay_parent));
		}

		self.chain.begin(digest(step.place));
		self.chain.inherent(&self.relay);
		between(self);
		if let Some(bytes) = step.message {
			ParachainSystem::send_upward_message(vec![1; bytes.into()]).expect("it is short");
		}
		self.chain.end();
		self.blocks.push(Seen { relay_parent: self.relay.parent, included: None });
		self.counts.blocks += 1;
		self.counts.longest = self.counts.longest.max(self.parent() - self.seen);
		between(self);
	}

	/// Moves on to another relay parent.
	fn next_relay_parent(&mut self, step: &Step) {
		let parent = self.parent();
		self.included = (self.included + step.included).min(parent);
		let head = match step.head {
			Head::Right => self.chain.headers[self.included as usize].encode(),
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
		if step.head != Head::Right {
			self.counts.heads_not_found += 1;
		}
		self.relay.parent += step.relay_blocks;
		self.relay.included = Some(HeadData(head));

		// The signal is there until the block that has used it is included.
		let used = self.go_ahead_used_by.is_some_and(|number| number <= self.included);
		if used && step.head == Head::Right {
			self.relay.go_ahead = None;
			self.go_ahead_used_by = None;
		}
		if let (Some(go), None) = (step.upgrade, self.relay.go_ahead) {
			cumulus_pallet_parachain_system::PendingValidationCode::<Test>::put(vec![7; 10]);
			self.relay.go_ahead =
				Some(if go { UpgradeGoAhead::GoAhead } else { UpgradeGoAhead::Abort });
			self.go_ahead_used_by = Some(parent + 1);
			self.counts.upgrades += 1;
		}
	}

	/// The hashes of the blocks under way, as the observer knows them; the latest block's is not in
	/// its own state.
	pub(super) fn hashes(&self) -> Vec<Option<H256>> {
		let under_way = self.chain.headers[self.seen as usize + 1..].iter();
		let mut hashes: Vec<_> = under_way.map(|header| Some(header.hash())).collect();
		if let Some(last) = hashes.last_mut() {
			*last = None;
		}
		hashes
	}

	/// The statistics, computed from all that the observer has written down.
	pub(super) fn stats(&self) -> InclusionStats {
		let included = &self.blocks[..self.seen as usize];
		let lags: Vec<u32> = included
			.iter()
			.map(|block| block.included.expect("it is seen").0 - block.relay_parent)
			.collect();
		let histogram = |lags: &[u32]| {
			let mut counts = [0; 15];
			lags.iter().for_each(|lag| counts[if *lag > 14 { 14 } else { *lag as usize }] += 1);
			LagHistogram { counts }
		};
		let seen_late = included
			.iter()
			.filter_map(|block| block.included)
			.filter(|(seen, previous)| previous.is_some_and(|previous| seen - previous > 1))
			.count();
		let relay_blocks =
			self.blocks[self.blocks.len() - 1].relay_parent - self.blocks[0].relay_parent;
		InclusionStats {
			since: 1,
			included: self.seen,
			unmeasured: 0,
			seen_late: seen_late as u32,
			relay_blocks,
			included_per_thousand_relay_blocks: (relay_blocks > 0)
				.then(|| u64::from(self.seen) * 1_000 / u64::from(relay_blocks)),
			total_lag: lags.iter().map(|lag| u64::from(*lag)).sum(),
			longest_lag: lags.iter().max().copied(),
			lags: histogram(&lags),
			window: WINDOW,
			recent: histogram(&lags[lags.len().saturating_sub(WINDOW as usize)..]),
			waiting: 0,
			faults: 0,
		}
	}
}

fn digest(place: Option<(u8, u8, bool)>) -> Vec<DigestItem> {
	let Some((core, index, is_last)) = place else { return vec![] };
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
