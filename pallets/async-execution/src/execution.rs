// SPDX-License-Identifier: Apache-2.0

//! The turn of the lane at the start of a block: settles the pending batch.

use crate::{
	events::EventRecords,
	pallet::*,
	recovery::{progress, standstill, timeout},
	seal::sealed,
	LaneState, PendingBatch, QuarantinedTicket, Ticket, WeightInfo, COMMITMENT_WINDOW, LOG_TARGET,
};
use alloc::vec::Vec;
use conveyor_primitives::lane::{receipt_hash, Commitment, Receipt, TicketResult};
use frame_support::{
	defensive,
	dispatch::{extract_actual_weight, GetDispatchInfo},
	migrations::MultiStepMigrator,
	storage::with_storage_layer,
	traits::Get,
	weights::Weight,
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::{traits::Dispatchable, DispatchError, DispatchResult, SaturatedConversion};

type ReceiptOf<T> = Receipt<<T as frame_system::Config>::AccountId>;

/// Receipts of the tickets at the front of a batch, and what is left of it.
struct Settled<T: Config> {
	receipts: Vec<ReceiptOf<T>>,
	left: Vec<Ticket<T>>,
	/// Weight of executed tickets, including the work around the calls.
	weight: Weight,
}

impl<T: Config> Pallet<T> {
	/// Settles the pending batch. Called once per block, before any other pallet. Returns the weight that was used.
	pub(crate) fn take_turn() -> Weight {
		let before = Lane::<T>::get();
		let mut lane = LaneState { has_turn: true, admitted: false, ..before.clone() };
		let mut weight = T::WeightInfo::turn_without_batch();
		if let Some(batch) = lane.batch.take() {
			let (left, used) = Self::settle(&lane, batch);
			lane.batch = left;
			weight.saturating_accrue(used);
		}
		if let Some(share) = lane.next_share.take() {
			lane.share = share;
		}
		if lane != before {
			Lane::<T>::put(lane);
		}
		weight
	}

	/// Settles as many tickets of `batch` as this block may. Returns the rest of the batch, and the weight that was used.
	fn settle(lane: &LaneState<T>, batch: PendingBatch<T>) -> (Option<PendingBatch<T>>, Weight) {
		let version = <T as frame_system::Config>::Version::get();
		let is_same_version = batch.spec_version == version.spec_version
			&& batch.transaction_version == version.transaction_version;
		if !is_same_version {
			let settled = Self::drop_all(batch.first, Self::take_tickets(&batch));
			return Self::conclude(batch, settled);
		}
		let gap = T::GapToParent::get();
		if gap >= timeout(batch.recovery.as_ref(), T::StallTimeout::get()) {
			return Self::trip(batch, gap);
		}
		if T::MultiBlockMigrator::ongoing() {
			return (Some(batch), Weight::zero());
		}
		let limit = batch.recovery.and_then(|recovery| recovery.limit).unwrap_or(u32::MAX);
		let tickets = Self::take_tickets(&batch);
		let (settled, deposited) = sealed::<T, _>(|| {
			let max_weight = Self::batch_limit(lane);
			Self::execute_front(batch.first, tickets, limit, max_weight)
		});
		let result = Self::conclude(batch, settled);
		deposited.into_iter().for_each(frame_system::Pallet::<T>::deposit_log);
		result
	}

	/// Takes the tickets of `batch` from storage.
	fn take_tickets(batch: &PendingBatch<T>) -> Vec<Ticket<T>> {
		let tickets = Batch::<T>::take().into_inner();
		if tickets.len() != batch.count as usize {
			defensive!("count and tickets of the pending batch differ");
		}
		tickets
	}

	/// Changes the state of the circuit breaker at a standstill. Executes nothing.
	fn trip(batch: PendingBatch<T>, gap: u64) -> (Option<PendingBatch<T>>, Weight) {
		let standstill = standstill(batch.recovery, T::QuarantineAfter::get());
		let recovery = standstill.recovery;
		log::warn!(
			target: LOG_TARGET,
			"no block for {gap} ms: this block executes none of the {} pending tickets from {} on ({recovery:?})",
			batch.count,
			batch.first,
		);
		Self::deposit_event(Event::Tripped { gap, recovery });
		let batch = PendingBatch { recovery: Some(recovery), ..batch };
		if !standstill.quarantines_head {
			return (Some(batch), T::WeightInfo::standstill());
		}
		let mut tickets = Self::take_tickets(&batch);
		let left = tickets.split_off(tickets.len().min(1));
		let receipts = tickets
			.into_iter()
			.map(|head| match head.dropped {
				true => Self::drop_ticket_now(batch.first, head),
				false => Self::quarantine(batch.first, head),
			})
			.collect();
		let settled = Settled { receipts, left, weight: T::WeightInfo::standstill() };
		Self::conclude(batch, settled)
	}

	/// Stores what is left of `batch`, and the commitment to the receipts.
	fn conclude(batch: PendingBatch<T>, settled: Settled<T>) -> (Option<PendingBatch<T>>, Weight) {
		let Settled { receipts, left, weight } = settled;
		if let Some(commitment) = Commitment::new(batch.ordered_in, &receipts) {
			let number = frame_system::Pallet::<T>::block_number();
			let slot = number.saturated_into::<u64>() % u64::from(COMMITMENT_WINDOW);
			Commitments::<T>::insert(slot as u32, (number, commitment));
			frame_system::Pallet::<T>::deposit_log(commitment.to_digest_item());
		}
		let weight = weight.saturating_add(T::WeightInfo::conclude(receipts.len() as u32));
		if left.is_empty() {
			return (None, weight);
		}
		let was_executed = receipts
			.iter()
			.any(|receipt| matches!(receipt.result, TicketResult::Ok | TicketResult::Err));
		let recovery = match batch.recovery {
			Some(recovery) if was_executed => Some(progress(recovery)),
			unchanged => unchanged,
		};
		let rest = PendingBatch {
			first: batch.first.saturating_add(receipts.len() as u64),
			count: left.len() as u32,
			weight: left
				.iter()
				.fold(Weight::zero(), |sum, ticket| sum.saturating_add(ticket.weight)),
			recovery,
			..batch
		};
		Batch::<T>::put(BoundedVec::truncate_from(left));
		(Some(rest), weight)
	}

	/// Executes at most `limit` tickets from the front, as long as their declared weights fit into `max_weight`.
	fn execute_front(
		first: u64,
		tickets: Vec<Ticket<T>>,
		limit: u32,
		max_weight: Weight,
	) -> Settled<T> {
		let mut events = EventRecords::take::<T>();
		let (mut receipts, mut weight) = (Vec::with_capacity(tickets.len()), Weight::zero());
		let (mut declared, mut executed) = (Weight::zero(), 0);
		let mut tickets = tickets.into_iter().peekable();
		while let Some(ticket) = tickets.next_if(|ticket| {
			let fits = declared.saturating_add(ticket.weight).all_lte(max_weight);
			ticket.dropped || ticket.weight.any_gt(max_weight) || (fits && executed < limit)
		}) {
			let number = first.saturating_add(receipts.len() as u64);
			let receipt = if ticket.dropped {
				Self::drop_ticket_now(number, ticket)
			} else if ticket.weight.any_gt(max_weight) {
				// It fits into no block of this share.
				Self::quarantine(number, ticket)
			} else {
				executed += 1;
				declared.saturating_accrue(ticket.weight);
				let (receipt, used) = Self::execute_ticket(number, ticket, &mut events);
				weight.saturating_accrue(used);
				receipt
			};
			receipts.push(receipt);
			events.append(EventRecords::take::<T>());
		}
		events.put::<T>();
		Settled { receipts, left: tickets.collect(), weight }
	}

	/// Executes one ticket. Returns its receipt, and the weight with the work around the call.
	fn execute_ticket(
		number: u64,
		ticket: Ticket<T>,
		events: &mut EventRecords,
	) -> (ReceiptOf<T>, Weight) {
		let (result, weight) = Self::dispatch(&ticket);
		let deposited = EventRecords::take::<T>();
		let events_hash = deposited.hash();
		events.append(deposited);
		Self::deposit_event(Event::Executed { ticket: number, result, weight });
		let around = T::WeightInfo::execute_ticket(ticket.call.len() as u32);
		let result = if result.is_ok() { TicketResult::Ok } else { TicketResult::Err };
		let receipt = Receipt { weight, events_hash, ..Self::receipt(number, &ticket, result) };
		(receipt, weight.saturating_add(around))
	}

	/// Dispatches the call of `ticket`. Returns its result and weight.
	fn dispatch(ticket: &Ticket<T>) -> (DispatchResult, Weight) {
		let Some(call) = ticket.decode_call() else {
			defensive!("the code that ordered the call decodes it");
			return (Err(DispatchError::Corruption), Weight::zero());
		};
		let info = call.get_dispatch_info();
		let origin = RawOrigin::Signed(ticket.who.clone());
		let result = with_storage_layer(|| call.dispatch(origin.into()));
		let weight = extract_actual_weight(&result, &info);
		(result.map(|_| ()).map_err(|error| error.error), weight)
	}

	/// Sets `ticket` aside, or drops it if the quarantine is full.
	fn quarantine(number: u64, ticket: Ticket<T>) -> ReceiptOf<T> {
		if Quarantine::<T>::count() >= T::MaxQuarantined::get() {
			return Self::drop_ticket_now(number, ticket);
		}
		let receipt = Self::receipt(number, &ticket, TicketResult::Quarantined);
		let transaction_version = <T as frame_system::Config>::Version::get().transaction_version;
		Quarantine::<T>::insert(number, QuarantinedTicket { ticket, transaction_version });
		Self::deposit_event(Event::Quarantined { ticket: number });
		receipt
	}

	fn drop_ticket_now(number: u64, ticket: Ticket<T>) -> ReceiptOf<T> {
		Self::deposit_event(Event::Dropped { ticket: number });
		Self::receipt(number, &ticket, TicketResult::Dropped)
	}

	fn drop_all(first: u64, tickets: Vec<Ticket<T>>) -> Settled<T> {
		let receipts = (first..)
			.zip(tickets)
			.map(|(number, ticket)| Self::drop_ticket_now(number, ticket))
			.collect();
		Settled { receipts, left: Vec::new(), weight: Weight::zero() }
	}

	/// Returns the receipt of a ticket that used no weight and deposited no events.
	fn receipt(number: u64, ticket: &Ticket<T>, result: TicketResult) -> ReceiptOf<T> {
		Receipt {
			ticket: number,
			who: ticket.who.clone(),
			call_hash: receipt_hash(&ticket.call),
			result,
			weight: Weight::zero(),
			events_hash: EventRecords::default().hash(),
		}
	}

	/// Returns the commitment of block `number`. `None` if the block settled no ticket, or is too old.
	pub fn commitment(number: BlockNumberFor<T>) -> Option<Commitment<BlockNumberFor<T>>> {
		let slot = number.saturated_into::<u64>() % u64::from(COMMITMENT_WINDOW);
		Commitments::<T>::get(slot as u32)
			.filter(|(stored, _)| *stored == number)
			.map(|(_, commitment)| commitment)
	}
}
