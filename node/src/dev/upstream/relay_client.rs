// SPDX-License-Identifier: GPL-3.0-only

//! A `RelayChainInterface` over simulated relay blocks, from which the collator reads the relay chain.
//!
//! Relay blocks are published here. Configuration, heads and proofs come from the state of the published block, as
//! with a relay chain node.
//!
//! Methods that only validators, full nodes or version 3 descriptors need return an error with their name, so that
//! a new call by the collator is noticed.

use crate::{
	dev::{
		pipeline::Rules,
		relay::{header_of, RelayBlock, SimulatedRelay},
	},
	service::ParachainClient,
};
use async_trait::async_trait;
use codec::Decode;
use cumulus_primitives_core::relay_chain::{
	vstaging::RelayParentInfo, well_known_keys, BlockId, CandidateEvent, NodeFeatures,
	ValidationCode,
};
use cumulus_relay_chain_interface::{
	BlockNumber, ChildInfo, CommittedCandidateReceipt, CoreIndex, CoreState,
	InboundDownwardMessage, InboundHrmpMessage, OccupiedCoreAssumption, OverseerHandle, PHash,
	PHeader, ParaId, PersistedValidationData, RelayChainError, RelayChainInterface,
	RelayChainResult, SessionIndex, StorageValue, ValidationCodeHash, ValidatorId,
};
use futures::{
	channel::mpsc::{unbounded, UnboundedSender},
	Stream,
};
use polkadot_runtime_parachains::configuration::HostConfiguration;
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{
	create_proof_check_backend, prove_child_read_on_trie_backend, prove_read_on_trie_backend,
	StorageProof,
};
use sp_version::RuntimeVersion;
use std::{
	collections::{BTreeMap, VecDeque},
	pin::Pin,
	sync::{Arc, Mutex, MutexGuard},
};

/// Stream of relay block headers.
type Headers = Pin<Box<dyn Stream<Item = PHeader> + Send>>;

/// Client of the simulated relay chain.
#[derive(Clone)]
pub(super) struct RelayClient(Arc<Inner>);

struct Inner {
	para_id: ParaId,
	/// The parachain's client, whose state has the validation code.
	parachain: Arc<ParachainClient>,
	/// Rules of the relay chain, for its sessions.
	rules: Rules,
	overseer: OverseerHandle,
	published: Mutex<Published>,
}

/// The published relay chain.
struct Published {
	/// Newest relay blocks, parents first. A sibling comes after the block that it replaces. At most
	/// [`Published::KEPT`], never empty.
	blocks: VecDeque<Arc<RelayBlock>>,
	finalized: PHash,
	best_subscribers: Vec<UnboundedSender<PHeader>>,
	finality_subscribers: Vec<UnboundedSender<PHeader>>,
}

impl Published {
	/// Number of stored blocks: twice as many as in the simulated relay chain, because replaced blocks are kept.
	const KEPT: usize = 2 * SimulatedRelay::KEPT;

	fn best(&self) -> &Arc<RelayBlock> {
		self.blocks.back().expect("`RelayClient::new` adds the first, and the last is kept; qed")
	}
}

impl RelayClient {
	/// Creates a client of `relay`.
	pub(super) fn new(
		relay: &SimulatedRelay,
		parachain: Arc<ParachainClient>,
		overseer: OverseerHandle,
	) -> Self {
		let tip = relay.tip().clone();
		Self(Arc::new(Inner {
			para_id: relay.para_id(),
			parachain,
			rules: *relay.rules(),
			overseer,
			published: Mutex::new(Published {
				finalized: tip.header.hash(),
				blocks: VecDeque::from([Arc::new(tip)]),
				best_subscribers: Vec::new(),
				finality_subscribers: Vec::new(),
			}),
		}))
	}

	/// Sets the best block.
	pub(super) fn publish(&self, block: &RelayBlock) {
		let mut published = self.published();
		published.blocks.push_back(Arc::new(block.clone()));
		if published.blocks.len() > Published::KEPT {
			published.blocks.pop_front();
		}
		notify(&mut published.best_subscribers, &block.header);
	}

	/// Sets the finalized block to the published block with that header.
	pub(super) fn finalize(&self, header: &PHeader) {
		let mut published = self.published();
		published.finalized = header.hash();
		notify(&mut published.finality_subscribers, header);
	}

	/// Returns the published block with that hash, even if it was replaced.
	pub(super) fn block(&self, hash: PHash) -> RelayChainResult<Arc<RelayBlock>> {
		let published = self.published();
		let found = published.blocks.iter().rev().find(|block| block.header.hash() == hash);
		found.cloned().ok_or_else(|| {
			RelayChainError::GenericError(format!(
				"relay block {hash:?} is unknown: the simulated relay chain has the newest {} blocks \
				 since it was started",
				Published::KEPT,
			))
		})
	}

