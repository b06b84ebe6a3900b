// SPDX-License-Identifier: GPL-3.0-only

//! The simulated relay chain: real headers, real state roots, real proofs and seals, and no network.
//!
//! It does to candidates what a relay chain does, in its own time: a candidate proposed while block
//! `R` is the tip is included in block `R + inclusion_delay`, and not earlier than its parent. What a
//! parachain block sees of it is what it sees of a real one: the state of its relay parent, proven,
//! with the included head, the relay slot and the go-ahead for a runtime upgrade, and the relay
//! parent's descendants, sealed by the authorities of that state.
//!
//! Nothing here looks at a clock or draws a number: the same calls give the same chain.

use codec::Encode;
use cumulus_primitives_core::{
	relay_chain::{BlockNumber, HeadData, Header, Slot, UpgradeGoAhead},
	AbridgedHostConfiguration, ParaId, PersistedValidationData,
};
use cumulus_test_relay_sproof_builder::{generate_authority_pairs, RelayStateSproofBuilder};
use polkadot_primitives::{AsyncBackingParams, MAX_CODE_SIZE, MAX_HEAD_DATA_SIZE, MAX_POV_SIZE};
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest},
	AuthorityPair,
};
use sp_core::Pair;
use sp_runtime::{traits::Header as _, Digest, DigestItem};
use sp_state_machine::StorageProof;
use std::collections::VecDeque;

/// Relay chain validators. Two, so that descendants are sealed by different ones.
const AUTHORITIES: u64 = 2;

/// Relay blocks from the inclusion of a candidate with new code to its go-ahead, as on the test
/// networks (`validation_upgrade_delay`).
const UPGRADE_DELAY: BlockNumber = 2;

/// A block of the simulated relay chain.
#[derive(Clone, Debug)]
pub(crate) struct RelayBlock {
	/// Its sealed header.
	pub(crate) header: Header,
	/// Its slot.
	pub(crate) slot: Slot,
	/// The parachain's included head, as of this block.
	pub(crate) included: HeadData,
	/// What the parachain may know of this block's state.
	pub(crate) state: StorageProof,
}

/// A relay parent with the descendants that prove its distance from the tip.
#[derive(Clone, Debug)]
pub(crate) struct RelayParent {
	/// The relay parent.
	pub(crate) block: RelayBlock,
	/// The relay parent's header and those of its descendants, oldest first. Empty if the
	/// parachain's relay parent offset is 0, as the parachain then expects.
	pub(crate) descendants: Vec<Header>,
}

impl RelayParent {
	/// What a candidate built on `parent_head` is validated with.
	pub(crate) fn validation_data(&self, parent_head: HeadData) -> PersistedValidationData {
		PersistedValidationData {
			parent_head,
			relay_parent_number: self.block.header.number,
			relay_parent_storage_root: self.block.header.state_root,
			max_pov_size: MAX_POV_SIZE,
		}
	}
}

/// What a collator proposes to the relay chain: the blocks of one core's bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
	/// The head before the bundle.
	pub(crate) parent_head: HeadData,
	/// The head after the bundle.
	pub(crate) head: HeadData,
	/// The relay parent's number.
	pub(crate) relay_parent: BlockNumber,
	/// Whether a block of the bundle announces new validation code.
	pub(crate) new_code: bool,
}

/// Where a simulated relay chain starts.
#[derive(Clone, Debug)]
pub(crate) struct Genesis {
	/// The parachain.
	pub(crate) para_id: ParaId,
	/// Number of the first relay block.
	pub(crate) number: BlockNumber,
	/// Slot of the first relay block. Every block takes the next slot.
	pub(crate) slot: Slot,
	/// The parachain's included head.
	pub(crate) included: HeadData,
	/// Relay blocks from the proposal of a candidate to its inclusion, 1 at least.
	pub(crate) inclusion_delay: BlockNumber,
	/// Whether the included head has announced new code that it was not told to apply.
	pub(crate) upgrade_waits: bool,
}

