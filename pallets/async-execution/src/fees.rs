// SPDX-License-Identifier: Apache-2.0

//! Fee multiplier that counts ordered weight.

use crate::pallet::*;
use core::marker::PhantomData;
use frame_support::{dispatch::DispatchClass, weights::Weight};
use frame_system::BlockWeight;
use pallet_transaction_payment::{Multiplier, MultiplierUpdate};
use sp_runtime::{traits::Convert, Perquintill};

/// Fee multiplier update `U` that counts the weight ordered in a block as used by normal transactions.
///
/// A batch is executed as mandatory weight, which the SDK's updates do not count. In a block without orders the result is
/// that of `U`.
pub struct CountOrdered<T, U>(PhantomData<(T, U)>);

impl<T: Config, U: Convert<Multiplier, Multiplier>> Convert<Multiplier, Multiplier>
	for CountOrdered<T, U>
{
	fn convert(previous: Multiplier) -> Multiplier {
		let ordered = Pallet::<T>::ordered_weight();
		if ordered == Weight::zero() {
			return U::convert(previous);
		}
		let used = BlockWeight::<T>::get();
		let mut counted = used.clone();
		counted.accrue(ordered, DispatchClass::Normal);
		BlockWeight::<T>::put(counted);
		let next = U::convert(previous);
		BlockWeight::<T>::put(used);
		next
	}
}

impl<T: Config, U: MultiplierUpdate> MultiplierUpdate for CountOrdered<T, U> {
	fn min() -> Multiplier {
		U::min()
	}

	fn max() -> Multiplier {
		U::max()
	}

	fn target() -> Perquintill {
		U::target()
	}

	fn variability() -> Multiplier {
		U::variability()
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the weight of the tickets that this block has ordered.
	fn ordered_weight() -> Weight {
		let number = frame_system::Pallet::<T>::block_number();
		Lane::<T>::get()
			.batch
			.filter(|batch| batch.ordered_in == number)
			.map_or_else(Weight::zero, |batch| batch.weight)
	}
}
