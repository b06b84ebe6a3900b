// SPDX-License-Identifier: Apache-2.0

//! What the calls do, and how what they set comes into force.

use crate::{pallet::*, LOG_TARGET};
use conveyor_primitives::{InvalidLimits, Limits as LimitsRecord};
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::{dispatch::DispatchResult, traits::Get};

impl<T> From<InvalidLimits> for Error<T> {
	fn from(reason: InvalidLimits) -> Self {
		match reason {
			InvalidLimits::TargetBlockRateZero => Self::TargetBlockRateZero,
			InvalidLimits::TargetBlockRateAboveVelocity { .. } => {
				Self::TargetBlockRateAboveVelocity
			},
			InvalidLimits::TargetBlockRateAboveBundle { .. } => Self::TargetBlockRateAboveBundle,
			InvalidLimits::CapacityBelowBundle { .. } => Self::CapacityBelowBundle,
			InvalidLimits::CapacityTooHigh { .. } => Self::CapacityTooHigh,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Keep `limits` for the end of the bundle, if a chain can live with them.
	pub(crate) fn do_set_limits(limits: LimitsRecord) -> DispatchResult {
		limits.validate(T::MaxCapacity::get()).map_err(|reason| {
			// The error that goes into the event has no fields.
			log::info!(target: LOG_TARGET, "refused {limits:?}: {reason}");
			Error::<T>::from(reason)
		})?;
		NextLimits::<T>::put(limits);
		let recommended_capacity = Self::recommended_capacity(limits.velocity);
		Self::deposit_event(Event::LimitsSet { limits, recommended_capacity });
		Ok(())
	}

	/// Apply what was set, unless the next block belongs to the same bundle.
	///
	/// The collator decides the length of a bundle once, at its start, and its blocks share a
	/// core's weight: both would be wrong for the rest of the bundle.
	pub(crate) fn apply_next_limits() {
		let bundle_goes_on =
			CumulusDigestItem::is_last_block_in_core(&frame_system::Pallet::<T>::digest())
				.is_some_and(|is_last| !is_last);
		if bundle_goes_on {
			return;
		}
		if let Some(limits) = NextLimits::<T>::take() {
			Limits::<T>::put(limits);
			Self::deposit_event(Event::LimitsApplied { limits });
		}
	}

	/// Whether the storage holds only what the calls can have put there.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn check_state() -> Result<(), sp_runtime::TryRuntimeError> {
		for limits in core::iter::once(Limits::<T>::get()).chain(NextLimits::<T>::get()) {
			if let Err(reason) = limits.validate(T::MaxCapacity::get()) {
				log::error!(target: LOG_TARGET, "{limits:?} in storage: {reason}");
				return Err("pallet-velocity: invalid limits in storage".into());
			}
		}
		Ok(())
	}
}
