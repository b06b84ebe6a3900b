// SPDX-License-Identifier: Apache-2.0

//! Tells those who act on inclusion.
//!
//! What is to be told is a range of numbers, from the last block told to the last one included. It
//! takes no room however long it is, and what does not fit into a block is still there in the next.

use crate::{pallet::*, OnIncluded, TrackerRecord, WeightInfo};
use frame_support::{
	traits::Get,
	weights::{Weight, WeightMeter},
};

impl<T: Config> Pallet<T> {
	/// The weight without which nobody can be told of a block.
	pub(crate) fn weight_to_tell_a_block() -> Weight {
		<T as Config>::WeightInfo::tell_base().saturating_add(Self::weight_per_block())
	}

	fn weight_per_block() -> Weight {
		<T as Config>::WeightInfo::tell_block().saturating_add(T::OnIncluded::max_weight())
	}

	/// Tells of included blocks, in order, as long as the weight for it suffices.
	pub(crate) fn tell(meter: &mut WeightMeter) {
		let limit = T::OnIncludedWeight::get().min(meter.remaining());
		let mut own = WeightMeter::with_limit(limit);
		if own.try_consume(<T as Config>::WeightInfo::tell_base()).is_err() {
			return;
		}
		if let Some(mut tracker) = Tracker::<T>::get() {
			let told_before = tracker.told;
			while Self::tell_next(&mut tracker, &mut own) {}
			if tracker.told != told_before {
				Tracker::<T>::put(tracker);
			}
		}
		meter.consume(own.consumed());
	}

	/// Tells of one block. Answers whether there was one, and weight for it.
	pub(crate) fn tell_next(
		tracker: &mut TrackerRecord<<T as Config>::MaxCapacity>,
		meter: &mut WeightMeter,
	) -> bool {
		if tracker.told >= tracker.included || !meter.can_consume(Self::weight_per_block()) {
			return false;
		}
		let number = tracker.told.saturating_add(1);
		let used = T::OnIncluded::on_included(number);
		tracker.told = number;
		// More than the most is the listener's fault. It must not stop the others.
		meter.consume(
			<T as Config>::WeightInfo::tell_block()
				.saturating_add(used.min(T::OnIncluded::max_weight())),
		);
		true
	}
}
