// SPDX-License-Identifier: GPL-3.0-only

//! Blocks built by the Wasm as a collator builds them, and candidates validated by the Wasm as a validator
//! validates them.

use crate::{
	inbound::Inbound,
	state::{Code, State},
};
use codec::{Decode, Encode};
use conveyor_runtime::opaque::{Block, Header};
use cumulus_primitives_core::{
	relay_chain::{HeadData, Slot as RelaySlot, MAX_POV_SIZE},
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector, CumulusDigestItem, ParaId,
	ParachainBlockData, PersistedValidationData,
};
use cumulus_primitives_parachain_inherent::{ParachainInherentData, INHERENT_IDENTIFIER};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use polkadot_parachain_primitives::primitives::{BlockData, ValidationParams, ValidationResult};
use sp_consensus_aura::{sr25519::AuthoritySignature, Slot, AURA_ENGINE_ID};
use sp_inherents::InherentData;
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::{
	traits::{BlakeTwo256, Block as _, Header as _},
	ApplyExtrinsicResult, Digest, DigestItem, OpaqueExtrinsic,
};
use sp_state_machine::BasicExternalities;
use sp_timestamp::Timestamp;
use sp_trie::StorageProof;

/// Duration of a slot of relay chain and parachain, in milliseconds.
const SLOT_MS: u64 = 6_000;

/// The relay parent.
#[derive(Clone, Copy)]
pub struct RelayContext {
	/// Its number.
	pub number: u32,
	/// Its slot.
	pub slot: u64,
}

impl RelayContext {
	/// The relay parent one block later.
	pub fn next(self) -> Self {
		Self { number: self.number + 1, slot: self.slot + 1 }
	}
}

/// Builds the blocks of one candidate.
pub struct Builder<'a> {
	state: &'a mut State,
	parent: Header,
	validation_data: PersistedValidationData,
	inherent: ParachainInherentData,
	slot: Slot,
	core: CoreInfo,
	blocks: Vec<Block>,
	proofs: Vec<StorageProof>,
}

impl<'a> Builder<'a> {
	/// Starts a candidate on `state`'s head.
	///
	/// The head is the included block, so the unincluded segment is empty.
	pub fn new(state: &'a mut State, relay: RelayContext) -> Self {
		let included = state.head().clone();
		Self::after(state, relay, &included)
	}

	/// Starts a candidate on `state`'s head. `included` is the included block; later blocks are unincluded.
	pub fn after(state: &'a mut State, relay: RelayContext, included: &Header) -> Self {
		Self::receiving(state, relay, included, &Inbound::default())
	}

	/// Same as [`Self::after`], with messages from the relay chain.
	pub fn receiving(
		state: &'a mut State,
		relay: RelayContext,
		included: &Header,
		inbound: &Inbound,
	) -> Self {
		state.begin_candidate();
		let parent = state.head().clone();
		let offset: u32 = state.call("RelayParentOffsetApi_relay_parent_offset", ());
		let mut relay_state = RelayStateSproofBuilder {
			para_id: ParaId::from(2_000),
			current_slot: RelaySlot::from(relay.slot),
			included_para_head: Some(HeadData(included.encode())),
			num_authorities: 2,
			..Default::default()
		};
		inbound.prove(&mut relay_state);
		let (relay_parent_storage_root, relay_chain_state, relay_parent_descendants) =
			relay_state.into_state_root_proof_and_descendants(offset.into());
		let validation_data = PersistedValidationData {
			parent_head: HeadData(parent.encode()),
			relay_parent_number: relay.number,
			relay_parent_storage_root,
			max_pov_size: MAX_POV_SIZE,
		};
		let mut inherent = ParachainInherentData {
			validation_data: validation_data.clone(),
			relay_chain_state,
			downward_messages: Vec::new(),
			horizontal_messages: Default::default(),
			relay_parent_descendants,
			collator_peer_id: None,
		};
		inbound.put(&mut inherent);
		let core = CoreInfo {
			selector: CoreSelector(0),
			claim_queue_offset: ClaimQueueOffset(0),
			number_of_cores: 1.into(),
		};
		let slot = relay.slot.into();
		let (blocks, proofs) = Default::default();
		Self { state, parent, validation_data, inherent, slot, core, blocks, proofs }
	}

	/// Sets the candidate's core among `number_of_cores`. Without this call the parachain has one core.
	pub fn on_core(mut self, selector: u8, number_of_cores: u16) -> Self {
		self.core.selector = CoreSelector(selector);
		self.core.number_of_cores = number_of_cores.into();
		self
	}

