// SPDX-License-Identifier: GPL-3.0-only

//! The simulated relay chain: real headers, real state roots, real proofs and seals, and no network.
//!
//! It does to candidates what a relay chain does, in its own time: a candidate proposed while block
//! `R` is the tip is included in block `R + inclusion_delay` at the earliest, and not before its
//! parent. [`super::pipeline`] has the rules for a candidate that misses its chance, and
//! [`super::chance`] decides which ones do. What a parachain block sees of it is what it sees of a real
//! relay
//! chain: the state of its relay parent, proven, with the included head, the relay slot, the relay
//! chain's configuration and the go-ahead for a runtime upgrade, and the relay parent's descendants,
//! sealed by the authorities of that state.
//!
//! What a fork is here: two authors of the same slot, whose blocks have the same parent. The first
//! one is the tip for a relay slot, and collators build with it; then the next author builds on the
//! second one, which from then on counts. What was backed and included in the first one was not, and
//! is again if the second one has it. Candidates are hit if the first one is their relay parent, which
//! takes a relay parent offset of 0: with an offset of 1 it is only the newest of the descendants that
//! prove the distance from the tip, and those must have existed, not stayed. Branches are one block
//! long, so that the tip is the only block that can be replaced.
//!
//! Nothing here looks at a clock: the same calls with the same seed give the same history. Only that
//! signatures, and with them the hashes of sealed headers, are never twice the same.

use super::{
	chance::Chance,
	pipeline::{
		Backed, Candidate, DownwardQueue, Events, Misses, ParaState, Proposals, RelayId, Rules,
		AVAILABILITY_PERIOD, UPGRADE_DELAY,
	},
};
use codec::{DecodeAll, Encode};
use cumulus_primitives_core::{
	relay_chain::{
		node_features::FeatureIndex, well_known_keys, BlockNumber, Hash, HeadData, Header,
		NodeFeatures, Slot, UpgradeGoAhead,
	},
	ParaId, PersistedValidationData,
};
use cumulus_test_relay_sproof_builder::{generate_authority_pairs, RelayStateSproofBuilder};
use polkadot_primitives::{
	vstaging::SchedulerParams, MAX_CODE_SIZE, MAX_HEAD_DATA_SIZE, MAX_POV_SIZE,
};
use polkadot_runtime_parachains::configuration::HostConfiguration;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, NextEpochDescriptor, PreDigest, SecondaryPlainPreDigest},
	AuthorityPair, ConsensusLog, BABE_ENGINE_ID,
};
use sp_core::Pair;
use sp_runtime::{traits::Header as _, Digest, DigestItem};
use sp_state_machine::StorageProof;
use std::collections::VecDeque;

/// Duration of a relay slot on chain, in milliseconds.
pub(crate) const RELAY_SLOT_ON_CHAIN_MS: u64 = 6_000;

/// Largest downward message, in bytes (`max_downward_message_size`).
pub(crate) const MAX_DOWNWARD_MESSAGE_SIZE: u32 = 1024 * 1024;

/// Error for which a relay slot could not be used.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Relay chain validators. Two, so that descendants are sealed by different ones.
const AUTHORITIES: u64 = 2;

/// A block of the simulated relay chain.
#[derive(Clone, Debug)]
pub(crate) struct RelayBlock {
	/// Its sealed header.
	pub(crate) header: Header,
	/// Its slot.
	pub(crate) slot: Slot,
	/// The parachain, as of this block.
	pub(crate) para: ParaState,
	/// What happened to candidates in it.
	pub(crate) events: Events,
	/// What the parachain may know of this block's state.
	pub(crate) state: StorageProof,
}

impl RelayBlock {
	/// Its name.
	pub(crate) fn id(&self) -> RelayId {
		RelayId { number: self.header.number, hash: self.header.hash() }
	}

	/// Returns what a candidate with this relay parent, built on `parent_head`, is validated with.
	pub(crate) fn validation_data(&self, parent_head: HeadData) -> PersistedValidationData {
		PersistedValidationData {
			parent_head,
			relay_parent_number: self.header.number,
			relay_parent_storage_root: self.header.state_root,
			max_pov_size: MAX_POV_SIZE,
		}
	}
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

/// Why there is no relay parent at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRelayParent {
	/// The relay chain is shorter than the offset.
	ChainTooShort,
	/// This relay block, a descendant of the relay parent, began a session.
	SessionChange(BlockNumber),
}