	fn published(&self) -> MutexGuard<'_, Published> {
		self.0.published.lock().expect("no holder of the lock panics; qed")
	}

	fn configuration(&self, at: PHash) -> RelayChainResult<HostConfiguration<BlockNumber>> {
		let value = read(&*self.block(at)?, well_known_keys::ACTIVE_CONFIG)?.ok_or_else(|| {
			RelayChainError::GenericError(format!("relay block {at:?} has no configuration"))
		})?;
		Ok(HostConfiguration::decode(&mut &value[..])?)
	}
}

/// Sends `header` to the remaining subscribers.
fn notify(subscribers: &mut Vec<UnboundedSender<PHeader>>, header: &PHeader) {
	subscribers.retain(|subscriber| subscriber.unbounded_send(header.clone()).is_ok());
}

fn subscribe(subscribers: &mut Vec<UnboundedSender<PHeader>>) -> Headers {
	let (sender, receiver) = unbounded();
	subscribers.push(sender);
	Box::pin(receiver)
}

/// Returns the value of `key` in the state of `block`.
fn read(block: &RelayBlock, key: &[u8]) -> RelayChainResult<Option<StorageValue>> {
	let (root, proof) = (block.header.state_root, block.state.clone());
	let values = sp_state_machine::read_proof_check::<BlakeTwo256, _>(root, proof, [key]);
	Ok(values.map_err(RelayChainError::StateMachineError)?.remove(key).flatten())
}

/// Error of a method that collators with version 2 descriptors do not call.
fn not_simulated<T>(method: &str) -> RelayChainResult<T> {
	Err(RelayChainError::GenericError(format!(
		"the simulated relay chain has no `{method}`: no collator with version 2 descriptors called \
		 it when this was written. Implement it in node/src/dev/upstream/relay_client.rs",
	)))
}

#[async_trait]
impl RelayChainInterface for RelayClient {
	async fn best_block_hash(&self) -> RelayChainResult<PHash> {
		Ok(self.published().best().header.hash())
	}

	async fn finalized_block_hash(&self) -> RelayChainResult<PHash> {
		Ok(self.published().finalized)
	}

	async fn header(&self, block: BlockId) -> RelayChainResult<Option<PHeader>> {
		let published = self.published();
		let mut newest_first = published.blocks.iter().rev().map(|block| &block.header);
		Ok(match block {
			BlockId::Hash(hash) => newest_first.find(|header| header.hash() == hash),
			// A replaced block comes before its sibling.
			BlockId::Number(number) => newest_first.find(|header| header.number == number),
		}
		.cloned())
	}

	async fn wait_for_block(&self, hash: PHash) -> RelayChainResult<()> {
		self.block(hash).map(|_| ())
	}

	async fn is_major_syncing(&self) -> RelayChainResult<bool> {
		Ok(false)
	}

	async fn import_notification_stream(&self) -> RelayChainResult<Headers> {
		// Every new relay block is the best block.
		self.new_best_notification_stream().await
	}

	async fn new_best_notification_stream(&self) -> RelayChainResult<Headers> {
		Ok(subscribe(&mut self.published().best_subscribers))
	}

	async fn finality_notification_stream(&self) -> RelayChainResult<Headers> {
		Ok(subscribe(&mut self.published().finality_subscribers))
	}

	fn overseer_handle(&self) -> RelayChainResult<OverseerHandle> {
		Ok(self.0.overseer.clone())
	}

	async fn get_storage_by_key(
		&self,
		at: PHash,
		key: &[u8],
	) -> RelayChainResult<Option<StorageValue>> {
		read(&*self.block(at)?, key)
	}

	async fn prove_read(&self, at: PHash, keys: &Vec<Vec<u8>>) -> RelayChainResult<StorageProof> {
		let block = self.block(at)?;
		let (root, proof) = (block.header.state_root, block.state.clone());
		let state = create_proof_check_backend::<BlakeTwo256>(root, proof)
			.map_err(RelayChainError::StateMachineError)?;
		prove_read_on_trie_backend(&state, keys).map_err(RelayChainError::StateMachineError)
	}

	async fn prove_child_read(
		&self,
		at: PHash,
		child: &ChildInfo,
		keys: &[Vec<u8>],
	) -> RelayChainResult<StorageProof> {
		let block = self.block(at)?;
		let (root, proof) = (block.header.state_root, block.state.clone());
		let state = create_proof_check_backend::<BlakeTwo256>(root, proof)
			.map_err(RelayChainError::StateMachineError)?;
		prove_child_read_on_trie_backend(&state, child, keys)
			.map_err(RelayChainError::StateMachineError)
	}

