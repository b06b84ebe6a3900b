// SPDX-License-Identifier: GPL-3.0-only

//! Builds blocks on the simulated relay chain, one bundle per relay slot.
//!
//! What happens in a relay slot is what the slot-based collator of `cumulus-client-consensus-aura`
//! does (`collators/slot_based/block_builder_task.rs`) on one core, in the same order and with the
//! same questions to the runtime. It is not that collator itself, because that one lives by the
//! clock: a relay slot could not be made shorter than its 6 s on chain, and no run could be repeated.

use super::relay::{head_data, Candidate, RelayParent, SimulatedRelay};
use crate::service::{Block, ParachainBlockImport, ParachainClient};
use codec::DecodeAll;
use conveyor_primitives::{apis::VelocityApi, Refusal};
use conveyor_runtime::opaque::Header;
use cumulus_client_consensus_aura::collator::SlotClaim;
use cumulus_primitives_aura::AuraUnincludedSegmentApi;
use cumulus_primitives_core::{
	relay_chain::HeadData, BlockBundleInfo, ClaimQueueOffset, CollectCollationInfo, CoreInfo,
	CoreSelector, CumulusDigestItem, RelayParentOffsetApi, TargetBlockRate,
};
use cumulus_primitives_parachain_inherent::ParachainInherentData;
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sc_consensus_aura::standalone;
use sp_api::{ApiExt, ProofRecorder, ProvideRuntimeApi};
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer};
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair},
	AuraApi, Slot, SlotDuration,
};
use sp_core::traits::CallContext;
use sp_inherents::InherentDataProvider;
use sp_keystore::KeystorePtr;
use sp_runtime::{
	traits::{Block as _, Header as _},
	Digest, DigestItem,
};
use sp_timestamp::Timestamp;
use sp_trie::proof_size_extension::ProofSizeExt;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Duration of a relay slot on chain, in milliseconds.
pub(crate) const RELAY_SLOT_ON_CHAIN_MS: u64 = 6_000;

/// The part of the largest PoV that a block may fill, as the slot-based collator has it.
const POV_PERCENTAGE: usize = 85;

/// Why a relay slot could not be used for a reason that does not end by itself.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What became of a relay slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlotOutcome {
	/// A bundle was built and proposed: its blocks, oldest first.
	Built(Vec<Header>),
	/// No block was admitted.
	Refused(Refusal),
	/// The relay chain is still too short for the relay parent offset.
	RelayChainTooShort,
	/// The para slot belongs to a collator whose key this node has not.
	NotOurSlot(Slot),
	/// The newest block was built on this relay parent already.
	RelayParentUsed,
}

/// Builds blocks with everything it takes.
pub(crate) struct Author<PF> {
	/// The parachain.
	pub(crate) client: Arc<ParachainClient>,
	/// Where built blocks go.
	pub(crate) block_import: ParachainBlockImport,
	/// Makes blocks out of the transaction pool.
	pub(crate) proposer_factory: PF,
	/// Where the collator's key is.
	pub(crate) keystore: KeystorePtr,
	/// How long a relay slot takes on the clock.
	pub(crate) relay_slot: Duration,
}