/// Where a simulated relay chain starts, and how it goes on.
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
	/// A candidate that is backed already.
	pub(crate) backed: Option<Candidate>,
	/// Whether the included head has announced new code that it was not told to apply.
	pub(crate) upgrade_waits: bool,
	/// Head of the hash chain of downward messages that the parachain has processed.
	pub(crate) mqc_head: Hash,
	/// What is settled for good.
	pub(crate) settings: Settings,
}

/// What a simulated relay chain is like.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
	/// What candidates go by.
	pub(crate) rules: Rules,
	/// The parachain's cores, 1 at least.
	pub(crate) cores: u8,
	/// What goes wrong.
	pub(crate) chance: Chance,
}

/// The relay chain.
pub(crate) struct SimulatedRelay {
	para_id: ParaId,
	settings: Settings,
	authorities: Vec<AuthorityPair>,
	/// The newest blocks of the chain that counts, oldest first, at most [`Self::KEPT`]. Never empty.
	blocks: VecDeque<RelayBlock>,
	/// Candidates that were proposed and are not on the relay chain for good.
	proposals: Proposals,
	/// Messages to the parachain that the next block queues.
	downward_messages: Vec<Vec<u8>>,
	/// Messages that the tip has queued, for a sibling that replaces it.
	messages_of_tip: Vec<Vec<u8>>,
}

impl SimulatedRelay {
	/// Blocks that are remembered, and with that the largest relay parent offset plus one and the
	/// longest lookahead.
	pub(crate) const KEPT: usize = 64;

	/// A relay chain with its first block.
	pub(crate) fn new(genesis: Genesis) -> Self {
		let Genesis { para_id, number, slot, included, backed, upgrade_waits, mqc_head, settings } =
			genesis;
		let genesis_downward = DownwardQueue { mqc_head, ..Default::default() };
		let mut relay = Self {
			para_id,
			settings,
			authorities: generate_authority_pairs(AUTHORITIES),
			blocks: VecDeque::new(),
			proposals: Proposals::default(),
			downward_messages: Vec::new(),
			messages_of_tip: Vec::new(),
		};
		let upgrade_at = upgrade_waits.then(|| number + UPGRADE_DELAY);
		let backed = backed.into_iter().map(|candidate| Backed { candidate, at: number }).collect();
		let para = ParaState { included, backed, upgrade_at, downward: genesis_downward };
		relay.push(number, slot, Default::default(), para, Events::default(), false);
		relay
	}

	/// The newest block.
	pub(crate) fn tip(&self) -> &RelayBlock {
		self.blocks.back().expect("`new` pushes the first block and `push` keeps the newest; qed")
	}

	/// The newest block that is there for good: the tip, or its parent if there are forks.
	pub(crate) fn settled(&self) -> &RelayBlock {
		let parent = self.blocks.len().checked_sub(2).and_then(|index| self.blocks.get(index));
		match self.settings.chance.relay_fork_rate > 0.0 {
			true => parent.unwrap_or(self.tip()),
			false => self.tip(),
		}
	}

	/// The parachain.
	pub(crate) fn para_id(&self) -> ParaId {
		self.para_id
	}

	/// The parachain's cores.
	pub(crate) fn cores(&self) -> u8 {
		self.settings.cores
	}

	/// What candidates go by.
	pub(crate) fn rules(&self) -> &Rules {
		&self.settings.rules
	}

	/// The parachain's newest head: of the newest candidate that is not lost, or the included one.
	pub(crate) fn newest_head(&self) -> &HeadData {
		self.proposals.newest_head().unwrap_or(self.tip().para.newest_head())
	}

	/// If the relay chain takes another branch now: replace the tip by a sibling, and return it.
	pub(crate) fn reorganize(&mut self) -> Option<&RelayBlock> {
		// The first block has no parent that a sibling could be built on.
		if self.blocks.len() < 2 || !self.settings.chance.replaces(self.tip().header.number) {
			return None;
		}
		let slot = self.tip().slot;
		self.blocks.pop_back();
		Some(self.produce(slot, true))
	}

	/// Produce the next block.
	pub(crate) fn advance(&mut self) -> &RelayBlock {
		self.advance_to(self.tip().slot + 1u64)
	}

