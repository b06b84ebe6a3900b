// SPDX-License-Identifier: Apache-2.0

//! How many messages a block takes into the queue.

use crate::pallet::*;
use conveyor_primitives::share::FULL_CORE;
use core::marker::PhantomData;
use cumulus_pallet_parachain_system::{
	block_weight::{BlockWeightMode as Mode, MaxParachainBlockWeight},
	BlockWeightMode,
};
use frame_support::{traits::Get, weights::Weight};
use frame_system::Phase;

/// What a block may weigh: `MaxParachainBlockWeight`, but while inherents are created and executed no
/// more than the block's share.
///
/// parachain-system takes in messages up to a part of this weight. What it does not take in comes in
/// the next block, so no message is lost. A block that needed the full core before its inherents keeps
/// it.
pub struct MaxBlockWeight<T>(PhantomData<T>);

impl<T: Config> Get<Weight> for MaxBlockWeight<T> {
	fn get() -> Weight {
		let max_block = MaxParachainBlockWeight::<T, T::TargetBlockRate>::get();
		// Transactions ask for this a dozen times each. The first two questions cost no storage access.
		let is_share = max_block != FULL_CORE || T::TargetBlockRate::get() <= 1;
		match !is_share && Pallet::<T>::applies_inherents() {
			true => Pallet::<T>::share(&frame_system::Pallet::<T>::digest()),
			false => max_block,
		}
	}
}

/// What a block may spend on taking in messages from other parachains: all that it has left.
///
/// For `ReservedXcmpWeight` of parachain-system. `xcmp-queue` *drops* what exceeds the reservation, so
/// it must not be short. It costs nothing, because only what is used counts. If a flood of tiny messages
/// needs more than the share, a bundle's first block takes the full core.
pub struct XcmpReservation<T>(PhantomData<T>);

impl<T: Config> Get<Weight> for XcmpReservation<T> {
	fn get() -> Weight {
		MaxParachainBlockWeight::<T, T::TargetBlockRate>::get()
			.saturating_sub(frame_system::BlockWeight::<T>::get().total())
	}
}

impl<T: Config> Pallet<T> {
	/// Whether inherents are created or executed, in a block that does not have the full core already.
	fn applies_inherents() -> bool {
		!frame_system::Pallet::<T>::inherents_applied()
			&& matches!(
				frame_system::Pallet::<T>::execution_phase(),
				Some(Phase::ApplyExtrinsic(_))
			) && !matches!(BlockWeightMode::<T>::get(), Some(Mode::FullCore { .. }))
	}
}