impl<PF> Author<PF>
where
	PF: Environment<Block> + Send + Sync + 'static,
	PF::Error: Send + Sync + 'static,
	PF::Proposer: Send,
	<PF::Proposer as Proposer<Block>>::Error: Send + Sync + 'static,
{
	/// Use the relay slot of the relay chain's tip, which has just begun: build a bundle, if one is
	/// admitted, and propose it.
	pub(crate) async fn use_slot(
		&mut self,
		relay: &mut SimulatedRelay,
	) -> Result<SlotOutcome, Error> {
		let slot_start = Instant::now();
		// Not the best block: that may be part of a bundle that was given up.
		let parent = header_of(relay.newest_head())?;
		let parent_hash = parent.hash();
		let mut api = self.client.runtime_api();
		// The runtime that the block will be executed with, also if it is only pending.
		api.set_call_context(CallContext::Onchain { import: false });

		let offset = api.relay_parent_offset(parent_hash).unwrap_or_default();
		let Some(relay_parent) = relay.relay_parent(offset) else {
			return Ok(SlotOutcome::RelayChainTooShort);
		};
		if built_on(&parent, &relay_parent) {
			return Ok(SlotOutcome::RelayParentUsed);
		}

		let slot_duration = api.slot_duration(parent_hash)?;
		let authorities = api.authorities(parent_hash)?;
		let (slot, timestamp) = para_slot(relay_parent.block.slot, slot_duration)?;
		let Some(author) =
			standalone::claim_slot::<AuthorityPair>(slot, &authorities, &self.keystore).await
		else {
			return Ok(SlotOutcome::NotOurSlot(slot));
		};
		let claim = SlotClaim::unchecked::<AuthorityPair>(author, slot, timestamp);

		let included = header_of(&relay_parent.block.included)?.hash();
		let blocks = api.target_block_rate(parent_hash)?.max(1);
		let claim_queue_offset = offset as u8 + api.max_claim_queue_offset(parent_hash)?;
		drop(api);

		let time = self.relay_slot / blocks;
		let mut bundle = Vec::new();
		let mut head = parent.clone();
		for index in 0..blocks {
			if let Err(refusal) = self.admission(&head, included, relay_parent.block.slot)? {
				// A bundle is built entirely or not at all.
				return Ok(SlotOutcome::Refused(refusal));
			}
			let digest = vec![
				CumulusDigestItem::CoreInfo(CoreInfo {
					selector: CoreSelector(0),
					claim_queue_offset: ClaimQueueOffset(claim_queue_offset),
					number_of_cores: 1.into(),
				})
				.to_digest_item(),
				CumulusDigestItem::BlockBundleInfo(BlockBundleInfo {
					index: index as u8,
					is_last: index + 1 == blocks,
				})
				.to_digest_item(),
				claim.pre_digest().clone(),
			];
			// Blocks come at a steady pace, the first at once.
			tokio::time::sleep_until(slot_start + time * index).await;
			head = self.build(&head, &parent, &relay_parent, &claim, digest, time).await?;
			bundle.push(head.clone());
			if ends_bundle_early(&head) {
				break;
			}
		}

		let new_code = bundle.iter().try_fold(false, |found, header| {
			let info = self.client.runtime_api().collect_collation_info(header.hash(), header)?;
			Ok::<_, Error>(found || info.new_validation_code.is_some())
		})?;
		relay.propose(Candidate {
			parent_head: head_data(&parent),
			head: head_data(&head),
			relay_parent: relay_parent.block.header.number,
			new_code,
		})?;
		Ok(SlotOutcome::Built(bundle))
	}

	/// The runtime's verdict on one more block. As the slot-based collator does, building on the
	/// included block is not asked for: the segment is empty then.
	fn admission(
		&self,
		parent: &Header,
		included: <Block as sp_runtime::traits::Block>::Hash,
		relay_slot: Slot,
	) -> Result<Result<(), Refusal>, Error> {
		let (api, hash) = (self.client.runtime_api(), parent.hash());
		if hash == included || api.can_build_upon(hash, included, relay_slot)? {
			return Ok(Ok(()));
		}
		match api.admission(hash, included, relay_slot)? {
			Err(refusal) => Ok(Err(refusal)),
			Ok(admission) => Err(format!(
				"the runtime contradicts itself at block {hash:?}: `can_build_upon` says no, \
				 `admission` says {admission:?}",
			)
			.into()),
		}
	}

	/// Build, seal and import one block of a bundle that starts after `bundle_parent`.
	async fn build(
		&mut self,
		parent: &Header,
		bundle_parent: &Header,
		relay_parent: &RelayParent,
		claim: &SlotClaim<AuthorityId>,
		digest: Vec<DigestItem>,
		time: Duration,
	) -> Result<Header, Error> {
		let validation_data = relay_parent.validation_data(head_data(bundle_parent));
		let max_block_size = validation_data.max_pov_size as usize * POV_PERCENTAGE / 100;
		let mut inherents = sp_timestamp::InherentDataProvider::new(claim.timestamp())
			.create_inherent_data()
			.await?;
		ParachainInherentData {
			validation_data,
			relay_chain_state: relay_parent.block.state.clone(),
			downward_messages: Vec::new(),
			horizontal_messages: Default::default(),
			relay_parent_descendants: relay_parent.descendants.clone(),
			collator_peer_id: None,
		}
		.provide_inherent_data(&mut inherents)
		.await?;

		let recorder = ProofRecorder::<Block>::default();
		let mut extensions = sp_externalities::Extensions::default();
		extensions.register(ProofSizeExt::new(recorder.clone()));

		let proposal = self
			.proposer_factory
			.init(parent)
			.await?
			.propose(ProposeArgs {
				inherent_data: inherents,
				inherent_digests: Digest { logs: digest },
				max_duration: time,
				block_size_limit: Some(max_block_size),
				storage_proof_recorder: Some(recorder),
				extra_extensions: extensions,
			})
			.await?;

		let (header, body) = proposal.block.deconstruct();
		let seal = standalone::seal::<_, AuthorityPair>(
			&header.hash(),
			claim.author_pub(),
			&self.keystore,
		)?;
		let mut block = BlockImportParams::new(BlockOrigin::Own, header);
		block.post_digests.push(seal);
		block.body = Some(body);
		block.state_action =
			StateAction::ApplyChanges(StorageChanges::Changes(proposal.storage_changes));
		// Blocks of a bundle that was given up may be as many, or more.
		block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		let header = block.post_header();
		self.block_import.import_block(block).await?;
		Ok(header)
	}
}

