// SPDX-License-Identifier: Apache-2.0

//! Notifications of inclusion: calls of [`OnIncluded`].
//!
//! The pending notifications are the block numbers from `notified + 1` to `included`. They take no
//! storage, and those that do not fit into a block are made in the next blocks.

use crate::{pallet::*, tracker::Tracker, OnIncluded, WeightInfo};
use frame_support::{
	traits::Get,
	weights::{Weight, WeightMeter},
};

impl<T: Config> Pallet<T> {
	/// Returns the minimum weight for one notification.
	pub(crate) fn min_notification_weight() -> Weight {
		<T as Config>::WeightInfo::notify_base().saturating_add(Self::weight_per_notification())
	}

	fn weight_per_notification() -> Weight {
		<T as Config>::WeightInfo::notify_block().saturating_add(T::OnIncluded::max_weight())
	}

	/// Makes pending notifications, in order, until the weight is used up.
	pub(crate) fn notify(meter: &mut WeightMeter) {
		let limit = T::OnIncludedWeight::get().min(meter.remaining());
		let mut notification_meter = WeightMeter::with_limit(limit);
		if notification_meter.try_consume(<T as Config>::WeightInfo::notify_base()).is_err() {
			return;
		}
		if let Some(mut tracker) = Tracking::<T>::get() {
			let previous = tracker.notified;
			while Self::notify_next(&mut tracker, &mut notification_meter) {}
			if tracker.notified != previous {
				Tracking::<T>::put(tracker);
			}
		}
		meter.consume(notification_meter.consumed());
	}

	/// Makes one notification. Returns whether one was pending and the weight sufficed.
	pub(crate) fn notify_next(
		tracker: &mut Tracker<<T as Config>::MaxCapacity>,
		meter: &mut WeightMeter,
	) -> bool {
		if tracker.notified >= tracker.included
			|| !meter.can_consume(Self::weight_per_notification())
		{
			return false;
		}
		let number = tracker.notified.saturating_add(1);
		let used = T::OnIncluded::on_included(number);
		tracker.notified = number;
		// An implementation that reports more than its maximum must not block later notifications.
		meter.consume(
			<T as Config>::WeightInfo::notify_block()
				.saturating_add(used.min(T::OnIncluded::max_weight())),
		);
		true
	}
}
