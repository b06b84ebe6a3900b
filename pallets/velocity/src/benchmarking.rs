// SPDX-License-Identifier: Apache-2.0

//! What the calls and hooks cost. See `scripts/weights.sh`.

use crate::pallet::*;
use conveyor_primitives::{AuthoredInSlot, Limits as LimitsRecord};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};

fn limits<T: Config>() -> LimitsRecord {
	LimitsRecord { velocity: 1, capacity: T::MaxCapacity::get(), target_block_rate: 1 }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn set_limits() -> Result<(), BenchmarkError> {
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, limits::<T>());

		assert_eq!(NextLimits::<T>::get(), Some(limits::<T>()));
		Ok(())
	}

	/// What `on_finalize` does when there is something to apply.
	#[benchmark]
	fn apply_next_limits() {
		NextLimits::<T>::put(limits::<T>());

		#[block]
		{
			Pallet::<T>::apply_next_limits();
		}

		assert_eq!(Limits::<T>::get(), limits::<T>());
	}

	/// What the consensus hook does, the relay chain's state proof aside: it is in memory.
	#[benchmark]
	fn note_block() {
		Limits::<T>::put(limits::<T>());
		Authored::<T>::put(AuthoredInSlot { relay_slot: 7.into(), blocks: 1 });

		#[block]
		{
			Pallet::<T>::note_block(7.into())
				.expect("one block more than the velocity is accepted");
			let _ = pallet_aura::CurrentSlot::<T>::get();
		}

		assert_eq!(Authored::<T>::get(), Some(AuthoredInSlot { relay_slot: 7.into(), blocks: 2 }),);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
