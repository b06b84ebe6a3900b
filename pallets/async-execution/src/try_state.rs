// SPDX-License-Identifier: Apache-2.0

//! Checks of the stored state.

use crate::{pallet::*, COMMITMENT_WINDOW};
use frame_support::{ensure, traits::Get, weights::Weight};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Returns the first rule that the stored state breaks.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		let (lane, tickets) = (Lane::<T>::get(), Batch::<T>::get());
		ensure!(!lane.admitted, "an order is admitted, but no transaction is dispatched");
		match lane.batch {
			None => ensure!(tickets.is_empty(), "there are tickets, but no batch is pending"),
			Some(batch) => {
				ensure!(batch.count > 0, "the pending batch is empty");
				ensure!(
					batch.count as usize == tickets.len(),
					"count and tickets of the batch differ"
				);
				ensure!(
					batch.first.checked_add(batch.count.into()) == Some(lane.next_ticket),
					"the pending tickets are not the last ones ordered",
				);
				let weight = tickets
					.iter()
					.fold(Weight::zero(), |sum, ticket| sum.saturating_add(ticket.weight));
				ensure!(batch.weight == weight, "weights of the batch and of its tickets differ");
			},
		}
		ensure!(
			Quarantine::<T>::count() <= T::MaxQuarantined::get(),
			"more tickets are in quarantine than `MaxQuarantined`",
		);
		ensure!(
			Quarantine::<T>::iter_keys().all(|ticket| ticket < lane.next_ticket),
			"a ticket in quarantine was never ordered",
		);
		ensure!(
			Commitments::<T>::iter_keys().all(|slot| slot < COMMITMENT_WINDOW),
			"a commitment is outside of the window",
		);
		Ok(())
	}
}