	/// Produces the next block in relay slot `slot`, which is later than the tip's.
	pub(crate) fn advance_to(&mut self, slot: Slot) -> &RelayBlock {
		self.produce(slot, false)
	}

	/// Propose a candidate.
	pub(crate) fn propose(&mut self, candidate: Candidate) {
		let tip = self.tip().header.number;
		self.proposals.propose(candidate, tip, &self.settings.rules);
	}

	/// Queues a message to the parachain in the next block.
	pub(crate) fn send_downward_message(&mut self, message: Vec<u8>) {
		self.downward_messages.push(message);
	}

	/// Returns the block `offset` blocks behind the tip with its descendants.
	///
	/// There is none if a descendant begins a session, as in the slot-based collator: a candidate on a
	/// relay parent of the session before could not be backed.
	pub(crate) fn relay_parent(&self, offset: u32) -> Result<RelayParent, NoRelayParent> {
		let first = self
			.blocks
			.len()
			.checked_sub(1 + offset as usize)
			.ok_or(NoRelayParent::ChainTooShort)?;
		let mut descendants = self.blocks.range(first + 1..).map(|block| block.header.number);
		if let Some(number) = descendants.find(|number| self.rules().begins_session(*number)) {
			return Err(NoRelayParent::SessionChange(number));
		}
		let block = self.blocks[first].clone();
		let descendants = match offset {
			0 => Vec::new(),
			_ => self.blocks.range(first..).map(|block| block.header.clone()).collect(),
		};
		Ok(RelayParent { block, descendants })
	}

	/// Returns the state roots of the relay parents with which a parachain block can still be backed, seen
	/// from relay parent `relay_parent`: of that block, which is last, and those before it, as many as the
	/// lookahead, and none from before the newest relay session.
	pub(crate) fn window(&self, relay_parent: BlockNumber) -> Vec<Hash> {
		let mut window = Vec::new();
		let until_relay_parent = |block: &&RelayBlock| block.header.number <= relay_parent;
		for block in self.blocks.iter().filter(until_relay_parent).rev() {
			if window.len() == self.settings.rules.lookahead as usize {
				break;
			}
			window.push(block.header.state_root);
			// It is the oldest relay parent of the session.
			if self.rules().begins_session(block.header.number) {
				break;
			}
		}
		window.reverse();
		window
	}

	/// Build a block on the tip, which is there for good from now on.
	fn produce(&mut self, slot: Slot, sibling: bool) -> &RelayBlock {
		let Self { blocks, proposals, settings: Settings { rules, chance, .. }, .. } = self;
		let parent = blocks.back().expect("only the tip is ever taken away; qed");
		let (id, number) = (parent.id(), parent.header.number + 1);
		proposals.settle(&parent.events.backed);
		let canonical = |relay: &RelayId| blocks.iter().any(|block| block.id() == *relay);
		let expired = proposals.drop_expired(&parent.para, number, rules, canonical);
		let misses = Misses {
			backing: |core| chance.misses(number, sibling, core),
			availability: |core| chance.misses_availability(number, sibling, core),
		};
		let (mut para, events) = proposals.next(&parent.para, number, rules, misses);
		// A sibling queues the messages of the block that it replaces, as if their senders had sent them
		// again.
		let messages = match sibling {
			true => std::mem::take(&mut self.messages_of_tip),
			false => std::mem::take(&mut self.downward_messages),
		};
		for message in &messages {
			para.downward.push(message.clone(), number);
		}
		self.messages_of_tip = messages;
		self.push(number, slot, id.hash, para, Events { expired, ..events }, sibling);
		self.tip()
	}

