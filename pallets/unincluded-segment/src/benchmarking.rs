// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the hooks. `scripts/weights.sh` runs them.

use crate::{pallet::*, ring::ring_key, tracker::Tracker, BlocksOnRelayParent};
use alloc::vec::Vec;
use codec::Encode;
use conveyor_primitives::{segment::MessagesSent, BlockRecord};
use cumulus_pallet_parachain_system::{self as parachain_system, Ancestor, UsedBandwidth};
use cumulus_primitives_core::PersistedValidationData;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::{BlockNumberFor, HeaderFor};
use sp_runtime::{traits::Header, SaturatedConversion};

fn number<T: Config>(number: u32) -> BlockNumberFor<T> {
	number.saturated_into()
}

/// Stores `n` unincluded blocks, each on a separate relay parent, and a parachain-system segment of
/// `parachain_system_length` blocks.
fn set_segment<T: Config>(
	n: u32,
	parachain_system_length: u32,
) -> Tracker<<T as Config>::MaxCapacity> {
	let mut tracker =
		Tracker::<<T as Config>::MaxCapacity>::start(0, 0, <T as Config>::MaxCapacity::get());
	tracker.set_relay_parents(
		(0..n).map(|n| BlocksOnRelayParent { relay_parent: 1_000_000 + n, blocks: 1 }).collect(),
	);
	tracker.relay_parent = Some(1_000_000 + n);
	tracker.parachain_system_length = n;
	Tracking::<T>::put(tracker.clone());
	parachain_system::UnincludedSegment::<T>::put(
		(0..parachain_system_length)
			.map(|_| Ancestor::new_unchecked(UsedBandwidth::default(), None))
			.collect::<Vec<_>>(),
	);
	tracker
}

fn record(number: u32) -> BlockRecord {
	BlockRecord {
		number,
		relay_parent: u32::MAX,
		relay_slot: Some(u64::MAX.into()),
		para_slot: Some(u64::MAX.into()),
		core_selector: Some(1),
		bundle: None,
		extrinsics: u32::MAX,
		weight: Weight::MAX,
		upward_messages: MessagesSent { count: u32::MAX, bytes: u32::MAX },
		horizontal_messages: MessagesSent { count: u32::MAX, bytes: u32::MAX },
		announces_code: true,
		applies_code: true,
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// Processing of a relay chain state that includes `n` blocks, each on a separate relay parent.
	/// The proof is in memory.
	#[benchmark]
	fn observe(n: Linear<0, { <T as Config>::MaxCapacity::get() }>) {
		set_segment::<T>(n, 0);
		frame_system::Pallet::<T>::set_block_number(number::<T>(n + 1));
		parachain_system::ValidationData::<T>::put(PersistedValidationData {
			parent_head: Vec::new().into(),
			relay_parent_number: 2_000_000,
			relay_parent_storage_root: Default::default(),
			max_pov_size: 0,
		});
		let head = HeaderFor::<T>::new(
			number::<T>(n),
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		)
		.encode();

		#[block]
		{
			Pallet::<T>::observe(Some(&head), Some(7.into()));
		}

		let tracker = Tracking::<T>::get().expect("the tracker was stored before");
		assert_eq!(tracker.included, n);
		assert_eq!(tracker.relay_parent, Some(2_000_000));
	}

	/// Record of a block, with `n` relay parents in the segment.
	#[benchmark]
	fn record_block(n: Linear<0, { <T as Config>::MaxCapacity::get() }>) {
		let mut tracker = set_segment::<T>(n, n + 1);
		tracker.last_observed_block = n + 1;
		Tracking::<T>::put(tracker);
		frame_system::Pallet::<T>::set_block_number(number::<T>(n + 1));
		parachain_system::LastRelayChainBlockNumber::<T>::put(2_000_000);

		#[block]
		{
			Pallet::<T>::record_block(n + 1);
		}

		assert!(Pallet::<T>::record(n + 1).is_some());
	}

	/// No pending notification.
	#[benchmark]
	fn notify_base() {
		set_segment::<T>(<T as Config>::MaxCapacity::get(), 0);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::notify(&mut meter);
		}

		assert_eq!(Tracking::<T>::get().map(|tracker| tracker.notified), Some(0));
	}

	/// One notification, without the weight of `OnIncluded`. `notify_base` covers the reads and writes.
	#[benchmark]
	fn notify_block() {
		let mut tracker = set_segment::<T>(0, 0);
		tracker.included = 1;
		Tracking::<T>::put(tracker.clone());
		frame_system::Pallet::<T>::set_block_number(number::<T>(2));
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::notify_next(&mut tracker, &mut meter);
		}

		assert_eq!(tracker.notified, 1);
	}

	/// Change of `MaxCapacity`, with `n` records.
	#[benchmark]
	fn migrate(n: Linear<0, { <T as Config>::MaxCapacity::get().saturating_sub(1) }>) {
		let mut tracker = set_segment::<T>(n, n);
		tracker.ring_capacity = n;
		Tracking::<T>::put(tracker);
		for number in 1..=n {
			Records::<T>::insert(ring_key(number, n), record(number));
		}
		frame_system::Pallet::<T>::set_block_number(number::<T>(n));

		#[block]
		{
			crate::migration::migrate::<T>();
		}

		let tracker = Tracking::<T>::get().expect("the tracker was stored before");
		assert_eq!(tracker.ring_capacity, <T as Config>::MaxCapacity::get());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
