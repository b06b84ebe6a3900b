// SPDX-License-Identifier: GPL-3.0-only

//! The simulated relay chain: real headers, state roots, proofs and seals, without a network.
//!
//! - A candidate that is proposed while block `R` is the tip is included in block `R + inclusion_delay` at the
//!   earliest, after its parent. [`super::pipeline`] has the rules for missed attempts, and
//!   [`super::random_faults`] decides which candidates miss one.
//! - A parachain block gets the same data as from a real relay chain: the proven state of its relay parent
//!   (included head, relay slot, configuration, upgrade signal), and the relay parent's descendants, sealed
//!   by the authorities of that state.
//! - A fork consists of two blocks of the same slot with the same parent. The first block is the tip for one
//!   relay slot, and collators build on it. Then the next author builds on the second block, and the first
//!   one is abandoned with its backings and inclusions. A candidate is lost if the abandoned block is its
//!   relay parent. That requires a relay parent offset of 0: with an offset of 1 the abandoned block is only
//!   the newest descendant in the proof. Only the tip can be abandoned.
//! - The simulation does not read the system clock: the same calls with the same seed give the same history,
//!   except for signatures and the hashes of sealed headers.

use super::{
	pipeline::{
		Backed, Candidate, DownwardQueue, Events, Misses, ParaState, Proposals, RelayId, Rules,
		AVAILABILITY_PERIOD, UPGRADE_DELAY,
	},
	random_faults::RandomFaults,
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

#[cfg(test)]
mod tests;

/// Duration of a relay slot on chain, in milliseconds.
pub(crate) const RELAY_SLOT_ON_CHAIN_MS: u64 = 6_000;

/// Largest downward message, in bytes (`max_downward_message_size`).
pub(crate) const MAX_DOWNWARD_MESSAGE_SIZE: u32 = 1024 * 1024;

/// Reason why a relay slot could not be used.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Relay chain validators. Two, so that descendants are sealed by different ones.
const AUTHORITIES: u64 = 2;

/// A block of the simulated relay chain.
#[derive(Clone, Debug)]
pub(crate) struct RelayBlock {
	/// Sealed header.
	pub(crate) header: Header,
	/// Slot.
	pub(crate) slot: Slot,
	/// State of the parachain.
	pub(crate) para: ParaState,
	/// Events of candidates.
	pub(crate) events: Events,
	/// Proof of the state that the parachain reads.
	pub(crate) state: StorageProof,
}

impl RelayBlock {
	/// Returns number and hash.
	pub(crate) fn id(&self) -> RelayId {
		RelayId { number: self.header.number, hash: self.header.hash() }
	}

	/// Returns the validation data of a candidate on this relay parent and `parent_head`.
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
	/// Headers of the relay parent and its descendants, oldest first. Empty if the relay parent offset
	/// is 0.
	pub(crate) descendants: Vec<Header>,
}

/// Reason why there is no relay parent at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRelayParent {
	/// The relay chain is shorter than the offset.
	ChainTooShort,
	/// This descendant of the relay parent started a session.
	SessionChange(BlockNumber),
}

/// Start and settings of a simulated relay chain.
#[derive(Clone, Debug)]
pub(crate) struct Genesis {
	/// The parachain.
	pub(crate) para_id: ParaId,
	/// Number of the first relay block.
	pub(crate) number: BlockNumber,
	/// Slot of the first relay block. Every block uses the next slot.
	pub(crate) slot: Slot,
	/// The parachain's included head.
	pub(crate) included: HeadData,
	/// Candidate that is already backed.
	pub(crate) backed: Option<Candidate>,
	/// Whether the included head has announced new code and has no go-ahead signal yet.
	pub(crate) upgrade_waits: bool,
	/// Head of the hash chain of downward messages that the parachain has processed.
	pub(crate) mqc_head: Hash,
	/// Settings.
	pub(crate) settings: Settings,
}

/// Settings of a simulated relay chain.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
	/// Rules for candidates.
	pub(crate) rules: Rules,
	/// Number of the parachain's cores, at least 1.
	pub(crate) cores: u8,
	/// Random faults.
	pub(crate) faults: RandomFaults,
}

/// The relay chain.
pub(crate) struct SimulatedRelay {
	para_id: ParaId,
	settings: Settings,
	authorities: Vec<AuthorityPair>,
	/// Newest blocks of the canonical chain, oldest first, at most [`Self::KEPT`]. Never empty.
	blocks: VecDeque<RelayBlock>,
	/// Proposed candidates whose backing can still be undone by a fork.
	proposals: Proposals,
	/// Messages to the parachain for the next block.
	downward_messages: Vec<Vec<u8>>,
	/// Messages of the tip, for a sibling that replaces it.
	messages_of_tip: Vec<Vec<u8>>,
}

