// SPDX-License-Identifier: GPL-3.0-only

//! Builds blocks on the simulated relay chain, one bundle per core and relay slot.
//!
//! It repeats the steps of the slot-based collator of `cumulus-client-consensus-aura`
//! (`collators/slot_based/block_builder_task.rs`), with the same calls of the runtime in the same order. It
//! is not that collator, because that one uses the system clock: a relay slot could not be shorter than
//! 6 s, and no run could be repeated.

use super::{
	collator_rules::{
		self, asks_for_admission, built_on, claim_queue_offset, ends_bundle_early, max_block_size,
		para_slot, to_build_on,
	},
	labels::{BlockLabel, BundleLabel, Labels},
	pipeline::Candidate,
	relay::{head_data, header_of, Error, RelayParent, SimulatedRelay},
	slot_outcome::{NoBlock, SlotOutcome},
	validation::Validator,
};
use crate::service::{Block, ParachainBackend, ParachainBlockImport, ParachainClient};
use conveyor_primitives::{
	apis::VelocityApi,
	plan::{plan, Core, PlannedBlock},
	Admission, Refusal,
};
use conveyor_runtime::opaque::{Hash, Header};
use cumulus_client_collator::service::{CollatorService, ServiceInterface};
use cumulus_client_consensus_aura::collator::SlotClaim;
use cumulus_client_proof_size_recording::prepare_proof_size_recording_aux_data;
use cumulus_primitives_aura::AuraUnincludedSegmentApi;
use cumulus_primitives_core::{
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector, CumulusDigestItem,
	RelayParentOffsetApi, TargetBlockRate,
};
use cumulus_primitives_parachain_inherent::ParachainInherentData;
use sc_client_api::Backend;
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sc_consensus_aura::standalone;
use sp_api::{
	ApiExt, ApiRef, ProofRecorder, ProofRecorderIgnoredNodes, ProvideRuntimeApi, StorageProof,
};
use sp_blockchain::{Backend as _, HeaderBackend};
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer};
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair},
	AuraApi, Slot,
};
use sp_core::traits::CallContext;
use sp_inherents::InherentDataProvider;
use sp_keystore::KeystorePtr;
use sp_runtime::{
	traits::{Block as _, HashingFor},
	Digest,
};
use sp_trie::proof_size_extension::{ProofSizeExt, RecordingProofSizeProvider};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Builds blocks.
pub(crate) struct Author<PF> {
	/// The parachain.
	pub(crate) client: Arc<ParachainClient>,
	/// Its database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// Imports built blocks.
	pub(crate) block_import: ParachainBlockImport,
	/// Creates blocks from the transaction pool.
	pub(crate) proposer_factory: PF,
	/// Keystore with the collators' keys.
	pub(crate) keystore: KeystorePtr,
	/// Duration of a relay slot in real time.
	pub(crate) relay_slot: Duration,
	/// Labels of built blocks.
	pub(crate) labels: Labels,
	/// Validates candidates; `None` if every candidate counts as valid.
	pub(crate) validator: Option<Arc<Validator>>,
}

/// Data of a relay slot that all its blocks share.
struct SlotContext {
	relay_parent: RelayParent,
	claim: SlotClaim<AuthorityId>,
	/// The included block, as of the relay parent.
	included: Hash,
	claim_queue_offset: u8,
	number_of_cores: u16,
	/// Start of the relay slot.
	start: Instant,
}

/// Blocks of a core's bundle that are built so far.
#[derive(Default)]
struct Bundle {
	blocks: Vec<Block>,
	/// Proof of each block, without nodes that earlier blocks have recorded.
	proofs: Vec<StorageProof>,
	/// Nodes that are in the proofs or that the bundle has written. The next block does not record them
	/// again.
	recorded: ProofRecorderIgnoredNodes<Block>,
	label: Option<BundleLabel>,
	/// Reason why the bundle was abandoned, if it was.
	abandoned: Option<Refusal>,
}