/// The relay chain.
pub(crate) struct SimulatedRelay {
	para_id: ParaId,
	inclusion_delay: BlockNumber,
	authorities: Vec<AuthorityPair>,
	/// The newest blocks, oldest first, at most [`Self::KEPT`]. Never empty.
	blocks: VecDeque<RelayBlock>,
	/// Candidates that are not yet included, with the block that is to include them, oldest first.
	under_way: VecDeque<(BlockNumber, Candidate)>,
	/// The block from which on the parachain is told to go ahead with its upgrade.
	upgrade_at: Option<BlockNumber>,
}

impl SimulatedRelay {
	/// Blocks that are remembered, and with that the largest relay parent offset plus one.
	pub(crate) const KEPT: usize = 64;

	/// A relay chain with its first block.
	pub(crate) fn new(genesis: Genesis) -> Self {
		let Genesis { para_id, number, slot, included, inclusion_delay, upgrade_waits } = genesis;
		let mut relay = Self {
			para_id,
			inclusion_delay: inclusion_delay.max(1),
			authorities: generate_authority_pairs(AUTHORITIES),
			blocks: VecDeque::new(),
			under_way: VecDeque::new(),
			upgrade_at: upgrade_waits.then(|| number + UPGRADE_DELAY),
		};
		relay.push(number, slot, Default::default(), included);
		relay
	}

	/// The newest block.
	pub(crate) fn tip(&self) -> &RelayBlock {
		self.blocks.back().expect("`new` pushes the first block and `push` keeps the newest; qed")
	}

	/// The number of candidates that are not yet included.
	#[cfg(test)]
	fn under_way(&self) -> usize {
		self.under_way.len()
	}

	/// The parachain's newest head: of the newest candidate, or the included one.
	pub(crate) fn newest_head(&self) -> &HeadData {
		self.under_way.back().map_or(&self.tip().included, |(_, newest)| &newest.head)
	}

	/// Produce the next block, and include in it what is due.
	pub(crate) fn advance(&mut self) -> &RelayBlock {
		let tip = self.tip();
		let (number, slot) = (tip.header.number + 1, tip.slot + 1u64);
		let (parent, mut included) = (tip.header.hash(), tip.included.clone());
		while let Some((_, candidate)) = self.under_way.pop_front_if(|(due, _)| *due <= number) {
			self.note_upgrade(number, &candidate);
			included = candidate.head;
		}
		self.push(number, slot, parent, included);
		self.tip()
	}

	/// Propose a candidate. Refused, as backers would, if it does not extend the newest head.
	pub(crate) fn propose(&mut self, candidate: Candidate) -> Result<(), String> {
		if candidate.parent_head != *self.newest_head() {
			return Err("the candidate does not build on the newest head of the parachain".into());
		}
		let due = self.tip().header.number + self.inclusion_delay;
		self.under_way.push_back((due, candidate));
		Ok(())
	}

	/// The block `offset` blocks behind the tip, or `None` while the chain is too short for it.
	pub(crate) fn relay_parent(&self, offset: u32) -> Option<RelayParent> {
		let first = self.blocks.len().checked_sub(1 + offset as usize)?;
		let block = self.blocks[first].clone();
		let descendants = match offset {
			0 => Vec::new(),
			_ => self.blocks.range(first..).map(|block| block.header.clone()).collect(),
		};
		Some(RelayParent { block, descendants })
	}

	/// Keep track of the parachain's upgrade, now that `candidate` is included in block `number`.
	fn note_upgrade(&mut self, number: BlockNumber, candidate: &Candidate) {
		// The first candidate that has seen the signal is built with the new code.
		if self.upgrade_at.is_some_and(|at| candidate.relay_parent >= at) {
			self.upgrade_at = None;
		}
		if candidate.new_code && self.upgrade_at.is_none() {
			self.upgrade_at = Some(number + UPGRADE_DELAY);
		}
	}

	fn push(
		&mut self,
		number: BlockNumber,
		slot: Slot,
		parent_hash: polkadot_primitives::Hash,
		included: HeadData,
	) {
		let go_ahead = self.upgrade_at.filter(|at| number >= *at).map(|_| UpgradeGoAhead::GoAhead);
		let (state_root, state) = RelayStateSproofBuilder {
			para_id: self.para_id,
			host_config: host_configuration(),
			upgrade_go_ahead: go_ahead,
			current_slot: slot,
			included_para_head: Some(included.clone()),
			num_authorities: AUTHORITIES,
			..Default::default()
		}
		.into_state_root_and_proof();
		let header = self.seal(Header {
			parent_hash,
			number,
			state_root,
			extrinsics_root: Default::default(),
			digest: Digest {
				logs: vec![DigestItem::babe_pre_digest(PreDigest::SecondaryPlain(
					SecondaryPlainPreDigest { authority_index: self.author(number), slot },
				))],
			},
		});
		self.blocks.push_back(RelayBlock { header, slot, included, state });
		if self.blocks.len() > Self::KEPT {
			self.blocks.pop_front();
		}
	}

