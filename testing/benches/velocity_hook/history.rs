// SPDX-License-Identifier: GPL-3.0-only

//! The measured blocks, and the blocks before them.

use codec::{Decode, Encode};
use conveyor_primitives::Limits;
use conveyor_runtime::{opaque::Header, Runtime, RuntimeCall, UNIT};
use conveyor_testing::{
	state::without_seal, transaction::signed, Builder, Code, RelayContext, State,
};
use polkadot_parachain_primitives::primitives::ValidationParams;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::{BlakeTwo256, Header as _},
	OpaqueExtrinsic,
};
use sp_trie::StorageProof;
use std::collections::BTreeMap;

/// Limits that both hooks enforce: the constants in `runtime/src/variants/sdk_hook.rs`.
pub(crate) const LIMITS: Limits = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };

/// Relay parent of the first candidate.
const RELAY: RelayContext = RelayContext { number: 100, slot: 1_000 };

/// A chain that builds one candidate per relay block.
#[derive(Clone, Copy)]
pub(crate) struct History {
	/// Number of blocks in a candidate.
	bundle: u8,
	/// Number of unincluded candidates when the measured one starts.
	unincluded: usize,
	/// Number of transfers in each of its blocks.
	transfers: usize,
}

impl History {
	/// Two lengths of the segment: the usual one with a block per relay block, and the longest that the
	/// capacity allows.
	pub(crate) const ALL: [Self; 4] = [
		Self { bundle: 1, unincluded: 3, transfers: 0 },
		Self { bundle: 1, unincluded: 3, transfers: 50 },
		Self { bundle: 3, unincluded: 3, transfers: 0 },
		Self { bundle: 3, unincluded: 3, transfers: 50 },
	];

	/// Returns whether the measured blocks contain only inherents.
	pub(crate) fn is_empty(&self) -> bool {
		self.transfers == 0
	}

	/// Returns the report's name for block `place` of the bundle.
	pub(crate) fn block(&self, place: usize) -> String {
		let unincluded = self.unincluded * usize::from(self.bundle) + place;
		let place = match self.bundle {
			1 => "alone".into(),
			bundle => format!("{} of {bundle}", place + 1),
		};
		format!("{place}, {unincluded} unincluded, {} transfers", self.transfers)
	}

	/// Returns the report's name for the candidate.
	pub(crate) fn candidate(&self) -> String {
		let unincluded = self.unincluded * usize::from(self.bundle);
		let blocks = match self.bundle {
			1 => "one block".into(),
			bundle => format!("{bundle} blocks"),
		};
		format!("{blocks}, {unincluded} unincluded, {} transfers in each", self.transfers)
	}

	/// Returns the places of a candidate's blocks.
	fn places(&self) -> impl Iterator<Item = (u8, bool)> {
		let bundle = self.bundle;
		(0..bundle).map(move |index| (index, index + 1 == bundle))
	}

	/// Returns the included block. `heads` are the heads of all candidates so far.
	fn included<'a>(&self, heads: &'a [Header]) -> &'a Header {
		&heads[heads.len().saturating_sub(self.unincluded + 1)]
	}
}

/// A candidate, prepared for execution and validation.
pub(crate) struct Candidate {
	/// The blocks.
	pub(crate) blocks: Vec<Prepared>,
	/// The runtime that validates the candidate.
	pub(crate) code: Code,
	/// The validator's input.
	pub(crate) params: ValidationParams,
}

/// A block, prepared for execution.
pub(crate) struct Prepared {
	/// The state before the block.
	pub(crate) state: State,
	/// The argument of `Core_execute_block`.
	pub(crate) block: Vec<u8>,
	/// The block's part of the candidate's compact proof, in bytes.
	pub(crate) proof_size: usize,
}

