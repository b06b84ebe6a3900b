// SPDX-License-Identifier: GPL-3.0-only

//! Builds blocks on the simulated relay chain, one bundle per core and relay slot.
//!
//! What happens in a relay slot is what the slot-based collator of `cumulus-client-consensus-aura`
//! does (`collators/slot_based/block_builder_task.rs`), in the same order and with the same questions
//! to the runtime. It is not that collator itself, because that one lives by the clock: a relay slot
//! could not be made shorter than its 6 s on chain, and no run could be repeated.

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

/// Builds blocks with everything it takes.
pub(crate) struct Author<PF> {
	/// The parachain.
	pub(crate) client: Arc<ParachainClient>,
	/// Its database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// Where built blocks go.
	pub(crate) block_import: ParachainBlockImport,
	/// Makes blocks out of the transaction pool.
	pub(crate) proposer_factory: PF,
	/// Where the collators' keys are.
	pub(crate) keystore: KeystorePtr,
	/// How long a relay slot takes on the clock.
	pub(crate) relay_slot: Duration,
	/// Labels of built blocks.
	pub(crate) labels: Labels,
	/// Validates candidates; `None` if every candidate counts as valid.
	pub(crate) validator: Option<Arc<Validator>>,
}

/// What all blocks of a relay slot have in common.
struct SlotContext {
	relay_parent: RelayParent,
	claim: SlotClaim<AuthorityId>,
	/// The included block, as of the relay parent.
	included: Hash,
	claim_queue_offset: u8,
	number_of_cores: u16,
	/// When the relay slot has begun.
	start: Instant,
}

/// A core's bundle as far as it was built.
#[derive(Default)]
struct Bundle {
	blocks: Vec<Block>,
	/// The state that each block has read, without what the blocks before it have recorded.
	proofs: Vec<StorageProof>,
	/// Nodes of the state that are in the proof, or that the bundle has written: the next block does
	/// not record them again.
	recorded: ProofRecorderIgnoredNodes<Block>,
	label: Option<BundleLabel>,
	/// Why it was abandoned, if it was.
	abandoned: Option<Refusal>,
}

impl<PF> Author<PF>
where
	PF: Environment<Block> + Send + Sync + 'static,
	PF::Error: Send + Sync + 'static,
	PF::Proposer: Send,
	<PF::Proposer as Proposer<Block>>::Error: Send + Sync + 'static,
{
	/// Use the relay slot of the relay chain's tip, which has just begun: build a bundle for each core,
	/// if it is admitted, and propose it.
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

		// The best block may be one that was given up or lost, of another runtime.
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

		// By the clock's slot, as the collator does, not by the relay parent's.
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

	/// Makes a candidate of `bundle`, built on `parent`, and validates it on a blocking thread.
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

	/// The runtime as blocks are executed with it, also if it is only pending.
	fn api(&self) -> ApiRef<'_, <ParachainClient as ProvideRuntimeApi<Block>>::Api> {
		let mut api = self.client.runtime_api();
		api.set_call_context(CallContext::Onchain { import: false });
		api
	}

	/// How far behind the relay chain's tip the relay parent of a block on `parent` is.
	fn relay_parent_offset(&self, parent: Hash) -> u32 {
		// Runtimes from before the API build on the tip.
		self.api().relay_parent_offset(parent).unwrap_or_default()
	}

	/// Build the bundle that is planned for `core`, on top of `parent`.
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
				// A bundle is built entirely or not at all.
				bundle.abandoned = Some(refusal);
				break;
			}
			if planned.skipped {
				break;
			}
			// Blocks come at a steady pace, the first at once.
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
	/// The API assumes that there are as many cores as at the parent's relay slot. If there are fewer,
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
		// Blocks that were given up or lost may be as many, or more. Whose transactions return to the
		// pool when this one becomes the best.
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