	/// Builds one block with `transactions`. `bundle` is its index in the bundle, and whether it is the
	/// last one.
	pub fn build(&mut self, transactions: &[OpaqueExtrinsic], bundle: Option<(u8, bool)>) {
		self.try_build(transactions, bundle).expect("the block can be built");
	}

	/// Same as [`Self::build`], but returns an error if the block cannot be built.
	pub fn try_build(
		&mut self,
		transactions: &[OpaqueExtrinsic],
		bundle: Option<(u8, bool)>,
	) -> Result<(), String> {
		let mut execution = self.state.begin_block();
		let parent = self.state.head();
		let header = Header::new(
			parent.number() + 1,
			Default::default(),
			Default::default(),
			parent.hash(),
			Digest { logs: self.pre_digest(bundle) },
		);
		self.state.execute(&mut execution, "Core_initialize_block", &header.encode())?;

		let inherents = self.state.execute(
			&mut execution,
			"BlockBuilder_inherent_extrinsics",
			&self.inherents().encode(),
		)?;
		let mut body =
			Vec::<OpaqueExtrinsic>::decode(&mut &inherents[..]).expect("inherents are extrinsics");
		body.extend_from_slice(transactions);
		for extrinsic in &body {
			let result = self.state.execute(
				&mut execution,
				"BlockBuilder_apply_extrinsic",
				&extrinsic.encode(),
			)?;
			// A failed call is part of a valid block, a rejected transaction is not.
			let _ = ApplyExtrinsicResult::decode(&mut &result[..])
				.expect("the result decodes")
				.map_err(|error| format!("{error:?}"))?;
		}

		let header = self.state.execute(&mut execution, "BlockBuilder_finalize_block", &[])?;
		let header = Header::decode(&mut &header[..]).expect("a header");
		self.proofs.push(execution.proof());
		let sealed = seal(header);
		self.blocks.push(Block::new(sealed.clone(), body));
		self.state.commit(execution, sealed);
		Ok(())
	}

	fn pre_digest(&self, bundle: Option<(u8, bool)>) -> Vec<DigestItem> {
		let mut digest = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, self.slot.encode())];
		if let Some((index, is_last)) = bundle {
			digest.push(CumulusDigestItem::CoreInfo(self.core.clone()).to_digest_item());
			let place = BlockBundleInfo { index, is_last };
			digest.push(CumulusDigestItem::BlockBundleInfo(place).to_digest_item());
		}
		digest
	}

	fn inherents(&self) -> InherentData {
		let mut inherents = InherentData::new();
		let timestamp = Timestamp::new(*self.slot * SLOT_MS);
		inherents
			.put_data(sp_timestamp::INHERENT_IDENTIFIER, &timestamp)
			.and_then(|()| inherents.put_data(INHERENT_IDENTIFIER, &self.inherent))
			.expect("each has its own identifier");
		inherents
	}

	/// Returns the state after the last block.
	pub fn state(&self) -> &State {
		self.state
	}

	/// Returns the blocks with their seals.
	pub fn blocks(&self) -> &[Block] {
		&self.blocks
	}

	/// Returns the validator's input for these blocks.
	pub fn candidate(self) -> ValidationParams {
		let proof = StorageProof::merge(self.proofs)
			.into_compact_proof::<BlakeTwo256>(*self.parent.state_root())
			.expect("the proof starts at the parent's state");
		let block_data = ParachainBlockData::<Block>::new(self.blocks, proof, None);
		ValidationParams {
			parent_head: self.validation_data.parent_head,
			block_data: BlockData(block_data.encode()),
			relay_parent_number: self.validation_data.relay_parent_number,
			relay_parent_storage_root: self.validation_data.relay_parent_storage_root,
		}
	}
}

/// Returns `header`, sealed by the only collator.
fn seal(mut header: Header) -> Header {
	let signature: AuthoritySignature = Alice.sign(header.hash().as_bytes()).into();
	header.digest_mut().push(DigestItem::Seal(AURA_ENGINE_ID, signature.encode()));
	header
}

impl Code {
	/// Validates `candidate` as a relay chain validator does: with the Wasm, and without any state
	/// except the candidate's proof.
	pub fn validate(&self, candidate: &ValidationParams) -> Result<ValidationResult, String> {
		// The candidate contains the state that it needs.
		let state = &mut BasicExternalities::new_empty();
		let result = self.call(state, "validate_block", &candidate.encode())?;
		Ok(ValidationResult::decode(&mut &result[..]).expect("a result"))
	}
}