impl<PF> Author<PF>
where
	PF: Environment<Block> + Send + Sync + 'static,
	PF::Error: Send + Sync + 'static,
	PF::Proposer: Send,
	<PF::Proposer as Proposer<Block>>::Error: Send + Sync + 'static,
{
	/// Builds and proposes a bundle for each core, if it is admitted, at the relay slot of the relay
	/// chain's tip.
	pub(crate) async fn use_slot(
		&mut self,
		relay: &mut SimulatedRelay,
	) -> Result<SlotOutcome, Error> {
		let start = Instant::now();
		let mut offset = self.relay_parent_offset(self.client.info().best_hash);
		let mut relay_parent = match relay.relay_parent(offset) {
			Ok(relay_parent) => relay_parent,
			Err(reason) => return Ok(NoBlock::from(reason).into()),
		};
		let included = header_of(&relay_parent.block.para.included)?;
		let newest = header_of(relay_parent.block.para.newest_head())?;
		let window = relay.window(relay_parent.block.header.number);
		let parent = to_build_on(&*self.backend, &included, newest, &window)?;
		let parent_hash = parent.hash();

		// The best block may belong to a lost fork with another runtime.
		let offset_of_parent = self.relay_parent_offset(parent_hash);
		if offset_of_parent != offset {
			offset = offset_of_parent;
			match relay.relay_parent(offset) {
				Ok(other) => relay_parent = other,
				Err(reason) => return Ok(NoBlock::from(reason).into()),
			}
		}
		if built_on(&parent, &relay_parent.block.header) {
			return Ok(NoBlock::RelayParentUsed.into());
		}

		let api = self.api();
		let slot_duration = api.slot_duration(parent_hash)?;
		let authorities = api.authorities(parent_hash)?;
		let (slot, timestamp) = para_slot(relay_parent.block.slot, slot_duration)?;
		let ahead = claim_queue_offset(offset, api.max_claim_queue_offset(parent_hash)?);
		let rate = api.target_block_rate(parent_hash)?;
		drop(api);
		let Some(author) =
			standalone::claim_slot::<AuthorityPair>(slot, &authorities, &self.keystore).await
		else {
			return Ok(NoBlock::NotOurSlot(slot).into());
		};
		let lookahead = relay.rules().lookahead;
		if ahead >= lookahead {
			return Ok(NoBlock::NoCores { ahead, lookahead }.into());
		}

		// The slot of the tip counts, as in the collator, not the slot of the relay parent.
		let relay_slot = relay.tip().slot;
		let ends_para_slot = para_slot(relay_slot, slot_duration)?.0
			!= para_slot(relay_slot + 1u64, slot_duration)?.0;
		let cores = plan(rate, relay.cores().into(), self.relay_slot, ends_para_slot);
		let context = SlotContext {
			included: header_of(&relay_parent.block.para.included)?.hash(),
			relay_parent,
			claim: SlotClaim::unchecked::<AuthorityPair>(author, slot, timestamp),
			claim_queue_offset: ahead as u8,
			number_of_cores: cores.len() as u16,
			start,
		};

		let mut outcome = SlotOutcome::default();
		let mut head = parent;
		for core in cores {
			let bundle = self.build_bundle(&head, &core, &context).await?;
			outcome.collated.extend(bundle.label);
			if let Some(refusal) = bundle.abandoned {
				outcome.end = Some(match bundle.blocks.is_empty() {
					true => NoBlock::Refused(refusal),
					false => NoBlock::BundleAbandoned(refusal),
				});
				break;
			}
			// No block is built for a core whose only block is skipped.
			let (Some(last), Some(label)) = (bundle.blocks.last(), bundle.label) else { break };
			let last = last.header().clone();
			let candidate = self.candidate(&head, bundle, label, core.selector, &context).await?;
			relay.propose(candidate);
			head = last;
		}
		Ok(outcome)
	}

	/// Creates a candidate from `bundle` and validates it on a blocking thread.
	async fn candidate(
		&self,
		parent: &Header,
		bundle: Bundle,
		label: BundleLabel,
		core: u8,
		context: &SlotContext,
	) -> Result<Candidate, Error> {
		let relay_parent = &context.relay_parent;
		let validation_data = relay_parent.block.validation_data(head_data(parent));
		let (client, validator, parent_header) =
			(self.client.clone(), self.validator.clone(), parent.clone());
		let validation = tokio::task::spawn_blocking(move || {
			let collator = CollatorService::new(client.clone(), Arc::new(|_, _| ()), client);
			let proof = StorageProof::merge(bundle.proofs);
			let (collation, _) = collator
				.build_multi_block_collation(&parent_header, bundle.blocks, proof, None)
				.ok_or_else(|| format!("no collation can be made of {label}, see the log"))?;
			let verdict = validator.map_or(Ok(Ok(())), |validator| {
				validator.validate(&collation, parent_header.hash(), &validation_data)
			})?;
			Ok::<_, Error>((collation, verdict))
		});
		let (collation, verdict) = match validation.await {
			// The node shuts down and ends this task.
			Err(error) if error.is_cancelled() => futures::future::pending().await,
			validated => validated??,
		};
		Ok(Candidate {
			parent_head: head_data(parent),
			head: collation.head_data,
			relay_parent: relay_parent.block.id(),
			core,
			new_code: collation.new_validation_code.is_some(),
			processed_downward_messages: collation.processed_downward_messages,
			invalid: verdict.err(),
			blocks: label,
		})
	}

	/// Returns the runtime API with the code that executes blocks, including a pending upgrade.
	fn api(&self) -> ApiRef<'_, <ParachainClient as ProvideRuntimeApi<Block>>::Api> {
		let mut api = self.client.runtime_api();
		api.set_call_context(CallContext::Onchain { import: false });
		api
	}

	/// Returns the relay parent offset of a block on `parent`, in relay blocks.
	fn relay_parent_offset(&self, parent: Hash) -> u32 {
		// Runtimes without the API build on the tip.
		self.api().relay_parent_offset(parent).unwrap_or_default()
	}

	/// Builds the planned bundle of `core` on `parent`.
	async fn build_bundle(
		&mut self,
		parent: &Header,
		core: &Core,
		context: &SlotContext,
	) -> Result<Bundle, Error> {
		let mut bundle = Bundle::default();
		for planned in &core.blocks {
			let head = bundle.blocks.last().map_or(parent, |block| block.header()).clone();
			let relay_slot = context.relay_parent.block.slot;
			let needed = if planned.index == 0 { core.blocks.len() as u32 } else { 1 };
			if let Err(refusal) = self.admission(&head, context.included, relay_slot, needed)? {
				// Only complete bundles are proposed.
				bundle.abandoned = Some(refusal);
				break;
			}
			if planned.skipped {
				break;
			}
			// Blocks start at regular intervals, the first one at once.
			tokio::time::sleep_until(context.start + planned.at).await;
			self.build(&head, parent, core.selector, planned, context, &mut bundle).await?;
			let label = self.labels.next(head.number + 1, self.client.info().finalized_number);
			bundle.label = Some(extended(bundle.label, label));
			if bundle.blocks.last().is_some_and(|block| ends_bundle_early(block.header())) {
				break;
			}
		}
		Ok(bundle)
	}

	/// Returns the runtime's verdict on `needed` more blocks.
	///
	/// The API assumes as many cores as at the parent's relay slot. If there are fewer,
	/// upstream's collator tries to build, the block rejects itself, and the collator waits for the next
	/// relay slot. Here the same verdict comes without the attempt.
	fn admission(
		&self,
		parent: &Header,
		included: Hash,
		relay_slot: Slot,
		needed: u32,
	) -> Result<Result<(), Refusal>, Error> {
		let (api, hash) = (self.client.runtime_api(), parent.hash());
		if !asks_for_admission(hash, included) {
			return Ok(Ok(()));
		}
		let can_build = api.can_build_upon(hash, included, relay_slot)?;
		match api.admission(hash, included, relay_slot)? {
			Ok(Admission { room }) if can_build => Ok(match needed > room {
				true => Err(Refusal::BundleDoesNotFit { needed, room }),
				false => Ok(()),
			}),
			Err(refusal) if !can_build => Ok(Err(refusal)),
			verdict => Err(format!(
				"the runtime contradicts itself at block {hash:?}: `can_build_upon` returns \
				 {can_build}, `admission` returns {verdict:?}",
			)
			.into()),
		}
	}

	/// Builds, seals and imports one block of a bundle that starts after `bundle_parent`.
	///
	/// As in the collator, the import and `validate_block`, a block does not record again what the blocks
	/// before it in the bundle have recorded. The size of its proof, and with it the state root, depends
	/// on that.
	async fn build(
		&mut self,
		parent: &Header,
		bundle_parent: &Header,
		selector: u8,
		planned: &PlannedBlock,
		context: &SlotContext,
		bundle: &mut Bundle,
	) -> Result<(), Error> {
		let SlotContext { relay_parent, claim, claim_queue_offset, number_of_cores, .. } = context;
		let core = CoreInfo {
			selector: CoreSelector(selector),
			claim_queue_offset: ClaimQueueOffset(*claim_queue_offset),
			number_of_cores: (*number_of_cores).into(),
		};
		let place = BlockBundleInfo { index: planned.index, is_last: planned.is_last };
		let digest = vec![
			CumulusDigestItem::CoreInfo(core).to_digest_item(),
			CumulusDigestItem::BlockBundleInfo(place).to_digest_item(),
			claim.pre_digest().clone(),
		];
		let validation_data = relay_parent.block.validation_data(head_data(bundle_parent));
		let max_block_size = max_block_size(validation_data.max_pov_size);
		let mut inherents = sp_timestamp::InherentDataProvider::new(claim.timestamp())
			.create_inherent_data()
			.await?;
		ParachainInherentData {
			validation_data,
			relay_chain_state: relay_parent.block.state.clone(),
			downward_messages: relay_parent.block.para.downward.messages.clone(),
			horizontal_messages: Default::default(),
			relay_parent_descendants: relay_parent.descendants.clone(),
			collator_peer_id: None,
		}
		.provide_inherent_data(&mut inherents)
		.await?;

		let recorder = ProofRecorder::<Block>::with_ignored_nodes(bundle.recorded.clone());
		let proof_sizes = RecordingProofSizeProvider::new(recorder.clone());
		let mut extensions = sp_externalities::Extensions::default();
		extensions.register(ProofSizeExt::new(proof_sizes.clone()));

		let proposal = self
			.proposer_factory
			.init(parent)
			.await?
			.propose(ProposeArgs {
				inherent_data: inherents,
				inherent_digests: Digest { logs: digest },
				max_duration: planned.time,
				block_size_limit: Some(max_block_size),
				storage_proof_recorder: Some(recorder.clone()),
				extra_extensions: extensions,
			})
			.await?;

		let proof = recorder.drain_storage_proof();
		bundle.recorded.extend(ProofRecorderIgnoredNodes::<Block>::from_storage_proof::<
			HashingFor<Block>,
		>(&proof));
		bundle.recorded.extend(ProofRecorderIgnoredNodes::<Block>::from_memory_db(
			proposal.storage_changes.transaction.clone(),
		));

		let (header, body) = proposal.block.deconstruct();
		let seal = standalone::seal::<_, AuthorityPair>(
			&header.hash(),
			claim.author_pub(),
			&self.keystore,
		)?;
		let mut block = BlockImportParams::new(BlockOrigin::Own, header);
		block.post_digests.push(seal);
		block.body = Some(body.clone());
		block.state_action =
			StateAction::ApplyChanges(StorageChanges::Changes(proposal.storage_changes));
		// A fork of lost blocks may be longer. Their transactions return to the pool when this block becomes the best
		// one.
		block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		let header: Header = block.post_header();
		// Tracing executes the block again, with these sizes.
		let sizes =
			proof_sizes.recorded_estimations().into_iter().map(|size| size as u32).collect();
		let sizes = prepare_proof_size_recording_aux_data(header.hash(), sizes);
		block.auxiliary.extend(sizes.map(|(key, value)| (key, Some(value))));
		self.block_import.import_block(block).await?;
		bundle.blocks.push(Block::new(header, body));
		bundle.proofs.push(proof);
		Ok(())
	}
}

impl collator_rules::Blocks for ParachainBackend {
	type Error = Error;

	fn header(&self, hash: Hash) -> Result<Header, Error> {
		self.blockchain()
			.header(hash)?
			.ok_or_else(|| format!("the header of block {hash:?} is missing").into())
	}

	fn children(&self, hash: Hash) -> Result<Vec<Hash>, Error> {
		Ok(self.blockchain().children(hash)?)
	}
}

/// Returns the label of a bundle with one more block.
fn extended(bundle: Option<BundleLabel>, last: BlockLabel) -> BundleLabel {
	BundleLabel { first: bundle.map_or(last, |bundle| bundle.first), last }
}