	/// The authority that authors block `number`.
	fn author(&self, number: BlockNumber) -> u32 {
		number % self.authorities.len() as u32
	}

	fn seal(&self, mut header: Header) -> Header {
		let author = &self.authorities[self.author(header.number) as usize];
		let signature = author.sign(header.hash().as_bytes());
		header.digest_mut().push(DigestItem::babe_seal(signature));
		header
	}
}

/// The relay chain's configuration, as far as a parachain reads it: the test networks' values.
fn host_configuration() -> AbridgedHostConfiguration {
	AbridgedHostConfiguration {
		max_code_size: MAX_CODE_SIZE,
		max_head_data_size: MAX_HEAD_DATA_SIZE,
		max_upward_queue_count: 8,
		max_upward_queue_size: 1024 * 1024,
		max_upward_message_size: 50 * 1024,
		max_upward_message_num_per_candidate: 5,
		hrmp_max_message_num_per_candidate: 5,
		validation_upgrade_cooldown: 2,
		validation_upgrade_delay: UPGRADE_DELAY,
		async_backing_params: AsyncBackingParams {
			max_candidate_depth: 0,
			allowed_ancestry_len: 0,
		},
	}
}

/// The head data of a parachain block.
pub(crate) fn head_data(header: &impl Encode) -> HeadData {
	HeadData(header.encode())
}

#[cfg(test)]
mod tests {
	use super::*;
	use cumulus_primitives_core::relay_chain::well_known_keys;
	use sp_runtime::traits::{BlakeTwo256, Hash as _};

	const PARA_ID: ParaId = ParaId::new(2000);

	fn head(n: u8) -> HeadData {
		HeadData(vec![n])
	}

	fn relay(inclusion_delay: BlockNumber) -> SimulatedRelay {
		SimulatedRelay::new(Genesis {
			para_id: PARA_ID,
			number: 10,
			slot: 100.into(),
			included: head(0),
			inclusion_delay,
			upgrade_waits: false,
		})
	}

	fn candidate(relay: &SimulatedRelay, n: u8) -> Candidate {
		Candidate {
			parent_head: head(n - 1),
			head: head(n),
			relay_parent: relay.tip().header.number,
			new_code: false,
		}
	}

	fn read<T: codec::Decode>(block: &RelayBlock, key: &[u8]) -> Option<T> {
		let value = sp_state_machine::read_proof_check::<BlakeTwo256, _>(
			block.header.state_root,
			block.state.clone(),
			[key],
		)
		.expect("the proof proves the key")
		.remove(key)
		.flatten()?;
		Some(T::decode(&mut &value[..]).expect("the value decodes"))
	}

	fn included(block: &RelayBlock) -> HeadData {
		let head: HeadData =
			read(block, &well_known_keys::para_head(PARA_ID)).expect("the head is always there");
		assert_eq!(head, block.included);
		head
	}

	#[test]
	fn a_candidate_is_included_after_the_delay() {
		for delay in 1..5 {
			let mut relay = relay(delay);
			let proposed_at = relay.tip().header.number;
			relay.propose(candidate(&relay, 1)).unwrap();
			assert_eq!(relay.under_way(), 1);
			while relay.under_way() > 0 {
				assert_eq!(included(relay.tip()), head(0));
				relay.advance();
			}
			assert_eq!(included(relay.tip()), head(1));
			assert_eq!(relay.tip().header.number, proposed_at + delay);
		}
	}

	#[test]
	fn candidates_are_under_way_one_behind_the_other() {
		let mut relay = relay(3);
		for n in 1..10u8 {
			relay.propose(candidate(&relay, n)).unwrap();
			relay.advance();
			assert_eq!(relay.under_way(), usize::from(n).min(2));
			assert_eq!(included(relay.tip()), head(n.saturating_sub(2)));
		}
	}

