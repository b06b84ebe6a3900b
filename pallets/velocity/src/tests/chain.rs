// SPDX-License-Identifier: Apache-2.0

//! A chain of blocks with the real parachain-system: it executes the inherent with a relay chain state
//! proof and the descendants that the relay parent offset requires.

use crate::mock::*;
use codec::Encode;
use conveyor_primitives::{Admission, Refusal};
use cumulus_pallet_parachain_system::parachain_inherent::{
	BasicParachainInherentData, InboundMessagesData,
};
use cumulus_primitives_core::{relay_chain::HeadData, CumulusDigestItem, PersistedValidationData};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{storage::with_transaction_unchecked, traits::Hooks};
use frame_system::RawOrigin;
use sp_core::H256;
use sp_runtime::{generic, traits::BlakeTwo256, TransactionOutcome};
use std::panic::{catch_unwind, AssertUnwindSafe};

type Header = generic::Header<u64, BlakeTwo256>;

/// A chain, and the relay parent of its next block. The number of a relay block equals its slot.
#[derive(Clone)]
pub(super) struct Chain {
	headers: Vec<Header>,
	/// Index of the latest included block in `headers`.
	included: usize,
	relay_slot: u64,
}

impl Chain {
	pub(super) fn new() -> Self {
		let genesis = <Header as sp_runtime::traits::Header>::new(
			0,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		Self { headers: vec![genesis], included: 0, relay_slot: 100 }
	}

	/// Returns the slot of the relay parent.
	pub(super) fn relay_slot(&self) -> u64 {
		self.relay_slot
	}

	/// Moves the relay parent by `relay_slots`, and includes `blocks` more blocks.
	pub(super) fn advance(&mut self, relay_slots: i64, blocks: usize) {
		self.relay_slot = (self.relay_slot as i64 + relay_slots) as u64;
		self.included = self.included.saturating_add(blocks).min(self.headers.len() - 1);
	}

	/// Returns the length of the unincluded segment, in blocks.
	pub(super) fn unincluded(&self) -> usize {
		self.headers.len() - 1 - self.included
	}

	/// Returns the hash of the latest included block.
	pub(super) fn included_hash(&self) -> H256 {
		self.headers[self.included].hash()
	}

	/// Returns the result of the runtime API. `None` if the segment is empty: a collator then does not
	/// call the API.
	pub(super) fn admission(&self) -> Option<Result<Admission, Refusal>> {
		(self.unincluded() > 0)
			.then(|| Velocity::admission(self.included_hash(), self.relay_slot.into()))
	}

	/// Executes a block with `calls` after the inherents. Returns whether it is accepted. A rejected block
	/// changes nothing.
	pub(super) fn try_build(&mut self, position: Position, calls: impl FnOnce()) -> bool {
		let accepted = with_transaction_unchecked(|| {
			match catch_unwind(AssertUnwindSafe(|| self.build(position))) {
				Ok(()) => TransactionOutcome::Commit(true),
				Err(_) => {
					// The panic has left the inherent's storage layer open.
					sp_io::storage::rollback_transaction();
					TransactionOutcome::Rollback(false)
				},
			}
		});
		if accepted {
			// Outside of `catch_unwind`: a failed assertion must fail the test.
			calls();
			let number = System::block_number();
			ParachainSystem::on_finalize(number);
			Velocity::on_finalize(number);
			self.headers.push(System::finalize());
		}
		accepted
	}

	/// Executes the next block up to its inherents.
	fn build(&self, position: Position) {
		let parent = self.headers.last().expect("the chain has a genesis block");
		let number = parent.number + 1;
		System::reset_events();
		System::initialize(&number, &parent.hash(), &position.digest());
		ParachainSystem::on_initialize(number);
		Velocity::on_initialize(number);
		set_para_slot(self.relay_slot);

		let proof = RelayStateSproofBuilder {
			para_id: Default::default(),
			current_slot: self.relay_slot.into(),
			included_para_head: Some(HeadData(self.headers[self.included].encode())),
			..Default::default()
		};
		let (relay_parent_storage_root, relay_chain_state, relay_parent_descendants) =
			match RelayParentOffset::get() {
				0 => {
					let (root, proof) = proof.into_state_root_and_proof();
					(root, proof, vec![])
				},
				offset => proof.into_state_root_proof_and_descendants(offset.into()),
			};
		let data = BasicParachainInherentData {
			validation_data: PersistedValidationData {
				parent_head: HeadData(parent.encode()),
				relay_parent_number: self.relay_slot as u32,
				relay_parent_storage_root,
				max_pov_size: 1 << 20,
			},
			relay_chain_state,
			relay_parent_descendants,
			collator_peer_id: None,
		};
		let inbound_messages_data =
			InboundMessagesData::new(Default::default(), Default::default());
		ParachainSystem::set_validation_data(RawOrigin::None.into(), data, inbound_messages_data)
			.expect("the inherent panics instead of failing");
	}
}

/// Lets the current block use the full core, as `DynamicMaxBlockWeight` does for a large transaction.
pub(super) fn use_full_core() {
	System::deposit_log(CumulusDigestItem::UseFullCore.to_digest_item());
}
