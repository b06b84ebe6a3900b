// SPDX-License-Identifier: Apache-2.0

//! Wrapper of the executive's pallets that gives the lane the first turn in a block.

use crate::{pallet::*, LOG_TARGET};
use core::marker::PhantomData;
use frame_executive::OnInitializeWithWeightRegistration;
use frame_support::{
	dispatch::DispatchClass,
	traits::{
		BeforeAllRuntimeMigrations, OffchainWorker, OnFinalize, OnIdle, OnPoll, OnRuntimeUpgrade,
	},
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
#[cfg(feature = "try-runtime")]
use {
	alloc::vec::Vec,
	frame_support::traits::{
		TryDecodeEntireStorage, TryDecodeEntireStorageError, TryState, TryStateSelect,
	},
	sp_runtime::TryRuntimeError,
};

// Whether the turn of the present block was given. Not in storage: it costs no proof.
environmental::environmental!(turn: ());

/// All pallets `P` of a runtime, with the first turn for the pallet `Lane`.
///
/// ```ignore
/// pub type Executive = frame_executive::Executive<
///     Runtime,
///     Block,
///     frame_system::ChainContext<Runtime>,
///     Runtime,
///     pallet_async_execution::AheadOf<AsyncExecution, AllPalletsWithSystem>,
/// >;
/// ```
pub struct AheadOf<Lane, P>(PhantomData<(Lane, P)>);

impl<T: Config, P: OnInitializeWithWeightRegistration<T>> OnInitializeWithWeightRegistration<T>
	for AheadOf<Pallet<T>, P>
{
	fn on_initialize_with_weight_registration(number: BlockNumberFor<T>) -> Weight {
		let weight = Pallet::<T>::take_turn();
		frame_system::Pallet::<T>::register_extra_weight_unchecked(
			weight,
			DispatchClass::Mandatory,
		);
		let others = turn::using(&mut (), || P::on_initialize_with_weight_registration(number));
		weight.saturating_add(others)
	}
}

impl<T: Config> Pallet<T> {
	/// Closes ordering if the block gave the pallet no turn.
	pub(crate) fn check_turn() -> Weight {
		if turn::with(|_| ()).is_none() {
			log::error!(
				target: LOG_TARGET,
				"no ticket is ordered, because the runtime executes none: set the pallets of `Executive` to \
				 `pallet_async_execution::AheadOf<AsyncExecution, AllPalletsWithSystem>`",
			);
			if Lane::<T>::get().has_turn {
				Lane::<T>::mutate(|lane| lane.has_turn = false);
			}
		}
		Weight::zero()
	}
}

impl<L, P: BeforeAllRuntimeMigrations> BeforeAllRuntimeMigrations for AheadOf<L, P> {
	fn before_all_runtime_migrations() -> Weight {
		P::before_all_runtime_migrations()
	}
}

impl<L, P: OnRuntimeUpgrade> OnRuntimeUpgrade for AheadOf<L, P> {
	fn on_runtime_upgrade() -> Weight {
		P::on_runtime_upgrade()
	}

	// `P` may be a tuple, which has no `pre_upgrade` and no `post_upgrade`.
	#[cfg(feature = "try-runtime")]
	fn try_on_runtime_upgrade(checks: bool) -> Result<Weight, TryRuntimeError> {
		P::try_on_runtime_upgrade(checks)
	}

	#[cfg(feature = "try-runtime")]
	fn pre_upgrade() -> Result<Vec<u8>, TryRuntimeError> {
		P::pre_upgrade()
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(state: Vec<u8>) -> Result<(), TryRuntimeError> {
		P::post_upgrade(state)
	}
}

impl<L, N, P: OnIdle<N>> OnIdle<N> for AheadOf<L, P> {
	fn on_idle(number: N, remaining: Weight) -> Weight {
		P::on_idle(number, remaining)
	}
}

impl<L, N, P: OnPoll<N>> OnPoll<N> for AheadOf<L, P> {
	fn on_poll(number: N, meter: &mut WeightMeter) {
		P::on_poll(number, meter)
	}
}

impl<L, N, P: OnFinalize<N>> OnFinalize<N> for AheadOf<L, P> {
	fn on_finalize(number: N) {
		P::on_finalize(number)
	}
}

impl<L, N, P: OffchainWorker<N>> OffchainWorker<N> for AheadOf<L, P> {
	fn offchain_worker(number: N) {
		P::offchain_worker(number)
	}
}

#[cfg(feature = "try-runtime")]
impl<L, N, P: TryState<N>> TryState<N> for AheadOf<L, P> {
	fn try_state(number: N, targets: TryStateSelect) -> Result<(), TryRuntimeError> {
		P::try_state(number, targets)
	}
}

#[cfg(feature = "try-runtime")]
impl<L, P: TryDecodeEntireStorage> TryDecodeEntireStorage for AheadOf<L, P> {
	fn try_decode_entire_state() -> Result<usize, Vec<TryDecodeEntireStorageError>> {
		P::try_decode_entire_state()
	}
}
