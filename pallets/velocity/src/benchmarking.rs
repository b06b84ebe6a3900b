// SPDX-License-Identifier: Apache-2.0

//! What the calls and hooks cost. See `scripts/weights.sh`.

use crate::{pallet::*, relay_chain::HostConfigurationPrefix};
use alloc::vec::Vec;
use conveyor_primitives::{
	AuthoredInSlot, Limits as LimitsRecord, RelayScheduling, RestOfSlot, ScheduledLimits, Start,
};
use cumulus_pallet_parachain_system::{
	Ancestor, RelayStateProof, UnincludedSegment, UsedBandwidth, ValidationData,
};
use cumulus_primitives_core::{
	relay_chain::{well_known_keys::ACTIVE_CONFIG, HeadData},
	BlockBundleInfo, CumulusDigestItem, PersistedValidationData,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};
use sp_runtime::traits::{BlakeTwo256, Hash};
use sp_trie::{LayoutV1, MemoryDB, StorageProof, TrieDBMutBuilder, TrieMut};

/// The relay parent of the block that is measured.
const RELAY_PARENT: u32 = 1_000;

fn limits<T: Config>() -> LimitsRecord {
	LimitsRecord { velocity: 1, capacity: T::MaxCapacity::get(), target_block_rate: 1 }
}

/// Validation data and a relay chain's state proof, as the inherent leaves them. The configuration
/// in the proof causes every warning that it can.
fn set_validation_data<T: Config>() {
	let scheduling = RelayScheduling { lookahead: 1, num_cores: 1, descriptors_v3: false };
	let mut db: MemoryDB<BlakeTwo256> = StorageProof::empty().into_memory_db();
	let mut root = Default::default();
	{
		let mut trie = TrieDBMutBuilder::<LayoutV1<BlakeTwo256>>::new(&mut db, &mut root).build();
		trie.insert(ACTIVE_CONFIG, &HostConfigurationPrefix::encoded(&scheduling))
			.expect("an empty trie takes a value; qed");
	}
	let nodes = db.drain().into_values().map(|(node, _)| node);
	RelayStateProof::<T>::put(StorageProof::new(nodes));
	ValidationData::<T>::put(PersistedValidationData {
		relay_parent_number: RELAY_PARENT,
		relay_parent_storage_root: root,
		parent_head: HeadData(Vec::new()),
		max_pov_size: Default::default(),
	});
	assert_eq!(Pallet::<T>::relay_scheduling(), Some(scheduling));
}

/// The hash of the `n`th block under way, counted from 1.
fn block_hash<T: Config>(n: u32) -> T::Hash {
	T::Hashing::hash_of(&n)
}

/// A segment of `length` blocks under way.
fn set_segment<T: Config>(length: u32) {
	let segment = (1..=length)
		.map(|n| {
			let mut block = Ancestor::new_unchecked(UsedBandwidth::default(), None);
			block.replace_para_head_hash(block_hash::<T>(n));
			block
		})
		.collect::<Vec<_>>();
	UnincludedSegment::<T>::put(segment);
}

/// One block at relay slot 7.
fn set_authored<T: Config>() {
	Authored::<T>::put(AuthoredInSlot {
		relay_slot: 7.into(),
		blocks: 1,
		last_core: false,
		rest: RestOfSlot::InForce,
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn schedule_limits() -> Result<(), BenchmarkError> {
		set_validation_data::<T>();
		let due = RELAY_PARENT + 1;
		Scheduled::<T>::put(ScheduledLimits { limits: limits::<T>(), due });
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let slow = LimitsRecord { velocity: u32::MAX, ..limits::<T>() };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, slow, Start::RelayBlock(due));

		assert_eq!(Scheduled::<T>::get(), Some(ScheduledLimits { limits: slow, due }));
		Ok(())
	}

	#[benchmark]
	fn cancel_scheduled_limits() -> Result<(), BenchmarkError> {
		Scheduled::<T>::put(ScheduledLimits { limits: limits::<T>(), due: RELAY_PARENT });
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin);

		assert!(!Scheduled::<T>::exists());
		Ok(())
	}

	/// What `on_finalize` does when there is something to apply.
	#[benchmark]
	fn apply_scheduled_limits() {
		set_validation_data::<T>();
		set_authored::<T>();
		Scheduled::<T>::put(ScheduledLimits { limits: limits::<T>(), due: RELAY_PARENT });

		#[block]
		{
			Pallet::<T>::apply_scheduled_limits();
		}

		assert_eq!(Limits::<T>::get(), limits::<T>());
	}

	/// What the consensus hook does at the beginning of a bundle, with `n` blocks under way; the
	/// relay chain's state proof aside, which is in memory.
	#[benchmark]
	fn note_block(n: Linear<0, 255>) {
		let n = n.min(T::MaxCapacity::get());
		Limits::<T>::put(limits::<T>());
		set_authored::<T>();
		set_segment::<T>(n);
		let first = BlockBundleInfo { index: 0, is_last: false };
		frame_system::Pallet::<T>::deposit_log(
			CumulusDigestItem::BlockBundleInfo(first).to_digest_item(),
		);

		#[block]
		{
			Pallet::<T>::note_block(block_hash::<T>(n), 7.into()).expect(
				"one block more than the velocity is accepted, and all others are included",
			);
			let _ = pallet_aura::CurrentSlot::<T>::get();
		}

		assert_eq!(Authored::<T>::get().map(|authored| authored.blocks), Some(2));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
