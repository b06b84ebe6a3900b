// SPDX-License-Identifier: Apache-2.0

//! What the hooks cost. See `scripts/weights.sh`.

use crate::{pallet::*, Run, TrackerRecord};
use alloc::vec::Vec;
use codec::Encode;
use conveyor_primitives::{
	segment::{ring_key, MessagesSent},
	BlockRecord,
};
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

/// `n` blocks under way, each with a relay parent of its own, and parachain-system's segment with
/// `theirs` of them.
fn under_way<T: Config>(n: u32, theirs: u32) -> TrackerRecord<<T as Config>::MaxCapacity> {
	let mut tracker =
		TrackerRecord::<<T as Config>::MaxCapacity>::begin(0, 0, <T as Config>::MaxCapacity::get());
	tracker.set_runs((0..n).map(|n| Run { relay_parent: 1_000_000 + n, blocks: 1 }).collect());
	tracker.relay_parent = Some(1_000_000 + n);
	tracker.theirs = n;
	Tracker::<T>::put(tracker.clone());
	parachain_system::UnincludedSegment::<T>::put(
		(0..theirs)
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

	/// The relay chain's state, in which `n` blocks are included, each with a relay parent of its
	/// own. The proof itself is in memory.
	#[benchmark]
	fn observe(n: Linear<0, { <T as Config>::MaxCapacity::get() }>) {
		under_way::<T>(n, 0);
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

		let tracker = Tracker::<T>::get().expect("it was there before");
		assert_eq!(tracker.included, n);
		assert_eq!(tracker.relay_parent, Some(2_000_000));
	}

	/// A block's record, with `n` relay parents under way.
	#[benchmark]
	fn record_block(n: Linear<0, { <T as Config>::MaxCapacity::get() }>) {
		let mut tracker = under_way::<T>(n, n + 1);
		tracker.observed_in = n + 1;
		Tracker::<T>::put(tracker);
		frame_system::Pallet::<T>::set_block_number(number::<T>(n + 1));
		parachain_system::LastRelayChainBlockNumber::<T>::put(2_000_000);

		#[block]
		{
			Pallet::<T>::record_block(n + 1);
		}

		assert!(Pallet::<T>::record(n + 1).is_some());
	}

	/// When there is nobody to be told of anything.
	#[benchmark]
	fn tell_base() {
		under_way::<T>(<T as Config>::MaxCapacity::get(), 0);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::tell(&mut meter);
		}

		assert_eq!(Tracker::<T>::get().map(|tracker| tracker.told), Some(0));
	}

	/// What a block to be told of takes besides those who are told. Zero blocks are told by
	/// `tell_base`, so it is the loop alone that counts here.
	#[benchmark]
	fn tell_block() {
		let mut tracker = under_way::<T>(0, 0);
		tracker.included = 1;
		Tracker::<T>::put(tracker.clone());
		frame_system::Pallet::<T>::set_block_number(number::<T>(2));
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::tell_next(&mut tracker, &mut meter);
		}

		assert_eq!(tracker.told, 1);
	}

	/// A change of the capacity, with `n` records.
	#[benchmark]
	fn adopt(n: Linear<0, { <T as Config>::MaxCapacity::get().saturating_sub(1) }>) {
		let mut tracker = under_way::<T>(n, n);
		tracker.ring = n;
		Tracker::<T>::put(tracker);
		for number in 1..=n {
			Records::<T>::insert(ring_key(number, n), record(number));
		}
		frame_system::Pallet::<T>::set_block_number(number::<T>(n));

		#[block]
		{
			crate::migration::adopt::<T>();
		}

		let tracker = Tracker::<T>::get().expect("it was there before");
		assert_eq!(tracker.ring, <T as Config>::MaxCapacity::get());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