	async fn persisted_validation_data(
		&self,
		at: PHash,
		para_id: ParaId,
		assumption: OccupiedCoreAssumption,
	) -> RelayChainResult<Option<PersistedValidationData>> {
		let block = self.block(at)?;
		if para_id != self.0.para_id {
			return Ok(None);
		}
		let parent_head = match assumption {
			OccupiedCoreAssumption::Included => block.para.newest_head(),
			OccupiedCoreAssumption::TimedOut => &block.para.included,
			OccupiedCoreAssumption::Free if block.para.backed.is_empty() => &block.para.included,
			OccupiedCoreAssumption::Free => return Ok(None),
		};
		Ok(Some(block.validation_data(parent_head.clone())))
	}

	async fn validation_code_hash(
		&self,
		at: PHash,
		para_id: ParaId,
		_assumption: OccupiedCoreAssumption,
	) -> RelayChainResult<Option<ValidationCodeHash>> {
		let block = self.block(at)?;
		if para_id != self.0.para_id {
			return Ok(None);
		}
		let included = header_of(&block.para.included).map_err(|error| {
			RelayChainError::GenericError(format!("relay block {at:?}: {error}"))
		})?;
		let code = self.0.parachain.code_at(included.hash())?;
		Ok(Some(ValidationCode(code).hash()))
	}

	async fn retrieve_dmq_contents(
		&self,
		_para_id: ParaId,
		at: PHash,
	) -> RelayChainResult<Vec<InboundDownwardMessage>> {
		Ok(self.block(at)?.para.downward.messages.clone())
	}

	async fn retrieve_all_inbound_hrmp_channel_contents(
		&self,
		_para_id: ParaId,
		at: PHash,
	) -> RelayChainResult<BTreeMap<ParaId, Vec<InboundHrmpMessage>>> {
		// There are no other parachains.
		self.block(at).map(|_| BTreeMap::new())
	}

	async fn session_index_for_child(&self, at: PHash) -> RelayChainResult<SessionIndex> {
		Ok(self.0.rules.session_for_child(self.block(at)?.header.number))
	}

	async fn claim_queue(
		&self,
		at: PHash,
	) -> RelayChainResult<BTreeMap<CoreIndex, VecDeque<ParaId>>> {
		// All scheduled cores belong to the parachain.
		let scheduler = self.configuration(at)?.scheduler_params;
		let claims = VecDeque::from(vec![self.0.para_id; scheduler.lookahead as usize]);
		Ok((0..scheduler.num_cores).map(|core| (CoreIndex(core), claims.clone())).collect())
	}

	async fn scheduling_lookahead(&self, at: PHash) -> RelayChainResult<u32> {
		Ok(self.configuration(at)?.scheduler_params.lookahead)
	}

	async fn node_features(&self, at: PHash) -> RelayChainResult<NodeFeatures> {
		Ok(self.configuration(at)?.node_features)
	}

	async fn max_relay_parent_session_age(&self, at: PHash) -> RelayChainResult<u32> {
		Ok(self.configuration(at)?.max_relay_parent_session_age)
	}

	async fn validators(&self, _at: PHash) -> RelayChainResult<Vec<ValidatorId>> {
		not_simulated("validators")
	}

	async fn call_runtime_api(
		&self,
		_method: &'static str,
		_at: PHash,
		_payload: &[u8],
	) -> RelayChainResult<Vec<u8>> {
		not_simulated("call_runtime_api")
	}

	async fn candidate_pending_availability(
		&self,
		_at: PHash,
		_para_id: ParaId,
	) -> RelayChainResult<Option<CommittedCandidateReceipt>> {
		not_simulated("candidate_pending_availability")
	}

	async fn candidates_pending_availability(
		&self,
		_at: PHash,
		_para_id: ParaId,
	) -> RelayChainResult<Vec<CommittedCandidateReceipt>> {
		not_simulated("candidates_pending_availability")
	}

	async fn version(&self, _at: PHash) -> RelayChainResult<RuntimeVersion> {
		not_simulated("version")
	}

	async fn availability_cores(
		&self,
		_at: PHash,
	) -> RelayChainResult<Vec<CoreState<PHash, BlockNumber>>> {
		not_simulated("availability_cores")
	}

	async fn candidate_events(&self, _at: PHash) -> RelayChainResult<Vec<CandidateEvent>> {
		not_simulated("candidate_events")
	}

	async fn ancestor_relay_parent_info(
		&self,
		_at: PHash,
		_session: SessionIndex,
		_relay_parent: PHash,
	) -> RelayChainResult<Option<RelayParentInfo<PHash, BlockNumber>>> {
		not_simulated("ancestor_relay_parent_info")
	}
}