impl SimulatedRelay {
	/// Number of stored blocks: the maximum relay parent offset plus one, and the maximum lookahead.
	pub(crate) const KEPT: usize = 64;

	/// Returns a relay chain with its first block.
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

	/// Returns the newest block.
	pub(crate) fn tip(&self) -> &RelayBlock {
		self.blocks.back().expect("`new` pushes the first block and `push` keeps the newest; qed")
	}

	/// Returns the newest block that no fork can replace: the tip, or its parent if forks are simulated.
	pub(crate) fn settled(&self) -> &RelayBlock {
		let parent = self.blocks.len().checked_sub(2).and_then(|index| self.blocks.get(index));
		match self.settings.faults.relay_fork_rate > 0.0 {
			true => parent.unwrap_or(self.tip()),
			false => self.tip(),
		}
	}

	/// Returns the para id.
	pub(crate) fn para_id(&self) -> ParaId {
		self.para_id
	}

	/// Returns the number of the parachain's cores.
	pub(crate) fn cores(&self) -> u8 {
		self.settings.cores
	}

	/// Returns the rules for candidates.
	pub(crate) fn rules(&self) -> &Rules {
		&self.settings.rules
	}

	/// Returns the head of the newest candidate that is not lost, or the included head.
	pub(crate) fn newest_head(&self) -> &HeadData {
		self.proposals.newest_head().unwrap_or(self.tip().para.newest_head())
	}

	/// Replaces the tip by a sibling and returns it, if there is a fork at the tip.
	pub(crate) fn reorganize(&mut self) -> Option<&RelayBlock> {
		// The first block has no parent that a sibling could be built on.
		if self.blocks.len() < 2 || !self.settings.faults.replaces(self.tip().header.number) {
			return None;
		}
		let slot = self.tip().slot;
		self.blocks.pop_back();
		Some(self.produce(slot, true))
	}

	/// Produces the next block.
	pub(crate) fn advance(&mut self) -> &RelayBlock {
		self.advance_to(self.tip().slot + 1u64)
	}

	/// Produces the next block in relay slot `slot`, which is later than the tip's.
	pub(crate) fn advance_to(&mut self, slot: Slot) -> &RelayBlock {
		self.produce(slot, false)
	}

	/// Proposes a candidate.
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
	/// Fails if a descendant starts a session, as in the slot-based collator: a candidate on a relay parent
	/// of the previous session could not be backed.
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

	/// Returns the state roots of the relay parents with which a candidate can still be backed, up to
	/// `relay_parent`, oldest first: at most as many as the lookahead, and none of an earlier session.
	pub(crate) fn window(&self, relay_parent: BlockNumber) -> Vec<Hash> {
		let mut window = Vec::new();
		let until_relay_parent = |block: &&RelayBlock| block.header.number <= relay_parent;
		for block in self.blocks.iter().filter(until_relay_parent).rev() {
			if window.len() == self.settings.rules.lookahead as usize {
				break;
			}
			window.push(block.header.state_root);
			// The oldest relay parent of the session.
			if self.rules().begins_session(block.header.number) {
				break;
			}
		}
		window.reverse();
		window
	}

	/// Builds a block on the tip. No fork can replace the tip afterwards.
	fn produce(&mut self, slot: Slot, sibling: bool) -> &RelayBlock {
		let Self { blocks, proposals, settings: Settings { rules, faults, .. }, .. } = self;
		let parent = blocks.back().expect("only the tip is ever removed; qed");
		let (id, number) = (parent.id(), parent.header.number + 1);
		proposals.settle(&parent.events.backed);
		let canonical = |relay: &RelayId| blocks.iter().any(|block| block.id() == *relay);
		let expired = proposals.drop_expired(&parent.para, number, rules, canonical);
		let misses = Misses {
			backing: |core| faults.misses(number, sibling, core),
			availability: |core| faults.misses_availability(number, sibling, core),
		};
		let (mut para, events) = proposals.next(&parent.para, number, rules, misses);
		// A sibling contains the messages of the block that it replaces.
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
		// Two authors take turns. Both author a block if there is a fork.
		let author = (number + u32::from(sibling)) % self.authorities.len() as u32;
		let (state_root, state) = RelayStateSproofBuilder {
			para_id: self.para_id,
			upgrade_go_ahead: go_ahead,
			current_slot: slot,
			included_para_head: Some(para.included.clone()),
			// A queue without any message has no entry in the state.
			dmq_mqc_head: (para.downward.mqc_head != Hash::zero())
				.then_some(para.downward.mqc_head),
			num_authorities: AUTHORITIES,
			additional_key_values: vec![
				// Replaces the builder's configuration, which has no scheduler parameters.
				(
					well_known_keys::ACTIVE_CONFIG.to_vec(),
					host_configuration(&self.settings).encode(),
				),
				// Makes the state of every relay block unique.
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

	/// Returns the digest item of a block that starts a session. The authorities stay the same.
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
