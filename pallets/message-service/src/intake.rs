// SPDX-License-Identifier: Apache-2.0

//! Intake of messages into the queue.

use crate::pallet::*;
use conveyor_primitives::share::FULL_CORE;
use core::marker::PhantomData;
use cumulus_pallet_parachain_system::{
	block_weight::{BlockWeightMode as Mode, MaxParachainBlockWeight},
	BlockWeightMode,
};
use frame_support::{traits::Get, weights::Weight};
use frame_system::Phase;

/// Maximum block weight: `MaxParachainBlockWeight`, but at most the block's share while inherents are
/// created and executed.
///
/// parachain-system takes in messages up to a part of this weight. The next blocks take in the rest, so no
/// message is lost. A block that uses the full core before its inherents keeps it.
pub struct MaxBlockWeight<T>(PhantomData<T>);

impl<T: Config> Get<Weight> for MaxBlockWeight<T> {
	fn get() -> Weight {
		let max_block = MaxParachainBlockWeight::<T, T::TargetBlockRate>::get();
		// Every transaction reads this a dozen times. These two conditions need no storage access.
		let is_share = max_block != FULL_CORE || T::TargetBlockRate::get() <= 1;
		match !is_share && Pallet::<T>::applies_inherents() {
			true => Pallet::<T>::share(&frame_system::Pallet::<T>::digest()),
			false => max_block,
		}
	}
}

/// Maximum weight for the intake of messages from other parachains: all weight that the block has left.
///
/// For `ReservedXcmpWeight` of parachain-system. `xcmp-queue` *drops* messages that exceed the reservation.
/// A high reservation costs nothing, because only used weight counts. If many tiny messages need more than
/// the share, the first block of a bundle uses the full core.
pub struct XcmpReservation<T>(PhantomData<T>);

impl<T: Config> Get<Weight> for XcmpReservation<T> {
	fn get() -> Weight {
		MaxParachainBlockWeight::<T, T::TargetBlockRate>::get()
			.saturating_sub(frame_system::BlockWeight::<T>::get().total())
	}
}

impl<T: Config> Pallet<T> {
	/// Returns whether inherents are created or executed, in a block that does not use the full core yet.
	fn applies_inherents() -> bool {
		!frame_system::Pallet::<T>::inherents_applied()
			&& matches!(
				frame_system::Pallet::<T>::execution_phase(),
				Some(Phase::ApplyExtrinsic(_))
			) && !matches!(BlockWeightMode::<T>::get(), Some(Mode::FullCore { .. }))
	}
}
