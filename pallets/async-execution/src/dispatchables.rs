// SPDX-License-Identifier: Apache-2.0

//! Implementation of the calls.

use crate::{
	admission::Orderable, pallet::*, types::CallOf, LaneState, PendingBatch, QuarantinedTicket,
	Refusal, Ticket,
};
use codec::Encode;
use conveyor_primitives::lane::{receipt_hash, TicketId};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::Balanced,
		tokens::{Fortitude, Precision, Preservation},
		Get, OnUnbalanced,
	},
};
use sp_runtime::{Perbill, Saturating};

impl<T> From<Refusal> for Error<T> {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::Paused => Self::Paused,
			Refusal::NoTurn => Self::NoTurn,
			Refusal::NotOrderable => Self::NotOrderable,
			Refusal::TooLong { .. } => Self::TooLong,
			Refusal::ExceedsBatch { .. } => Self::ExceedsBatch,
			Refusal::BatchFull => Self::BatchFull,
			Refusal::EarlierBatchPending => Self::EarlierBatchPending,
			Refusal::CodeChanges => Self::CodeChanges,
			Refusal::MigrationRuns => Self::MigrationRuns,
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_order(who: T::AccountId, call: CallOf<T>) -> DispatchResult {
		let mut lane = Lane::<T>::get();
		ensure!(lane.admitted, Error::<T>::NotDirect);
		lane.admitted = false;
		let Orderable { encoded, weight } =
			Self::check_orderable(&lane, &call).map_err(Error::<T>::from)?;
		Self::check_now(&lane, weight).map_err(Error::<T>::from)?;

		let amount = Self::charge(weight);
		let credit = T::Currency::withdraw(
			&who,
			amount,
			Precision::Exact,
			Preservation::Preserve,
			Fortitude::Polite,
		)
		.map_err(|_| Error::<T>::CannotPay)?;
		T::OnCharge::on_unbalanced(credit);

		let call = encoded.try_into().map_err(|_| Error::<T>::TooLong)?;
		let ticket =
			Self::append(&mut lane, Ticket { who: who.clone(), call, weight, dropped: false });
		Lane::<T>::put(lane);
		Self::deposit_event(Event::Charged { ticket, who, amount });
		Ok(())
	}

	/// Appends `ticket` to the batch of this block, which has room for it. Returns its number.
	fn append(lane: &mut LaneState<T>, ticket: Ticket<T>) -> TicketId {
		let number = lane.next_ticket;
		lane.next_ticket.saturating_inc();
		let version = <T as frame_system::Config>::Version::get();
		let batch = lane.batch.get_or_insert_with(|| PendingBatch {
			ordered_in: frame_system::Pallet::<T>::block_number(),
			first: number,
			count: 0,
			weight: Default::default(),
			spec_version: version.spec_version,
			transaction_version: version.transaction_version,
			recovery: None,
		});
		batch.count.saturating_inc();
		batch.weight.saturating_accrue(ticket.weight);
		// Appends without reading the tickets before it; the count is bounded by `MaxTickets`.
		sp_io::storage::append(&Batch::<T>::hashed_key(), ticket.encode());
		Self::deposit_event(Event::Ordered {
			ticket: number,
			who: ticket.who,
			call_hash: receipt_hash(&ticket.call),
			weight: ticket.weight,
		});
		number
	}

	pub(crate) fn do_drop(ticket: TicketId) -> DispatchResult {
		if Quarantine::<T>::take(ticket).is_some() {
			Self::deposit_event(Event::Dropped { ticket });
			return Ok(());
		}
		let batch = Lane::<T>::get().batch.ok_or(Error::<T>::UnknownTicket)?;
		let index = ticket.checked_sub(batch.first).ok_or(Error::<T>::UnknownTicket)?;
		ensure!(index < batch.count.into(), Error::<T>::UnknownTicket);
		// The receipt is created in its turn, so that receipts are contiguous.
		Batch::<T>::mutate(|tickets| match tickets.get_mut(index as usize) {
			Some(ticket) => ticket.dropped = true,
			None => {
				defensive!("the batch has fewer tickets than its count");
			},
		});
		Ok(())
	}

	pub(crate) fn do_release(ticket: TicketId) -> DispatchResult {
		let QuarantinedTicket { ticket: released, transaction_version } =
			Quarantine::<T>::take(ticket).ok_or(Error::<T>::UnknownTicket)?;
		let version = <T as frame_system::Config>::Version::get();
		ensure!(version.transaction_version == transaction_version, Error::<T>::EncodingChanged);
		let call = released.decode_call().ok_or(Error::<T>::EncodingChanged)?;

		let mut lane = Lane::<T>::get();
		let Orderable { weight, .. } =
			Self::check_orderable(&lane, &call).map_err(Error::<T>::from)?;
		Self::check_now(&lane, weight).map_err(Error::<T>::from)?;
		Self::append(&mut lane, Ticket { weight, ..released });
		Lane::<T>::put(lane);
		Ok(())
	}

	pub(crate) fn do_set_share(share: Perbill) {
		Lane::<T>::mutate(|lane| lane.next_share = Some(share));
		Self::deposit_event(Event::ShareSet { share });
	}

	pub(crate) fn do_set_paused(paused: bool) {
		Lane::<T>::mutate(|lane| lane.paused = paused);
		Self::deposit_event(Event::PausedSet { paused });
	}

	/// Checks the configuration.
	///
	/// # Panics
	///
	/// Panics with the remedy if a value is not usable.
	pub(crate) fn check_integrity() {
		assert!(
			T::StallTimeout::get() > 0,
			"pallet-async-execution: `StallTimeout` is 0 ms, so no batch is ever executed; set it above the time \
			 for which collators may build without inclusion, for example 60000",
		);
		assert!(
			T::QuarantineAfter::get() != Some(0),
			"pallet-async-execution: `QuarantineAfter` is 0; set it to at least 1, or to `None` for never",
		);
		assert!(
			T::MaxTickets::get() > 0 && T::MaxCallLength::get() > 0,
			"pallet-async-execution: `MaxTickets` is {} and `MaxCallLength` is {}; both must be at least 1",
			T::MaxTickets::get(),
			T::MaxCallLength::get(),
		);
	}
}
