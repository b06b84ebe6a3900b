// SPDX-License-Identifier: Apache-2.0

//! Implementation of the calls, and application of scheduled limits.

use crate::{pallet::*, LOG_TARGET};
use conveyor_primitives::{
	advice::advice, Advice, ApplyAt, InvalidLimits, Limits, MaxLimits, RestOfSlot, ScheduledLimits,
};
use cumulus_pallet_parachain_system::{self as parachain_system, ValidationData};
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
	/// Returns the maximum limits of the runtime.
	pub(crate) fn max_limits() -> MaxLimits {
		MaxLimits {
			capacity: T::MaxCapacity::get(),
			target_block_rate: T::MaxTargetBlockRate::get(),
		}
	}

	/// Returns the advice on `limits`, or the rule that they break.
	pub(crate) fn advise(limits: &Limits) -> Result<Advice, InvalidLimits> {
		limits.validate(&Self::max_limits())?;
		Ok(advice(limits, &Self::pipeline(), Self::relay_scheduling()))
	}

	/// Stores valid `limits` as scheduled.
	pub(crate) fn do_schedule_limits(limits: Limits, at: ApplyAt) -> DispatchResult {
		let Advice { recommended_capacity, warnings, .. } =
			Self::advise(&limits).map_err(|reason| {
				// Dispatch errors have no fields, so the log contains the values.
				log::info!(target: LOG_TARGET, "rejected {limits:?}: {reason}");
				Error::<T>::from(reason)
			})?;
		let due_relay_block = Self::due_relay_block(at)?;
		for warning in &warnings {
			log::warn!(target: LOG_TARGET, "{limits:?}: {warning}");
		}
		let replaced = Scheduled::<T>::get();
		Scheduled::<T>::put(ScheduledLimits { limits, due_relay_block });
		Self::deposit_event(Event::LimitsScheduled {
			limits,
			due_relay_block,
			recommended_capacity,
			warnings,
			replaced,
		});
		Ok(())
	}

	/// Returns the relay block from which on limits apply that are scheduled for `at`.
	fn due_relay_block(at: ApplyAt) -> Result<u32, Error<T>> {
		// Unknown before the inherent, for example when the scheduler dispatches the call.
		let current = ValidationData::<T>::get().map(|data| data.relay_parent_number);
		let last = parachain_system::Pallet::<T>::last_relay_block_number();
		let relay_block = match at {
			ApplyAt::Now => return Ok(current.unwrap_or(last.saturating_add(1))),
			ApplyAt::RelayBlock(relay_block) => relay_block,
		};
		let current = current.unwrap_or(last);
		let latest = current.saturating_add(T::MaxScheduleAhead::get());
		ensure!(relay_block > current, {
			log::info!(
				target: LOG_TARGET,
				"rejected limits for relay block {relay_block}: it must be above the relay parent \
				 {current}. Choose a later one, or `Now`",
			);
			Error::<T>::RelayBlockPassed
		});
		ensure!(relay_block <= latest, {
			log::info!(
				target: LOG_TARGET,
				"rejected limits for relay block {relay_block}: it must be at most {latest}. \
				 Choose an earlier one",
			);
			Error::<T>::RelayBlockTooFarAhead
		});
		Ok(relay_block)
	}

	/// Removes the scheduled limits.
	pub(crate) fn do_cancel_scheduled_limits() -> DispatchResult {
		let ScheduledLimits { limits, due_relay_block } =
			Scheduled::<T>::take().ok_or(Error::<T>::NothingScheduled)?;
		Self::deposit_event(Event::ScheduledLimitsCancelled { limits, due_relay_block });
		Ok(())
	}

	/// Applies the scheduled limits at the end of the block, if they are due.
	///
	/// Limits never change within a bundle: its blocks share the weight of a core, and the collator
	/// plans its length once. The collator plans all bundles of a relay slot at the same time, so the
	/// change waits for the bundle of the last core. If the last core has no block (its blocks did not
	/// fit, or were skipped for the next collator), the change happens on a later relay parent after the
	/// first bundle, and the relay slot admits no more blocks.
	pub(crate) fn apply_scheduled_limits() {
		let Some(ScheduledLimits { limits, due_relay_block }) = Scheduled::<T>::get() else {
			return;
		};
		let digest = frame_system::Pallet::<T>::digest();
		if Self::bundle_continues(&digest) {
			return;
		}
		let Some(relay_parent) = ValidationData::<T>::get().map(|data| data.relay_parent_number)
		else {
			// parachain-system rejects a block without the inherent earlier.
			defensive!("validation data is missing at the end of a block");
			return;
		};
		if relay_parent < due_relay_block {
			return;
		}
		let previous = CurrentLimits::<T>::get();
		let rest = if Self::is_for_last_core(&digest) {
			RestOfSlot::KeepPrevious(previous)
		} else if relay_parent > due_relay_block {
			RestOfSlot::Closed
		} else {
			return;
		};
		Authored::<T>::mutate_extant(|authored| authored.rest = rest);
		Scheduled::<T>::kill();
		CurrentLimits::<T>::put(limits);
		Self::deposit_event(Event::LimitsApplied { limits });
	}

	/// Checks that stored limits are valid.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn check_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let scheduled = Scheduled::<T>::get().map(|scheduled| scheduled.limits);
		for limits in core::iter::once(CurrentLimits::<T>::get()).chain(scheduled) {
			if let Err(reason) = limits.validate(&Self::max_limits()) {
				log::error!(target: LOG_TARGET, "invalid limits in storage: {limits:?}: {reason}");
				return Err("pallet-velocity: invalid limits in storage".into());
			}
		}
		Ok(())
	}
}
