// SPDX-License-Identifier: Apache-2.0

//! Types in storage, and reasons why a call is not ordered.

use crate::{pallet::*, recovery::Recovery};
use codec::{Decode, DecodeLimit, DecodeWithMemTracking, Encode, MaxEncodedLen};
use conveyor_primitives::lane::TicketId;
use frame_support::{
	traits::{fungible, Get},
	weights::Weight,
	BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound, MAX_EXTRINSIC_DEPTH,
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Balance of the currency that charges are paid in.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;

/// Charges that were withdrawn.
pub type CreditOf<T> =
	fungible::Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

pub(crate) type CallOf<T> = <T as frame_system::Config>::RuntimeCall;

/// An ordered call. Its number follows from its position in the batch.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T), capture_docs = "always")]
#[codec(mel_bound())]
pub struct Ticket<T: Config> {
	/// Account that ordered the call, and signed origin of its execution.
	pub who: T::AccountId,
	/// Encoded call.
	pub call: BoundedVec<u8, T::MaxCallLength>,
	/// Declared weight of the call, and the weight to execute a ticket.
	pub weight: Weight,
	/// Whether governance dropped the ticket. It is not executed.
	pub dropped: bool,
}

impl<T: Config> Ticket<T> {
	/// Returns the call. `None` if this code does not decode it.
	pub(crate) fn decode_call(&self) -> Option<CallOf<T>> {
		DecodeLimit::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &self.call[..]).ok()
	}
}

/// A ticket that the circuit breaker set aside.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T), capture_docs = "always")]
#[codec(mel_bound())]
pub struct QuarantinedTicket<T: Config> {
	/// The ticket.
	pub ticket: Ticket<T>,
	/// `transaction_version` of the runtime that ordered it: the encoding of its call.
	pub transaction_version: u32,
}

/// Tickets that are ordered and not yet executed, as a whole.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T), capture_docs = "always")]
#[codec(mel_bound())]
pub struct PendingBatch<T: Config> {
	/// Number of the block that ordered the tickets.
	pub ordered_in: BlockNumberFor<T>,
	/// Number of the first ticket.
	pub first: TicketId,
	/// Number of tickets, at least 1.
	pub count: u32,
	/// Sum of the tickets' weights.
	pub weight: Weight,
	/// `spec_version` of the runtime that ordered the tickets.
	pub spec_version: u32,
	/// `transaction_version` of the runtime that ordered the tickets.
	pub transaction_version: u32,
	/// State of the circuit breaker. `None` if there was no standstill with this batch.
	pub recovery: Option<Recovery>,
}

/// State of the lane, except for the tickets.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T), capture_docs = "always")]
#[codec(mel_bound())]
pub struct LaneState<T: Config> {
	/// Number of the next ticket.
	pub next_ticket: TicketId,
	/// Part of a block's target weight that a batch may use.
	pub share: Perbill,
	/// Share that replaces `share` after the batch of the next block.
	pub next_share: Option<Perbill>,
	/// Whether governance closed ordering.
	pub paused: bool,
	/// Whether the executive gives the pallet its turn at the start of a block: see [`crate::AheadOf`].
	pub has_turn: bool,
	/// Whether the current transaction is an `order` that was admitted and not yet dispatched.
	pub admitted: bool,
	/// Pending batch.
	pub batch: Option<PendingBatch<T>>,
}

impl<T: Config> Default for LaneState<T> {
	fn default() -> Self {
		Self {
			next_ticket: 0,
			share: T::InitialShare::get(),
			next_share: None,
			paused: false,
			has_turn: false,
			admitted: false,
			batch: None,
		}
	}
}

/// Cost of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct Quote<Balance> {
	/// Amount that `order` charges for the execution, in addition to the fee of its transaction.
	pub charge: Balance,
	/// Weight that the ticket takes of a batch.
	pub weight: Weight,
	/// Reason why the call can't be ordered now. `None` if it fits into the batch.
	pub refusal: Option<Refusal>,
}

/// Reason why a call is not ordered.
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
pub enum Refusal {
	/// Governance closed ordering.
	Paused,
	/// The runtime does not execute batches: the pallets of its executive are not wrapped in `AheadOf`.
	NoTurn,
	/// The call is not in the runtime's list of orderable calls. Submit it directly.
	NotOrderable,
	/// The encoded call exceeds the maximum length. Submit it directly.
	TooLong {
		/// Length in bytes.
		length: u32,
		/// Maximum length in bytes.
		max: u32,
	},
	/// The call does not fit into an empty batch. Submit it directly.
	ExceedsBatch {
		/// Weight of the ticket.
		weight: Weight,
		/// Maximum weight of a batch.
		max: Weight,
	},
	/// The batch of this block is full. Try again in the next block.
	BatchFull,
	/// An earlier batch is not done. Ordering opens when it is.
	EarlierBatchPending,
	/// The code of the chain changes. Ordering opens after the upgrade.
	CodeChanges,
	/// A multi-block migration runs. Ordering opens after it.
	MigrationRuns,
}

impl Refusal {
	/// Returns the code of `InvalidTransaction::Custom`. `None` for a temporary refusal: the same call may be ordered in
	/// a later block without any other change.
	pub fn code(&self) -> Option<u8> {
		match self {
			Self::Paused => Some(80),
			Self::NoTurn => Some(81),
			Self::NotOrderable => Some(82),
			Self::TooLong { .. } => Some(83),
			Self::ExceedsBatch { .. } => Some(84),
			Self::BatchFull
			| Self::EarlierBatchPending
			| Self::CodeChanges
			| Self::MigrationRuns => None,
		}
	}
}
