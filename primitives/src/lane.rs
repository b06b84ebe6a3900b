// SPDX-License-Identifier: Apache-2.0

//! Receipts and commitments of asynchronous execution.
//!
//! A block orders calls as tickets. The next block executes them, creates one [`Receipt`] per ticket, and
//! puts a [`Commitment`] to all receipts into its digest. Validators execute the tickets as well and reject
//! a block whose commitment differs from theirs.

use alloc::vec::Vec;
use binary_merkle_tree::{merkle_proof, merkle_root, verify_proof};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	ConsensusEngineId, Digest, DigestItem, Weight,
};

/// Number of a ticket: contiguous on one chain, from 0.
pub type TicketId = u64;

/// Engine of the digest item with the [`Commitment`].
pub const COMMITMENT_ENGINE: ConsensusEngineId = *b"ASXC";

/// Result of a ticket.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub enum TicketResult {
	/// The call was executed and succeeded.
	Ok,
	/// The call was executed and failed. Its changes were reverted.
	Err,
	/// The call was not executed and is set aside: see the circuit breaker of
	/// `pallet-async-execution`.
	Quarantined,
	/// The call was not executed and never will be.
	Dropped,
}

/// Receipt of one ticket.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub struct Receipt<AccountId> {
	/// Number of the ticket.
	pub ticket: TicketId,
	/// Account that ordered the call.
	pub who: AccountId,
	/// BLAKE2b-256 hash of the encoded call.
	pub call_hash: H256,
	/// Result.
	pub result: TicketResult,
	/// Weight that was used. Zero if the call was not executed.
	pub weight: Weight,
	/// BLAKE2b-256 hash of the encoded vector of the event records that the call deposited.
	pub events_hash: H256,
}

/// Commitment of a block to the tickets that it executed, quarantined or dropped.
///
/// Their numbers are `first` to `first + count - 1`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub struct Commitment<BlockNumber> {
	/// Number of the block that ordered the tickets.
	pub ordered_in: BlockNumber,
	/// Number of the first ticket.
	pub first: TicketId,
	/// Number of tickets, at least 1.
	pub count: u32,
	/// Root of the binary Merkle tree over the encoded receipts, hashed with BLAKE2b-256.
	pub receipts_root: H256,
	/// Weight that the tickets used.
	pub weight: Weight,
}

impl<BlockNumber> Commitment<BlockNumber> {
	/// Returns the commitment to `receipts`, which are in the order of their tickets. `None` if there are
	/// no receipts.
	pub fn new<AccountId: Encode>(
		ordered_in: BlockNumber,
		receipts: &[Receipt<AccountId>],
	) -> Option<Self> {
		let first = receipts.first()?.ticket;
		Some(Self {
			ordered_in,
			first,
			count: receipts.len() as u32,
			receipts_root: merkle_root::<BlakeTwo256, _>(receipts.iter().map(Encode::encode)),
			weight: receipts
				.iter()
				.fold(Weight::zero(), |sum, receipt| sum.saturating_add(receipt.weight)),
		})
	}

	/// Returns whether `proof` shows that `receipt` is one of the receipts of this commitment.
	///
	/// The position in the tree is that of the ticket's number, so a proof of another position is rejected.
	pub fn verify<AccountId: Encode>(&self, receipt: &Receipt<AccountId>, proof: &[H256]) -> bool {
		let index = receipt.ticket.checked_sub(self.first).and_then(|index| index.try_into().ok());
		index.is_some_and(|index: u32| {
			verify_proof::<BlakeTwo256, _, _>(
				&self.receipts_root,
				proof.iter().copied(),
				self.count,
				index,
				&receipt.encode(),
			)
		})
	}
}

impl<BlockNumber: Encode + Decode> Commitment<BlockNumber> {
	/// Returns the commitment in the digest of a block. `None` if the block has none.
	pub fn find(digest: &Digest) -> Option<Self> {
		digest.logs().iter().find_map(|item| item.consensus_try_to(&COMMITMENT_ENGINE))
	}

	/// Returns the digest item with this commitment.
	pub fn to_digest_item(&self) -> DigestItem {
		DigestItem::Consensus(COMMITMENT_ENGINE, self.encode())
	}
}

/// Returns the proof that the ticket with number `ticket` has its receipt among `receipts`, for
/// [`Commitment::verify`]: hashes from the leaf to the root. `None` if there is no such ticket.
pub fn receipt_proof<AccountId: Encode>(
	receipts: &[Receipt<AccountId>],
	ticket: TicketId,
) -> Option<Vec<H256>> {
	let index = receipts.iter().position(|receipt| receipt.ticket == ticket)?;
	let leaves: Vec<Vec<u8>> = receipts.iter().map(Encode::encode).collect();
	Some(merkle_proof::<BlakeTwo256, _, _>(leaves, index as u32).proof)
}

/// Returns the hash of `encoded`, as in receipts.
pub fn receipt_hash(encoded: &[u8]) -> H256 {
	BlakeTwo256::hash(encoded)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn receipt(ticket: TicketId) -> Receipt<[u8; 32]> {
		Receipt {
			ticket,
			who: [ticket as u8; 32],
			call_hash: receipt_hash(b"call"),
			result: TicketResult::Ok,
			weight: Weight::from_parts(7, 3),
			events_hash: receipt_hash(b"events"),
		}
	}

	#[test]
	fn a_block_without_receipts_has_no_commitment() {
		assert_eq!(Commitment::new::<u64>(1u32, &[]), None);
	}

	#[test]
	fn a_commitment_is_found_in_its_digest() {
		let commitment = Commitment::new(4u32, &[receipt(9), receipt(10)]).unwrap();
		assert_eq!((commitment.first, commitment.count), (9, 2));
		assert_eq!(commitment.weight, Weight::from_parts(14, 6));
		let other = DigestItem::Consensus(*b"aura", commitment.encode());
		let digest = Digest { logs: vec![other.clone(), commitment.to_digest_item()] };
		assert_eq!(Commitment::find(&digest), Some(commitment));
		assert_eq!(Commitment::<u32>::find(&Digest { logs: vec![other] }), None);
	}

	proptest! {
		#[test]
		fn only_the_receipt_at_its_position_is_proved(first in 0..1_000u64, count in 1..40u64, ticket in 0..40u64) {
			let receipts: Vec<_> = (first..first + count).map(receipt).collect();
			let commitment = Commitment::new(1u32, &receipts).unwrap();
			let ticket = first + ticket % count;
			let proof = receipt_proof(&receipts, ticket).unwrap();
			prop_assert!(commitment.verify(&receipt(ticket), &proof));
			for other in (first..first + count).filter(|other| *other != ticket) {
				prop_assert!(!commitment.verify(&receipt(other), &proof));
			}
			let failed = Receipt { result: TicketResult::Err, ..receipt(ticket) };
			prop_assert!(!commitment.verify(&failed, &proof));
			prop_assert_eq!(receipt_proof(&receipts, first + count), None);
			prop_assert!(!commitment.verify(&receipt(first + count), &proof));
		}
	}
}
