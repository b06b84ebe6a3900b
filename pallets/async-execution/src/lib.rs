// SPDX-License-Identifier: Apache-2.0

//! Asynchronous execution: a block orders calls, the next block executes them before anything else.
//!
//! # Goals
//!
//! - The batch of a block depends on nothing but the state of the block that ordered it. Every node can execute it as
//!   soon as it has that block.
//! - Validators verify the result: it is part of the executing block's state root and of the [`Commitment`] in its
//!   digest.
//! - No ticket can stop the chain, and no wait is unbounded.
//!
//! # Life of a ticket
//!
//! 1. Block N: `order(call)` checks the call, charges for its declared weight, and gives it a number.
//! 2. Block N + 1: the pallets' wrapper [`AheadOf`] gives this pallet the first turn. It executes the tickets of block N
//!    in order, each in a separate storage layer, with its owner as signed origin.
//! 3. The digest of block N + 1 commits to one receipt per ticket.
//!
//! Every ticket ends once: executed (`Ok` or `Err`), quarantined or dropped.
//!
//! # Seal
//!
//! While a batch runs, frame-system shows an empty digest, the number of the new block and the hash of its parent. All
//! other state is that of the parent. So a ticket sees neither author nor slot nor relay parent of the new block.
//!
//! # Circuit breaker
//!
//! See [`recovery`].
//!
//! # Upgrades
//!
//! A ticket is only executed by the runtime version that ordered it. Blocks that apply code or run
//! multi-block migrations order nothing. If the version changed nevertheless, the tickets are dropped.
//!
//! [`Commitment`]: conveyor_primitives::lane::Commitment

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
mod ahead_of;
mod check_order;
mod dispatchables;
mod events;
mod execution;
mod fees;
mod gap;
mod seal;
mod types;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;

pub mod recovery;
pub mod weights;

pub use ahead_of::AheadOf;
pub use check_order::CheckOrder;
pub use fees::CountOrdered;
pub use gap::AuraGap;
pub use pallet::*;
pub use recovery::Recovery;
pub use types::{
	BalanceOf, CreditOf, LaneState, PendingBatch, QuarantinedTicket, Quote, Refusal, Ticket,
};
pub use weights::WeightInfo;

pub(crate) const LOG_TARGET: &str = "runtime::async-execution";

