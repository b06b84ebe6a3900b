// SPDX-License-Identifier: Apache-2.0

//! Whether a call may be ordered now.

use crate::{pallet::*, types::CallOf, BalanceOf, LaneState, Quote, Refusal, WeightInfo};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
	dispatch::GetDispatchInfo,
	migrations::MultiStepMigrator,
	storage::{storage_prefix, unhashed},
	traits::{
		fungible::Inspect,
		tokens::{Fortitude, Preservation},
		Contains, Get, PalletInfoAccess,
	},
	weights::Weight,
};
use sp_runtime::{traits::Convert, DigestItem};

/// A call that passed all checks that do not depend on other tickets of the batch.
pub(crate) struct Orderable {
	/// Encoded call.
	pub(crate) encoded: Vec<u8>,
	/// Weight that the ticket takes of a batch.
	pub(crate) weight: Weight,
}

impl<T: Config> Pallet<T> {
	/// Returns the maximum weight of the batch that this block executes.
	///
	/// While a batch runs, this depends on nothing but the parent's state.
	pub(crate) fn batch_limit(lane: &LaneState<T>) -> Weight {
		lane.share * T::TargetBlockWeight::get()
	}

	/// Returns the maximum weight of the batch that this block orders.
	fn order_limit(lane: &LaneState<T>) -> Weight {
		// The next block still executes with `share`: `next_share` applies after its batch.
		lane.share * T::TargetBlockWeight::get().min(T::NextTargetBlockWeight::get())
	}

	/// Returns the weight that a ticket with `call` takes of a batch.
	fn ticket_weight(call: &CallOf<T>, length: u32) -> Weight {
		let declared = call.get_dispatch_info().call_weight;
		declared.saturating_add(T::WeightInfo::execute_ticket(length))
	}

	/// Checks everything that is not temporary.
	pub(crate) fn check_orderable(
		lane: &LaneState<T>,
		call: &CallOf<T>,
	) -> Result<Orderable, Refusal> {
		if !lane.has_turn {
			return Err(Refusal::NoTurn);
		}
		if lane.paused {
			return Err(Refusal::Paused);
		}
		if !T::OrderableCalls::contains(call) {
			return Err(Refusal::NotOrderable);
		}
		let encoded = call.encode();
		let (length, max) = (encoded.len() as u32, T::MaxCallLength::get());
		if length > max {
			return Err(Refusal::TooLong { length, max });
		}
		let (weight, max) = (Self::ticket_weight(call, length), Self::order_limit(lane));
		if weight.any_gt(max) {
			return Err(Refusal::ExceedsBatch { weight, max });
		}
		Ok(Orderable { encoded, weight })
	}

	/// Checks whether this block may order a ticket of `weight` at its present position.
	pub(crate) fn check_now(lane: &LaneState<T>, weight: Weight) -> Result<(), Refusal> {
		if Self::code_changes() {
			return Err(Refusal::CodeChanges);
		}
		if T::MultiBlockMigrator::ongoing() {
			return Err(Refusal::MigrationRuns);
		}
		let Some(batch) = &lane.batch else { return Ok(()) };
		if batch.ordered_in != frame_system::Pallet::<T>::block_number() {
			return Err(Refusal::EarlierBatchPending);
		}
		let fits = batch.weight.saturating_add(weight).all_lte(Self::order_limit(lane));
		if batch.count >= T::MaxTickets::get() || !fits {
			return Err(Refusal::BatchFull);
		}
		Ok(())
	}

	/// Returns whether the next block may run on other code than this one.
	fn code_changes() -> bool {
		let digest = frame_system::Pallet::<T>::digest();
		if digest.logs().contains(&DigestItem::RuntimeEnvironmentUpdated) {
			return true;
		}
		// From system version 3 on, new code waits in storage for two blocks.
		let waits = <T as frame_system::Config>::Version::get().system_version >= 3;
		waits && {
			let name = frame_system::Pallet::<T>::name().as_bytes();
			unhashed::exists(&storage_prefix(name, b"BlocksTillUpgrade"))
		}
	}

	/// Returns the amount charged for a ticket of `weight`.
	pub(crate) fn charge(weight: Weight) -> BalanceOf<T> {
		T::Price::convert(weight)
	}

	/// Returns whether `who` can pay for a ticket of `weight`.
	pub(crate) fn can_pay(who: &T::AccountId, weight: Weight) -> bool {
		let balance =
			T::Currency::reducible_balance(who, Preservation::Preserve, Fortitude::Polite);
		balance >= Self::charge(weight)
	}

	/// Returns the cost of ordering `call`, and whether the block after the queried one may order it.
	pub fn quote(call: &CallOf<T>) -> Quote<BalanceOf<T>> {
		let mut lane = Lane::<T>::get();
		// The next block executes the batch of the queried block before it orders.
		let queried = frame_system::Pallet::<T>::block_number();
		lane.batch = lane.batch.filter(|batch| batch.ordered_in != queried);
		let weight = Self::ticket_weight(call, call.encoded_size() as u32);
		let refusal = Self::check_orderable(&lane, call)
			.and_then(|orderable| Self::check_now(&lane, orderable.weight))
			.err();
		Quote { charge: Self::charge(weight), weight, refusal }
	}
}