/// Prepares a candidate on `state`, with a segment as in `history`.
pub(crate) fn prepare(mut state: State, history: History) -> Candidate {
	let mut relay = RELAY;
	let mut heads = vec![state.head().clone()];
	// The segment grows, and then keeps its length for the same number of candidates.
	for _ in 0..2 * history.unincluded {
		let mut builder = Builder::after(&mut state, relay, history.included(&heads));
		history.places().for_each(|place| builder.build(&[], Some(place)));
		heads.push(state.head().clone());
		relay = relay.next();
	}

	let mut before = state.clone();
	let mut transfers = Transfers { genesis: state.genesis_hash(), nonces: Default::default() };
	let mut builder = Builder::after(&mut state, relay, history.included(&heads));
	for place in history.places() {
		builder.build(&transfers.next(history.transfers), Some(place));
	}
	let built = builder.blocks().to_vec();
	let params = builder.candidate();
	let code = before.code().clone();
	code.validate(&params).expect("a validator accepts it");

	before.begin_candidate();
	let root = *before.head().state_root();
	let mut proof = StorageProof::empty();
	let mut size = 0;
	let mut prepared = Vec::new();
	for block in &built {
		let state = before.clone();
		let added = before.import(block).expect("what was built can be executed");
		proof = StorageProof::merge([proof, added]);
		let compact = proof.clone().into_compact_proof::<BlakeTwo256>(root);
		let compact = compact.expect("the proof starts at the state before the candidate");
		let proof_size = compact.encoded_size() - size;
		size += proof_size;
		prepared.push(Prepared { state, block: without_seal(block), proof_size });
	}
	Candidate { blocks: prepared, code, params }
}

/// Transfers between the accounts of a development chain.
struct Transfers {
	genesis: conveyor_runtime::Hash,
	nonces: BTreeMap<Sr25519Keyring, u32>,
}

impl Transfers {
	/// Returns the next `count` transfers.
	fn next(&mut self, count: usize) -> Vec<OpaqueExtrinsic> {
		let accounts: Vec<_> = Sr25519Keyring::well_known().collect();
		let account = |index: usize| accounts[index % accounts.len()];
		(0..count).map(|index| self.transfer(account(index), account(index + 1))).collect()
	}

	fn transfer(&mut self, from: Sr25519Keyring, to: Sr25519Keyring) -> OpaqueExtrinsic {
		let nonce = self.nonces.entry(from).or_default();
		let call: RuntimeCall = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: to.to_account_id().into(),
			value: UNIT,
		}
		.into();
		let transaction = signed(from, call, *nonce, self.genesis);
		*nonce += 1;
		OpaqueExtrinsic::decode(&mut &transaction.encode()[..]).expect("an extrinsic is opaque")
	}
}

/// Panics unless a new chain has [`LIMITS`], because a comparison needs equal limits.
pub(crate) fn assert_limits(mut state: State) {
	let rate: u32 = state.call("TargetBlockRate_target_block_rate", ());
	assert_eq!(rate, LIMITS.target_block_rate, "the target block rate");

	let included = state.head().clone();
	let may_build = |state: &State, relay: RelayContext| -> bool {
		let arguments = (included.hash(), relay.slot);
		state.call("AuraUnincludedSegmentApi_can_build_upon", arguments)
	};
	let mut relay = RELAY;
	let mut length = 0;
	while may_build(&state, relay) {
		assert!(length < LIMITS.capacity, "the capacity is above {}", LIMITS.capacity);
		let mut builder = Builder::after(&mut state, relay, &included);
		(0..3u8).for_each(|index| builder.build(&[], Some((index, index == 2))));
		length += 3;
		relay = relay.next();
	}
	assert_eq!(length, LIMITS.capacity, "the capacity");

	// A relay slot admits one block more than the velocity. All blocks are in one bundle, because every new
	// bundle must fit completely.
	let head = state.head().clone();
	let mut builder = Builder::after(&mut state, relay, &head);
	for index in 0..=LIMITS.velocity as u8 {
		let built = builder.try_build(&[], Some((index, false)));
		assert_eq!(built, Ok(()), "block {index} at a relay slot, of {} + 1", LIMITS.velocity);
	}
	let refused = builder.try_build(&[], Some((LIMITS.velocity as u8 + 1, true)));
	assert!(refused.is_err(), "the velocity is above {}", LIMITS.velocity);
}
