// SPDX-License-Identifier: GPL-3.0-only

//! Builds blocks on the simulated relay chain, one bundle per core and relay slot.
//!
//! What happens in a relay slot is what the slot-based collator of `cumulus-client-consensus-aura`
//! does (`collators/slot_based/block_builder_task.rs`), in the same order and with the same questions
//! to the runtime. It is not that collator itself, because that one lives by the clock: a relay slot
//! could not be made shorter than its 6 s on chain, and no run could be repeated.

use super::{
	parent,
	picture::{Blocks, Name, Names},
	pipeline::Candidate,
	relay::{head_data, RelayParent, SimulatedRelay},
};
use crate::service::{Block, ParachainBackend, ParachainBlockImport, ParachainClient};
use codec::DecodeAll;
use conveyor_primitives::{
	apis::VelocityApi,
	plan::{plan, Core, PlannedBlock},
	Admission, Refusal,
};
use conveyor_runtime::opaque::{Hash, Header};
use cumulus_client_consensus_aura::collator::SlotClaim;
use cumulus_primitives_aura::AuraUnincludedSegmentApi;
use cumulus_primitives_core::{
	relay_chain::HeadData, BlockBundleInfo, ClaimQueueOffset, CollectCollationInfo, CoreInfo,
	CoreSelector, CumulusDigestItem, RelayParentOffsetApi, TargetBlockRate,
};
use cumulus_primitives_parachain_inherent::ParachainInherentData;
use sc_client_api::Backend;
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sc_consensus_aura::standalone;
use sp_api::{ApiExt, ApiRef, ProofRecorder, ProvideRuntimeApi};
use sp_blockchain::{Backend as _, HeaderBackend};
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
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Duration of a relay slot on chain, in milliseconds.
pub(crate) const RELAY_SLOT_ON_CHAIN_MS: u64 = 6_000;

/// The part of the largest PoV that a block may fill, as the slot-based collator has it.
const POV_PERCENTAGE: usize = 85;

/// Why a relay slot could not be used for a reason that does not end by itself.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a collator has made of a relay slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotUse {
	/// The blocks that were built, by candidate. Those of a bundle that was given up come last.
	pub(crate) collated: Vec<Blocks>,
	/// Why there are not more.
	pub(crate) end: Option<NoBlock>,
}

impl From<NoBlock> for SlotUse {
	fn from(reason: NoBlock) -> Self {
		Self { end: Some(reason), ..Self::default() }
	}
}

/// Why no block was built, for a reason that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoBlock {
	/// No block was admitted.
	Refused(Refusal),
	/// No block was admitted in the middle of a bundle: what was built of it is not proposed.
	GivenUp(Refusal),
	/// The relay chain is still too short for the relay parent offset.
	RelayChainTooShort,
	/// The para slot belongs to a collator whose key this node has not.
	NotOurSlot(Slot),
	/// The newest block was built on this relay parent already.
	RelayParentUsed,
	/// The relay chain does not schedule its cores as far ahead as the collator looks.
	NoCores {
		/// How far the collator looks: 0 is the relay block after the relay parent.
		ahead: u32,
		/// For how many relay blocks the relay chain schedules its cores.
		lookahead: u32,
	},
}