/// Whether `header` was built on `relay_parent`.
fn built_on(header: &Header, relay_parent: &RelayParent) -> bool {
	cumulus_primitives_core::rpsr_digest::extract_relay_parent_storage_root(header.digest())
		.is_some_and(|(root, number)| {
			root == relay_parent.block.header.state_root
				&& number == relay_parent.block.header.number
		})
}

/// Whether no further block may follow in the bundle, although more were planned.
fn ends_bundle_early(header: &Header) -> bool {
	CumulusDigestItem::contains_use_full_core(header.digest())
		|| header
			.digest()
			.logs
			.iter()
			.any(|item| matches!(item, DigestItem::RuntimeEnvironmentUpdated))
}

/// The para slot in which `relay_slot` begins, and the time at which that para slot begins.
fn para_slot(relay_slot: Slot, duration: SlotDuration) -> Result<(Slot, Timestamp), Error> {
	let relay_time = relay_slot
		.timestamp(SlotDuration::from_millis(RELAY_SLOT_ON_CHAIN_MS))
		.ok_or("the relay slot is beyond the end of time")?;
	if duration.as_millis() == 0 {
		return Err("the runtime's slot duration is 0 ms; set it to a multiple of 6,000".into());
	}
	let slot = Slot::from_timestamp(relay_time, duration);
	let timestamp = slot.timestamp(duration).ok_or("the para slot is beyond the end of time")?;
	Ok((slot, timestamp))
}

/// The header that the relay chain holds as the parachain's head.
pub(crate) fn header_of(head: &HeadData) -> Result<Header, Error> {
	Header::decode_all(&mut &head.0[..])
		.map_err(|error| format!("the included head is not a header: {error}").into())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn para_slots_follow_relay_slots() {
		let at = |relay_slot: u64, ms| {
			let (slot, time) = para_slot(relay_slot.into(), SlotDuration::from_millis(ms)).unwrap();
			(*slot, time.as_millis())
		};
		assert_eq!(at(10, 6_000), (10, 60_000));
		assert_eq!(at(10, 2_000), (30, 60_000));
		assert_eq!(at(11, 24_000), (2, 48_000));
		assert!(para_slot(10.into(), SlotDuration::from_millis(0)).is_err());
		assert!(para_slot(u64::MAX.into(), SlotDuration::from_millis(6_000)).is_err());
	}
}