	#[test]
	fn a_candidate_beside_the_newest_head_is_refused_and_changes_nothing() {
		let mut relay = relay(2);
		relay.propose(candidate(&relay, 1)).unwrap();
		assert!(relay.propose(candidate(&relay, 1)).is_err());
		assert!(relay.propose(candidate(&relay, 3)).is_err());
		assert_eq!(relay.under_way(), 1);
		relay.propose(candidate(&relay, 2)).unwrap();
	}

	#[test]
	fn headers_form_a_sealed_chain_with_the_slot_in_state_and_digest() {
		let mut relay = relay(1);
		for _ in 0..5 {
			let parent = relay.tip().clone();
			let block = relay.advance().clone();
			assert_eq!(block.header.parent_hash, parent.header.hash());
			assert_eq!(block.slot, parent.slot + 1u64);
			assert_eq!(read::<Slot>(&block, well_known_keys::CURRENT_SLOT), Some(block.slot));

			let authorities: Vec<(sp_consensus_babe::AuthorityId, u64)> =
				read(&block, well_known_keys::AUTHORITIES).unwrap();
			let mut header = block.header.clone();
			let seal = header.digest_mut().pop().unwrap().as_babe_seal().unwrap();
			let digest = header.digest().logs[0].as_babe_pre_digest().unwrap();
			assert_eq!(digest.slot(), block.slot);
			let author = &authorities[digest.authority_index() as usize].0;
			assert!(AuthorityPair::verify(
				&seal,
				header.hash().as_bytes(),
				&author.clone().into_inner().into(),
			));
		}
	}

	#[test]
	fn a_relay_parent_comes_with_its_descendants() {
		let mut relay = relay(1);
		assert!(relay.relay_parent(1).is_none(), "the chain is too short");
		assert!(relay.relay_parent(0).unwrap().descendants.is_empty());
		(0..3).for_each(|_| {
			relay.advance();
		});
		let parent = relay.relay_parent(2).unwrap();
		assert_eq!(parent.block.header.number, 11);
		let numbers = parent.descendants.iter().map(|header| header.number).collect::<Vec<_>>();
		assert_eq!(numbers, [11, 12, 13]);
		assert_eq!(parent.descendants[0], parent.block.header);
		let validation_data = parent.validation_data(head(7));
		assert_eq!(validation_data.relay_parent_storage_root, parent.block.header.state_root);
		assert_eq!(validation_data.relay_parent_number, 11);
	}

	#[test]
	fn old_blocks_are_forgotten() {
		let mut relay = relay(1);
		(0..2 * SimulatedRelay::KEPT).for_each(|_| {
			relay.advance();
		});
		assert_eq!(relay.blocks.len(), SimulatedRelay::KEPT);
		assert!(relay.relay_parent(SimulatedRelay::KEPT as u32 - 1).is_some());
		assert!(relay.relay_parent(SimulatedRelay::KEPT as u32).is_none());
	}

	#[test]
	fn new_code_gets_its_go_ahead_until_a_block_has_seen_it() {
		let signal = |block: &RelayBlock| {
			read::<UpgradeGoAhead>(block, &well_known_keys::upgrade_go_ahead_signal(PARA_ID))
		};
		let mut relay = relay(1);
		let upgrade = Candidate { new_code: true, ..candidate(&relay, 1) };
		relay.propose(upgrade).unwrap();
		assert_eq!(signal(relay.advance()), None, "included");
		assert_eq!(signal(relay.advance()), None);
		relay.propose(candidate(&relay, 2)).unwrap();
		assert_eq!(signal(relay.advance()), Some(UpgradeGoAhead::GoAhead));
		assert_eq!(included(relay.tip()), head(2));
		relay.propose(candidate(&relay, 3)).unwrap();
		assert_eq!(signal(relay.advance()), None, "head 3 is built with the new code");
	}

	#[test]
	fn the_state_root_is_that_of_the_state() {
		let relay = relay(1);
		assert_ne!(relay.tip().header.state_root, BlakeTwo256::hash(&[]));
		assert!(read::<HeadData>(relay.tip(), b"not there").is_none());
	}
}