impl fmt::Display for NoBlock {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Refused(refusal) => write!(f, "{refusal}"),
			Self::GivenUp(refusal) => write!(f, "the bundle is given up: {refusal}"),
			Self::RelayChainTooShort => {
				write!(f, "the relay chain is shorter than the relay parent offset")
			},
			Self::NotOurSlot(slot) => {
				write!(f, "this node has no key for the collator of para slot {}", **slot)
			},
			Self::RelayParentUsed => {
				write!(f, "the newest block was built on this relay parent already")
			},
			Self::NoCores { ahead, lookahead } => write!(
				f,
				"no cores are scheduled: the collator looks {ahead} relay blocks ahead, and with a \
				 lookahead of {lookahead} the relay chain schedules {} at most. Say --lookahead {} or \
				 more",
				lookahead.saturating_sub(1),
				ahead + 1,
			),
		}
	}
}

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
	/// What built blocks are called.
	pub(crate) names: Names,
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
struct Bundle {
	headers: Vec<Header>,
	blocks: Option<Blocks>,
	/// Why it was given up, if it was.
	given_up: Option<Refusal>,
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
	pub(crate) async fn use_slot(&mut self, relay: &mut SimulatedRelay) -> Result<SlotUse, Error> {
		let start = Instant::now();
		let mut offset = self.relay_parent_offset(self.client.info().best_hash);
		let Some(mut relay_parent) = relay.relay_parent(offset) else {
			return Ok(NoBlock::RelayChainTooShort.into());
		};
		let included = header_of(&relay_parent.block.para.included)?;
		let newest = header_of(relay_parent.block.para.newest_head())?;
		let window = relay.window(relay_parent.block.header.number);
		let parent = parent::to_build_on(&*self.backend, &included, newest, &window)?;
		let parent_hash = parent.hash();

		// The best block may be one that was given up or lost, of another runtime.
		let offset_of_parent = self.relay_parent_offset(parent_hash);
		if offset_of_parent != offset {
			offset = offset_of_parent;
			match relay.relay_parent(offset) {
				Some(other) => relay_parent = other,
				None => return Ok(NoBlock::RelayChainTooShort.into()),
			}
		}
		if built_on(&parent, &relay_parent) {
			return Ok(NoBlock::RelayParentUsed.into());
		}

		let api = self.api();
		let slot_duration = api.slot_duration(parent_hash)?;
		let authorities = api.authorities(parent_hash)?;
		let (slot, timestamp) = para_slot(relay_parent.block.slot, slot_duration)?;
		let ahead = offset + u32::from(api.max_claim_queue_offset(parent_hash)?);
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

		let mut used = SlotUse::default();
		let mut head = parent;
		for core in cores {
			let Bundle { headers, blocks, given_up } =
				self.build_bundle(&head, &core, &context).await?;
			used.collated.extend(blocks);
			if let Some(refusal) = given_up {
				used.end = Some(match headers.is_empty() {
					true => NoBlock::Refused(refusal),
					false => NoBlock::GivenUp(refusal),
				});
				break;
			}
			// Nothing is built for a core whose only block is skipped.
			let (Some(last), Some(blocks)) = (headers.last().cloned(), blocks) else { break };
			let new_code = headers.iter().try_fold(false, |found, header| {
				let info =
					self.client.runtime_api().collect_collation_info(header.hash(), header)?;
				Ok::<_, Error>(found || info.new_validation_code.is_some())
			})?;
			relay.propose(Candidate {
				parent_head: head_data(&head),
				head: head_data(&last),
				relay_parent: context.relay_parent.block.id(),
				core: core.selector,
				new_code,
				blocks,
			});
			head = last;
		}
		Ok(used)
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
		let mut bundle = Bundle { headers: Vec::new(), blocks: None, given_up: None };
		for planned in &core.blocks {
			let head = bundle.headers.last().unwrap_or(parent).clone();
			let relay_slot = context.relay_parent.block.slot;
			let needed = if planned.index == 0 { core.blocks.len() as u32 } else { 1 };
			if let Err(refusal) = self.admission(&head, context.included, relay_slot, needed)? {
				// A bundle is built entirely or not at all.
				bundle.given_up = Some(refusal);
				break;
			}
			if planned.skipped {
				break;
			}
			// Blocks come at a steady pace, the first at once.
			tokio::time::sleep_until(context.start + planned.at).await;
			let head = self.build(&head, parent, core.selector, planned, context).await?;
			let name = self.names.give(head.number, self.client.info().finalized_number);
			bundle.blocks = Some(extended(bundle.blocks, name));
			let ends_early = ends_bundle_early(&head);
			bundle.headers.push(head);
			if ends_early {
				break;
			}
		}
		Ok(bundle)
	}

	/// The runtime's verdict on `needed` more blocks. As the slot-based collator does, building on the
	/// included block is not asked for: the segment is empty then.
	///
	/// The API assumes that there are as many cores as at the parent's relay slot. If there are fewer,
	/// the block itself refuses to begin a longer bundle; the collator logs an error and waits for the
	/// next relay slot. The same happens here without the attempt.
	fn admission(
		&self,
		parent: &Header,
		included: Hash,
		relay_slot: Slot,
		needed: u32,
	) -> Result<Result<(), Refusal>, Error> {
		let (api, hash) = (self.client.runtime_api(), parent.hash());
		if hash == included {
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

	/// Build, seal and import one block of a bundle that starts after `bundle_parent`.
	async fn build(
		&mut self,
		parent: &Header,
		bundle_parent: &Header,
		selector: u8,
		planned: &PlannedBlock,
		context: &SlotContext,
	) -> Result<Header, Error> {
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
				max_duration: planned.time,
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
		// Blocks that were given up or lost may be as many, or more. Whose transactions return to the
		// pool when this one becomes the best.
		block.fork_choice = Some(ForkChoiceStrategy::Custom(true));
		let header = block.post_header();
		self.block_import.import_block(block).await?;
		Ok(header)
	}
}

impl parent::Blocks for ParachainBackend {
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

/// `blocks` and one more.
fn extended(blocks: Option<Blocks>, last: Name) -> Blocks {
	Blocks { first: blocks.map_or(last, |blocks| blocks.first), last }
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
	fn a_reason_names_the_remedy() {
		let text = NoBlock::NoCores { ahead: 2, lookahead: 2 }.to_string();
		assert_eq!(
			text,
			"no cores are scheduled: the collator looks 2 relay blocks ahead, and with a lookahead of \
			 2 the relay chain schedules 1 at most. Say --lookahead 3 or more",
		);
		let refusal = Refusal::SegmentFull { length: 4, capacity: 4 };
		assert_eq!(NoBlock::Refused(refusal).to_string(), refusal.to_string());
		let text = NoBlock::GivenUp(refusal).to_string();
		assert!(
			text.starts_with("the bundle is given up: the unincluded segment is full"),
			"{text}"
		);
	}

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