	fn push(
		&mut self,
		number: BlockNumber,
		slot: Slot,
		parent_hash: Hash,
		para: ParaState,
		events: Events,
		sibling: bool,
	) {
		let go_ahead = para.upgrade_at.filter(|at| number >= *at).map(|_| UpgradeGoAhead::GoAhead);
		// Two authors who take turns, and sometimes are both early.
		let author = (number + u32::from(sibling)) % self.authorities.len() as u32;
		let (state_root, state) = RelayStateSproofBuilder {
			para_id: self.para_id,
			upgrade_go_ahead: go_ahead,
			current_slot: slot,
			included_para_head: Some(para.included.clone()),
			// A queue that never had a message has no entry in the state.
			dmq_mqc_head: (para.downward.mqc_head != Hash::zero())
				.then_some(para.downward.mqc_head),
			num_authorities: AUTHORITIES,
			additional_key_values: vec![
				// In the place of the builder's own, which ends before the scheduler's part.
				(
					well_known_keys::ACTIVE_CONFIG.to_vec(),
					host_configuration(&self.settings).encode(),
				),
				// What the author throws in: no two relay blocks have the same state.
				(
					well_known_keys::CURRENT_BLOCK_RANDOMNESS.to_vec(),
					Some(sp_crypto_hashing::twox_256(&(number, author).encode())).encode(),
				),
			],
			..Default::default()
		}
		.into_state_root_and_proof();
		let mut header = Header {
			parent_hash,
			number,
			state_root,
			extrinsics_root: Default::default(),
			digest: Digest {
				logs: vec![DigestItem::babe_pre_digest(PreDigest::SecondaryPlain(
					SecondaryPlainPreDigest { authority_index: author, slot },
				))],
			},
		};
		if self.settings.rules.begins_session(number) {
			header.digest_mut().push(self.epoch_change());
		}
		let signature = self.authorities[author as usize].sign(header.hash().as_bytes());
		header.digest_mut().push(DigestItem::babe_seal(signature));
		self.blocks.push_back(RelayBlock { header, slot, para, events, state });
		if self.blocks.len() > Self::KEPT {
			self.blocks.pop_front();
		}
	}

	/// Returns the digest item of a block that begins a session. The authorities stay the same.
	fn epoch_change(&self) -> DigestItem {
		let authorities =
			self.authorities.iter().map(|authority| (authority.public(), 1)).collect();
		let next = NextEpochDescriptor { authorities, randomness: Default::default() };
		DigestItem::Consensus(BABE_ENGINE_ID, ConsensusLog::NextEpochData(next).encode())
	}
}

/// The relay chain's configuration: the test networks' values, as far as a parachain reads them.
fn host_configuration(settings: &Settings) -> HostConfiguration<BlockNumber> {
	let mut node_features = NodeFeatures::EMPTY;
	node_features.resize(FeatureIndex::FirstUnassigned as usize, false);
	for feature in [
		FeatureIndex::EnableAssignmentsV2,
		FeatureIndex::ElasticScalingMVP,
		FeatureIndex::CandidateReceiptV2,
	] {
		node_features.set(feature as usize, true);
	}
	HostConfiguration {
		max_code_size: MAX_CODE_SIZE,
		max_head_data_size: MAX_HEAD_DATA_SIZE,
		max_pov_size: MAX_POV_SIZE,
		max_upward_queue_count: 8,
		max_upward_queue_size: 1024 * 1024,
		max_upward_message_size: 50 * 1024,
		max_upward_message_num_per_candidate: 5,
		max_downward_message_size: MAX_DOWNWARD_MESSAGE_SIZE,
		hrmp_max_message_num_per_candidate: 5,
		validation_upgrade_cooldown: 2,
		validation_upgrade_delay: UPGRADE_DELAY,
		minimum_validation_upgrade_delay: 5,
		node_features,
		scheduler_params: SchedulerParams {
			group_rotation_frequency: 20,
			paras_availability_period: AVAILABILITY_PERIOD,
			lookahead: settings.rules.lookahead,
			num_cores: settings.cores.into(),
			..Default::default()
		},
		..Default::default()
	}
}

/// Returns the head data of a parachain block.
pub(crate) fn head_data(header: &impl Encode) -> HeadData {
	HeadData(header.encode())
}