/// Number of blocks for which [`Commitments`] are stored.
pub const COMMITMENT_WINDOW: u32 = 256;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use conveyor_primitives::lane::{Commitment, TicketId};
	use frame_support::{
		dispatch::{DispatchInfo, GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
		traits::{fungible, Contains, IsSubType, OnUnbalanced},
	};
	use frame_system::pallet_prelude::*;
	use sp_core::H256;
	use sp_runtime::{
		traits::{Convert, Dispatchable},
		Perbill,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<
		RuntimeEvent: From<Event<Self>>,
		RuntimeCall: Dispatchable<
			RuntimeOrigin = Self::RuntimeOrigin,
			Info = DispatchInfo,
			PostInfo = PostDispatchInfo,
		> + GetDispatchInfo
		                 + IsSubType<Call<Self>>,
	>
	{
		/// Origin that sets the share, pauses ordering, and drops or releases tickets.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Currency of the charges.
		type Currency: fungible::Balanced<Self::AccountId>;

		/// Price of a weight at this moment: as transaction fees, with the fee multiplier.
		type Price: Convert<Weight, BalanceOf<Self>>;

		/// Receives the charges: the recipient of transaction fees.
		type OnCharge: OnUnbalanced<CreditOf<Self>>;

		/// Calls that may be ordered.
		///
		/// Never include: calls that dispatch other calls, calls of this pallet, runtime upgrades, and calls that use
		/// the index of their extrinsic as an identity.
		type OrderableCalls: Contains<<Self as frame_system::Config>::RuntimeCall>;

		/// Target weight of a block: the current one, which must depend on nothing but the parent's state while a
		/// batch runs.
		type TargetBlockWeight: Get<Weight>;

		/// Target weight of the next block, as far as this block knows it.
		type NextTargetBlockWeight: Get<Weight>;

		/// Time from the parent's slot to this block's slot, in milliseconds: [`AuraGap`]. Read before any other
		/// pallet has run.
		type GapToParent: Get<u64>;

		/// Time without a block, in milliseconds, from which on the circuit breaker acts. Must exceed the time for
		/// which collators may build without inclusion, and the gaps that the chain has without a fault.
		#[pallet::constant]
		type StallTimeout: Get<u64>;

		/// Number of standstills with the same ticket alone after which it is quarantined. `None`: never.
		#[pallet::constant]
		type QuarantineAfter: Get<Option<u8>>;

		/// Share of a chain that has not set any.
		#[pallet::constant]
		type InitialShare: Get<Perbill>;

		/// Maximum number of tickets in a batch.
		#[pallet::constant]
		type MaxTickets: Get<u32>;

		/// Maximum length of an encoded call, in bytes.
		#[pallet::constant]
		type MaxCallLength: Get<u32>;

		/// Maximum number of tickets in quarantine. If it is full, the next ticket is dropped instead.
		#[pallet::constant]
		type MaxQuarantined: Get<u32>;

		/// Weights.
		type WeightInfo: WeightInfo;
	}

	/// State of the lane, except for the tickets.
	#[pallet::storage]
	pub type Lane<T: Config> = StorageValue<_, LaneState<T>, ValueQuery>;

	/// Tickets of the pending batch, in order.
	#[pallet::storage]
	pub type Batch<T: Config> = StorageValue<_, BoundedVec<Ticket<T>, T::MaxTickets>, ValueQuery>;

	/// Tickets that the circuit breaker set aside.
	#[pallet::storage]
	pub type Quarantine<T: Config> =
		CountedStorageMap<_, Twox64Concat, TicketId, QuarantinedTicket<T>, OptionQuery>;

	/// Commitments of the last [`COMMITMENT_WINDOW`] blocks, by block number modulo [`COMMITMENT_WINDOW`], with the number
	/// of the block.
	#[pallet::storage]
	pub type Commitments<T: Config> = StorageMap<
		_,
		Twox64Concat,
		u32,
		(BlockNumberFor<T>, Commitment<BlockNumberFor<T>>),
		OptionQuery,
	>;

	/// Genesis values.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Initial share. `None`: `InitialShare`.
		pub share: Option<Perbill>,
		/// Phantom data.
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let share = self.share.unwrap_or_else(T::InitialShare::get);
			Lane::<T>::put(LaneState { share, ..Default::default() });
		}
	}

	/// Life of tickets, and changes of the lane.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A call was ordered. The next block executes it.
		Ordered {
			/// Number of the ticket.
			ticket: TicketId,
			/// Account that ordered it.
			who: T::AccountId,
			/// BLAKE2b-256 hash of the encoded call.
			call_hash: H256,
			/// Weight that the ticket takes of the batch.
			weight: Weight,
		},
		/// The execution of a ticket was paid.
		Charged {
			/// Number of the ticket.
			ticket: TicketId,
			/// Account that paid.
			who: T::AccountId,
			/// Amount.
			amount: BalanceOf<T>,
		},
		/// A ticket was executed.
		Executed {
			/// Number of the ticket.
			ticket: TicketId,
			/// Result of the call.
			result: DispatchResult,
			/// Weight that was used.
			weight: Weight,
		},
		/// A ticket was set aside without execution.
		Quarantined {
			/// Number of the ticket.
			ticket: TicketId,
		},
		/// A ticket was dropped without execution.
		Dropped {
			/// Number of the ticket.
			ticket: TicketId,
		},
		/// The chain had no block for a time-out. This block executes no ticket.
		Tripped {
			/// Time from the parent's slot to this block's slot, in milliseconds.
			gap: u64,
			/// State of the circuit breaker for the next block.
			recovery: Recovery,
		},
		/// Governance set the share.
		ShareSet {
			/// Part of a block's target weight that a batch may use, from the block after the next one on.
			share: Perbill,
		},
		/// Governance closed or opened ordering.
		PausedSet {
			/// Whether ordering is closed.
			paused: bool,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// `order` was called by another call. Submit `order` as a transaction.
		NotDirect,
		/// Governance closed ordering.
		Paused,
		/// The runtime does not execute batches: the pallets of its executive are not wrapped in `AheadOf`.
		NoTurn,
		/// The call is not in the runtime's list of orderable calls. Submit it directly.
		NotOrderable,
		/// The encoded call exceeds `MaxCallLength`. Submit it directly.
		TooLong,
		/// The call does not fit into an empty batch. Submit it directly.
		ExceedsBatch,
		/// The batch of this block is full. Try again in the next block.
		BatchFull,
		/// An earlier batch is not done. Try again when it is.
		EarlierBatchPending,
		/// The code of the chain changes. Try again after the upgrade.
		CodeChanges,
		/// A multi-block migration runs. Try again after it.
		MigrationRuns,
		/// The account cannot pay for the execution.
		CannotPay,
		/// The ticket is neither pending nor in quarantine.
		UnknownTicket,
		/// The encoding of calls has changed since the ticket was ordered. Drop the ticket; its owner can order the
		/// call again.
		EncodingChanged,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::check_turn()
		}

		fn integrity_test() {
			Self::check_integrity();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Orders `call`. The next block executes it with the signed origin of the sender, before its transactions.
		///
		/// Charges for the declared weight of the call, in addition to the fee of this transaction. Nothing is
		/// refunded. `ExtrinsicSuccess` means that the call is ordered and paid; its result is in the event
		/// `Executed` of the next block.
		///
		/// Must be the call of a transaction: it fails inside of another call.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::order())]
		pub fn order(
			origin: OriginFor<T>,
			call: Box<<T as frame_system::Config>::RuntimeCall>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_order(who, *call)
		}

		/// Drops a ticket: a pending one is not executed, one in quarantine is removed. Nothing is refunded.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::drop_ticket())]
		pub fn drop_ticket(origin: OriginFor<T>, ticket: TicketId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_drop(ticket)
		}

		/// Orders a ticket of the quarantine again, under a new number, with the same origin, without charge.
		///
		/// Its weight is that of the present code. Fails if the encoding of calls has changed since it was ordered,
		/// because the ticket could then be another call.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(origin: OriginFor<T>, ticket: TicketId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_release(ticket)
		}

		/// Sets the part of a block's target weight that a batch may use. The next block still uses the present one.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::set_share())]
		pub fn set_share(origin: OriginFor<T>, share: Perbill) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_share(share);
			Ok(())
		}

		/// Closes or opens ordering. Ordered tickets are executed all the same.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_paused())]
		pub fn set_paused(origin: OriginFor<T>, paused: bool) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_paused(paused);
			Ok(())
		}
	}
}
