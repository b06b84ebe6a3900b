// SPDX-License-Identifier: Apache-2.0

//! What the calls do, and how what they schedule comes into force.

use crate::{pallet::*, LOG_TARGET};
use conveyor_primitives::{
	advice::advice, Advice, InvalidLimits, Limits as LimitsRecord, MaxLimits, RestOfSlot,
	ScheduledLimits, Start,
};
use cumulus_pallet_parachain_system::{self as parachain_system, ValidationData};
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::{defensive, dispatch::DispatchResult, ensure, traits::Get};

impl<T> From<InvalidLimits> for Error<T> {
	fn from(reason: InvalidLimits) -> Self {
		match reason {
			InvalidLimits::TargetBlockRateZero => Self::TargetBlockRateZero,
			InvalidLimits::TargetBlockRateAboveVelocity { .. } => {
				Self::TargetBlockRateAboveVelocity
			},
			InvalidLimits::TargetBlockRateTooHigh { .. } => Self::TargetBlockRateTooHigh,
			InvalidLimits::CapacityBelowBundle { .. } => Self::CapacityBelowBundle,
			InvalidLimits::CapacityTooHigh { .. } => Self::CapacityTooHigh,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The highest limits that the runtime allows.
	pub(crate) fn max_limits() -> MaxLimits {
		MaxLimits {
			capacity: T::MaxCapacity::get(),
			target_block_rate: T::MaxTargetBlockRate::get(),
		}
	}

	/// What to expect of `limits`, or why no chain can live with them.
	pub(crate) fn advise(limits: &LimitsRecord) -> Result<Advice, InvalidLimits> {
		limits.validate(&Self::max_limits())?;
		Ok(advice(limits, &Self::pipeline(), Self::relay_scheduling()))
	}

	/// Keep `limits` for their time, if a chain can live with them.
	pub(crate) fn do_schedule_limits(limits: LimitsRecord, at: Start) -> DispatchResult {
		let Advice { recommended_capacity, warnings, .. } =
			Self::advise(&limits).map_err(|reason| {
				// The error that goes into the event has no fields.
				log::info!(target: LOG_TARGET, "refused {limits:?}: {reason}");
				Error::<T>::from(reason)
			})?;
		let due = Self::due(at)?;
		for warning in &warnings {
			log::warn!(target: LOG_TARGET, "{limits:?}: {warning}");
		}
		let replaced = Scheduled::<T>::get();
		Scheduled::<T>::put(ScheduledLimits { limits, due });
		Self::deposit_event(Event::LimitsScheduled {
			limits,
			due,
			recommended_capacity,
			warnings,
			replaced,
		});
		Ok(())
	}

	/// The relay block from which on limits are due that are scheduled for `at`.
	fn due(at: Start) -> Result<u32, Error<T>> {
		// Unknown before the inherent, which is when a scheduler executes what governance has
		// decided.
		let current = ValidationData::<T>::get().map(|data| data.relay_parent_number);
		let last = parachain_system::Pallet::<T>::last_relay_block_number();
		let relay_block = match at {
			Start::Now => return Ok(current.unwrap_or(last.saturating_add(1))),
			Start::RelayBlock(relay_block) => relay_block,
		};
		let current = current.unwrap_or(last);
		let latest = current.saturating_add(T::MaxScheduleAhead::get());
		ensure!(relay_block > current, {
			log::info!(
				target: LOG_TARGET,
				"refused to schedule for relay block {relay_block}: this block is built on \
				 {current}. Choose a later one, or `Now`",
			);
			Error::<T>::RelayBlockPassed
		});
		ensure!(relay_block <= latest, {
			log::info!(
				target: LOG_TARGET,
				"refused to schedule for relay block {relay_block}: the latest is {latest}. Choose \
				 an earlier one",
			);
			Error::<T>::RelayBlockTooFarAhead
		});
		Ok(relay_block)
	}

	/// Forget what was scheduled.
	pub(crate) fn do_cancel_scheduled_limits() -> DispatchResult {
		let ScheduledLimits { limits, due } =
			Scheduled::<T>::take().ok_or(Error::<T>::NothingScheduled)?;
		Self::deposit_event(Event::ScheduledLimitsCancelled { limits, due });
		Ok(())
	}

	/// Apply what was scheduled if it is due and this is the place for it.
	///
	/// Never within a bundle: the collator decides the length of a bundle once, at its start, and
	/// its blocks share a core's weight. It even decides once for all bundles of a relay slot.
	/// Therefore the change waits for the last core. If that has not come by the next relay parent
	/// (its blocks did not fit, or were left out to hand over to the next collator), it happens after
	/// the first core and closes the relay slot for the others.
	pub(crate) fn apply_scheduled_limits() {
		let Some(ScheduledLimits { limits, due }) = Scheduled::<T>::get() else { return };
		let digest = frame_system::Pallet::<T>::digest();
		let bundle_goes_on =
			CumulusDigestItem::is_last_block_in_core(&digest).is_some_and(|is_last| !is_last);
		if bundle_goes_on {
			return;
		}
		let Some(relay_parent) = ValidationData::<T>::get().map(|data| data.relay_parent_number)
		else {
			// Without the inherent parachain-system has already rejected the block.
			defensive!("validation data is missing at the end of a block");
			return;
		};
		if relay_parent < due {
			return;
		}
		let before = Limits::<T>::get();
		let rest = if Self::is_for_last_core(&digest) {
			RestOfSlot::Before(before)
		} else if relay_parent > due {
			RestOfSlot::Closed
		} else {
			return;
		};
		Authored::<T>::mutate_extant(|authored| authored.rest = rest);
		Scheduled::<T>::kill();
		Limits::<T>::put(limits);
		Self::deposit_event(Event::LimitsApplied { limits });
	}

	/// Whether the storage holds only what the calls can have put there.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn check_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let scheduled = Scheduled::<T>::get().map(|scheduled| scheduled.limits);
		for limits in core::iter::once(Limits::<T>::get()).chain(scheduled) {
			if let Err(reason) = limits.validate(&Self::max_limits()) {
				log::error!(target: LOG_TARGET, "{limits:?} in storage: {reason}");
				return Err("pallet-velocity: invalid limits in storage".into());
			}
		}
		Ok(())
	}
}