/// Returns the header in a parachain's head data.
pub(crate) fn header_of(head: &HeadData) -> Result<conveyor_runtime::opaque::Header, Error> {
	DecodeAll::decode_all(&mut &head.0[..])
		.map_err(|error| format!("the head data is not a header: {error}").into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::dev::chance::NO_TROUBLE;
	use codec::Decode;
	use cumulus_primitives_core::AbridgedHostConfiguration;
	use proptest::prelude::*;
	use sp_runtime::traits::{BlakeTwo256, Hash as _};
	use std::collections::BTreeSet;

	const PARA_ID: ParaId = ParaId::new(2000);

	fn head(n: u32) -> HeadData {
		HeadData(n.to_le_bytes().to_vec())
	}

	fn settings(inclusion_delay: BlockNumber) -> Settings {
		let rules = Rules { inclusion_delay, lookahead: inclusion_delay + 3, session: None };
		Settings { rules, cores: 1, chance: NO_TROUBLE }
	}

	fn relay_with(settings: Settings) -> SimulatedRelay {
		SimulatedRelay::new(Genesis {
			para_id: PARA_ID,
			number: 10,
			slot: 100.into(),
			included: head(0),
			backed: None,
			upgrade_waits: false,
			mqc_head: Hash::zero(),
			settings,
		})
	}

	fn relay(inclusion_delay: BlockNumber) -> SimulatedRelay {
		relay_with(settings(inclusion_delay))
	}

	fn candidate(relay: &SimulatedRelay, n: u32) -> Candidate {
		Candidate {
			parent_head: head(n - 1),
			head: head(n),
			relay_parent: relay.tip().id(),
			..Candidate::for_tests(0, 1)
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
		assert_eq!(head, block.para.included);
		head
	}

	#[test]
	fn a_candidate_is_included_after_the_delay() {
		for delay in 1..5 {
			let mut relay = relay(delay);
			let proposed_at = relay.tip().header.number;
			relay.propose(candidate(&relay, 1));
			assert_eq!(relay.newest_head(), &head(1));
			while relay.tip().header.number < proposed_at + delay {
				assert_eq!(included(relay.tip()), head(0));
				relay.advance();
			}
			assert_eq!(included(relay.tip()), head(1));
			assert_eq!(relay.newest_head(), &head(1));
		}
	}

	#[test]
	fn candidates_are_under_way_one_behind_the_other() {
		let mut relay = relay(3);
		for n in 1..10 {
			relay.propose(candidate(&relay, n));
			relay.advance();
			assert_eq!(included(relay.tip()), head(n.saturating_sub(2)));
			assert_eq!(relay.newest_head(), &head(n));
		}
	}

	#[test]
	fn a_candidate_beside_the_newest_head_is_lost() {
		let mut relay = relay(2);
		let on_nothing = candidate(&relay, 3);
		relay.propose(candidate(&relay, 1));
		relay.propose(on_nothing.clone());
		assert_eq!(relay.advance().events.expired, [on_nothing]);
		assert_eq!(included(relay.advance()), head(1));
	}

	#[test]
	fn headers_form_a_sealed_chain_with_the_slot_in_state_and_digest() {
		let chance = Chance { relay_fork_rate: 0.5, ..NO_TROUBLE };
		let mut relay = relay_with(Settings { chance, ..settings(1) });
		let mut replaced = 0;
		for _ in 0..20 {
			replaced += u32::from(relay.reorganize().is_some());
			let parent = relay.tip().clone();
			let block = relay.advance().clone();
			assert_eq!(block.header.parent_hash, parent.header.hash());
			assert_eq!(block.slot, parent.slot + 1u64);
			for block in [parent, block] {
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
		assert!(replaced > 0);
	}

	#[test]
	fn a_relay_parent_comes_with_its_descendants() {
		let mut relay = relay(1);
		assert!(relay.relay_parent(1).is_err(), "the chain is too short");
		assert!(relay.relay_parent(0).unwrap().descendants.is_empty());
		(0..3).for_each(|_| {
			relay.advance();
		});
		let parent = relay.relay_parent(2).unwrap();
		assert_eq!(parent.block.header.number, 11);
		let numbers = parent.descendants.iter().map(|header| header.number).collect::<Vec<_>>();
		assert_eq!(numbers, [11, 12, 13]);
		assert_eq!(parent.descendants[0], parent.block.header);
		let validation_data = parent.block.validation_data(head(7));
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
		assert!(relay.relay_parent(SimulatedRelay::KEPT as u32 - 1).is_ok());
		assert_eq!(
			relay.relay_parent(SimulatedRelay::KEPT as u32).unwrap_err(),
			NoRelayParent::ChainTooShort,
		);
	}

	#[test]
	fn new_code_gets_its_go_ahead_until_a_block_has_seen_it() {
		let signal = |block: &RelayBlock| {
			read::<UpgradeGoAhead>(block, &well_known_keys::upgrade_go_ahead_signal(PARA_ID))
		};
		let mut relay = relay(1);
		let upgrade = Candidate { new_code: true, ..candidate(&relay, 1) };
		relay.propose(upgrade);
		assert_eq!(signal(relay.advance()), None, "included");
		assert_eq!(signal(relay.advance()), None);
		relay.propose(candidate(&relay, 2));
		assert_eq!(signal(relay.advance()), Some(UpgradeGoAhead::GoAhead));
		assert_eq!(included(relay.tip()), head(2));
		relay.propose(candidate(&relay, 3));
		assert_eq!(signal(relay.advance()), None, "head 3 is built with the new code");
	}

	#[test]
	fn the_state_root_is_that_of_the_state() {
		let relay = relay(1);
		assert_ne!(relay.tip().header.state_root, BlakeTwo256::hash(&[]));
		assert!(read::<HeadData>(relay.tip(), b"not there").is_none());
	}

	#[test]
	fn the_state_has_the_configuration_of_a_relay_chain() {
		let mut settings = settings(2);
		settings.rules.lookahead = 7;
		settings.cores = 3;
		let relay = relay_with(settings);
		let config: HostConfiguration<BlockNumber> =
			read(relay.tip(), well_known_keys::ACTIVE_CONFIG).unwrap();
		config.check_consistency().unwrap();
		assert_eq!(config.scheduler_params.lookahead, 7);
		assert_eq!(config.scheduler_params.num_cores, 3);
		assert!(FeatureIndex::CandidateReceiptV2.is_set(&config.node_features));
		assert!(!FeatureIndex::CandidateReceiptV3.is_set(&config.node_features));
		// What every parachain reads.
		let prefix: AbridgedHostConfiguration =
			AbridgedHostConfiguration::decode(&mut &config.encode()[..]).unwrap();
		assert_eq!(prefix.max_upward_message_num_per_candidate, 5);
		assert_eq!(prefix.validation_upgrade_delay, UPGRADE_DELAY);
	}

	#[test]
	fn a_fork_undoes_what_was_backed_and_included_in_the_tip() {
		let always = Chance { relay_fork_rate: 1.0, ..NO_TROUBLE };
		let mut relay = relay_with(Settings { chance: always, ..settings(2) });
		assert!(relay.reorganize().is_none(), "the first block stays");
		relay.propose(candidate(&relay, 1));
		let first = relay.advance().clone();
		assert_eq!(first.events.backed.len(), 1);
		let second = relay.reorganize().expect("a fork").clone();
		assert_eq!(second.header.number, first.header.number);
		assert_eq!(second.header.parent_hash, first.header.parent_hash);
		assert_eq!(second.slot, first.slot);
		assert_ne!(second.header.state_root, first.header.state_root);
		assert_eq!(second.events, first.events, "this time it is backed just as well");
		assert_eq!(relay.relay_parent(0).unwrap().block.id(), second.id());
		// The tip may be replaced, its parent not.
		let settled = relay.settled().id();
		assert_eq!(settled.hash, second.header.parent_hash);
		assert_eq!(relay.advance().header.parent_hash, second.header.hash());
		assert_eq!(relay.settled().id(), second.id());
		assert_eq!(included(relay.tip()), head(1));
	}

	#[test]
	fn a_candidate_on_an_abandoned_relay_block_is_lost() {
		let always = Chance { relay_fork_rate: 1.0, ..NO_TROUBLE };
		let mut relay = relay_with(Settings { chance: always, ..settings(2) });
		relay.advance();
		// With a relay parent offset of 0.
		let on_fork = candidate(&relay, 1);
		relay.propose(on_fork.clone());
		let window = relay.window(relay.tip().header.number);
		assert_eq!(relay.reorganize().expect("a fork").events.expired, [on_fork]);
		assert_eq!(relay.newest_head(), &head(0));
		let new_window = relay.window(relay.tip().header.number);
		assert_eq!(window[..window.len() - 1], new_window[..new_window.len() - 1]);
		assert_ne!(window.last(), new_window.last());
		// With an offset of 1.
		relay.advance();
		let below_fork = Candidate {
			relay_parent: relay.relay_parent(1).unwrap().block.id(),
			..candidate(&relay, 1)
		};
		relay.propose(below_fork);
		assert!(relay.reorganize().expect("a fork").events.expired.is_empty());
		relay.advance();
		assert_eq!(included(relay.advance()), head(1));
	}

	#[test]
	fn the_window_is_as_long_as_the_lookahead() {
		let mut relay = relay(2);
		assert_eq!(relay.window(10).len(), 1, "there is no more yet");
		(0..20).for_each(|_| {
			relay.advance();
		});
		let window = relay.window(29);
		assert_eq!(window.len(), 5);
		assert_eq!(window.last(), Some(&relay.relay_parent(1).unwrap().block.header.state_root));
	}

	#[test]
	fn the_window_has_no_relay_parent_of_an_earlier_session() {
		let settings = settings(2);
		let rules = Rules { session: Some(6), ..settings.rules };
		let mut relay = relay_with(Settings { rules, ..settings });
		let state_root = |relay: &SimulatedRelay| relay.tip().header.state_root;
		let mut state_roots = vec![state_root(&relay)];
		while relay.tip().header.number < 18 {
			relay.advance();
			state_roots.push(state_root(&relay));
		}
		// Blocks 12 and 18 begin a session.
		assert_eq!(relay.window(11), state_roots[..2]);
		assert_eq!(relay.window(12), state_roots[2..=2]);
		assert_eq!(relay.window(14), state_roots[2..=4]);
		assert_eq!(relay.window(17), state_roots[3..=7], "as many as the lookahead");
		assert_eq!(relay.window(18), state_roots[8..]);
	}

	/// What a collator, who knows no more than a real one, makes of a relay chain: as
	/// [`super::super::author`], with numbers in the place of blocks.
	struct Collator {
		relay: SimulatedRelay,
		offset: u32,
		/// Every candidate that was ever proposed, in order.
		proposed: Vec<Candidate>,
		/// What happened in each relay block that was there for good.
		history: Vec<(BlockNumber, Events)>,
		next_head: u32,
	}

	impl Collator {
		fn new(settings: Settings, offset: u32) -> Self {
			let relay = relay_with(settings);
			Self { relay, offset, proposed: Vec::new(), history: Vec::new(), next_head: 1 }
		}

		/// A relay slot: what happened on the relay chain, and the collator's candidates after it.
		fn slot(&mut self, builds: bool) {
			if self.relay.reorganize().is_some() {
				let (_, replaced) = self.history.pop().expect("the tip is replaced");
				self.note();
				// Losses are found but once.
				let (_, events) = self.history.last_mut().expect("just noted");
				events.expired.extend(replaced.expired);
			}
			self.relay.advance();
			self.note();
			let relay_parent = match self.relay.relay_parent(self.offset) {
				Ok(relay_parent) if builds => relay_parent,
				_ => return,
			};
			let mut parent = self.to_build_on(&relay_parent.block);
			for core in 0..self.relay.cores() {
				let candidate = Candidate {
					parent_head: parent,
					head: head(self.next_head),
					relay_parent: relay_parent.block.id(),
					core,
					..Candidate::for_tests(0, 1)
				};
				self.next_head += 1;
				parent = candidate.head.clone();
				self.proposed.push(candidate.clone());
				self.relay.propose(candidate);
			}
		}

		fn note(&mut self) {
			let tip = self.relay.tip();
			self.history.push((tip.header.number, tip.events.clone()));
		}

		fn to_build_on(&self, relay_parent: &RelayBlock) -> HeadData {
			let number = relay_parent.header.number;
			let first = (number + 1).saturating_sub(self.relay.rules().lookahead);
			let canonical = |relay: &RelayId| {
				self.relay.blocks.iter().any(|block| block.id() == *relay)
					&& (first..=number).contains(&relay.number)
			};
			let mut newest = relay_parent.para.newest_head().clone();
			// In the order of proposal, so the last of several on the same head is found: it stands
			// on the newest relay parent.
			while let Some(child) = self.proposed.iter().rev().find(|candidate| {
				candidate.parent_head == newest && canonical(&candidate.relay_parent)
			}) {
				newest = child.head.clone();
			}
			newest
		}
	}

	fn any_settings() -> impl Strategy<Value = (Settings, u32)> {
		let rates = (0.0..0.9, 0.0..0.9, 0.0..0.5);
		let session = proptest::option::of(10..40u32);
		(1..5u32, 0..5u32, session, 1..4u8, any::<u64>(), rates, 0..3u32).prop_map(
			|(inclusion_delay, slack, session, cores, seed, rates, offset)| {
				let mut rules = Rules { inclusion_delay, lookahead: 0, session };
				rules.lookahead = offset + rules.backing_delay() + slack;
				let (miss_rate, availability_miss_rate, relay_fork_rate) = rates;
				let chance = Chance { seed, miss_rate, availability_miss_rate, relay_fork_rate };
				(Settings { rules, cores, chance }, offset)
			},
		)
	}

	proptest! {
		#![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

		/// Whatever goes wrong: what is included is a chain, each candidate has one end, and none is
		/// backed by anything but the rules.
		#[test]
		fn every_candidate_is_included_or_lost((settings, offset) in any_settings()) {
			let rules = settings.rules;
			let mut collator = Collator::new(settings, offset);
			(0..60).for_each(|_| collator.slot(true));
			// Then nothing new comes, and what is under way comes to its end.
			let rest = rules.lookahead + rules.inclusion_delay + AVAILABILITY_PERIOD + 2;
			(0..rest).for_each(|_| collator.slot(false));

			let (mut chain, mut ends) = (head(0), BTreeSet::new());
			let mut backed_heads = BTreeSet::new();
			for (number, events) in &collator.history {
				let mut cores = BTreeSet::new();
				for candidate in &events.backed {
					prop_assert!(rules.in_window(candidate.relay_parent.number, *number));
					let session = rules.session_for_child(candidate.relay_parent.number);
					prop_assert_eq!(session, rules.session_for_child(number - 1));
					prop_assert!(*number >= candidate.relay_parent.number + rules.backing_delay());
					prop_assert!(cores.insert(candidate.core), "two on a core in {number}");
					backed_heads.insert(candidate.head.0.clone());
				}
				for candidate in &events.included {
					prop_assert_eq!(&candidate.parent_head, &chain);
					chain = candidate.head.clone();
					prop_assert!(backed_heads.contains(&candidate.head.0));
				}
				for candidate in events.included.iter().chain(events.lost()) {
					prop_assert!(ends.insert(candidate.head.0.clone()), "a second end in {number}");
				}
			}
			prop_assert_eq!(&collator.relay.tip().para.included, &chain);
			prop_assert_eq!(collator.relay.newest_head(), &chain, "nothing is under way");
			for candidate in &collator.proposed {
				prop_assert!(ends.contains(&candidate.head.0), "no end: {candidate:?}");
			}
		}

		#[test]
		fn the_same_seed_gives_the_same_history((settings, offset) in any_settings()) {
			let history = || {
				let mut collator = Collator::new(settings.clone(), offset);
				(0..40).for_each(|_| collator.slot(true));
				let roots = collator.relay.window(collator.relay.tip().header.number);
				// Without the relay parents' hashes.
				let heads = |candidates: &[Candidate]| -> Vec<HeadData> {
					candidates.iter().map(|candidate| candidate.head.clone()).collect()
				};
				let blocks = collator.history.iter().map(|(number, events)| {
					let lost = events.lost().cloned().collect::<Vec<_>>();
					let Events { included, backed, missed, unavailable, .. } = events;
					let one = |candidate: &Option<Candidate>| {
						candidate.as_ref().map(|candidate| candidate.head.clone())
					};
					let not_yet = (one(missed), one(unavailable));
					(*number, heads(included), heads(backed), not_yet, heads(&lost))
				});
				(blocks.collect::<Vec<_>>(), roots)
			};
			prop_assert_eq!(history(), history());
		}

		/// Without trouble a candidate is included exactly after the delay.
		#[test]
		fn nothing_is_late_without_trouble((settings, offset) in any_settings()) {
			let rules = Rules { session: None, ..settings.rules };
			let settings = Settings { chance: NO_TROUBLE, rules, ..settings };
			let delay = settings.rules.inclusion_delay;
			let mut collator = Collator::new(settings, offset);
			(0..40).for_each(|_| collator.slot(true));
			for (number, events) in &collator.history {
				prop_assert!(events.lost().count() == 0 && events.missed.is_none());
				for candidate in &events.included {
					prop_assert_eq!(*number, candidate.relay_parent.number + offset + delay);
				}
			}
			prop_assert!(collator.history.iter().any(|(_, events)| !events.included.is_empty()));
		}
	}
}
