// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls and hooks. `scripts/weights.sh` runs them.

use crate::{pallet::*, relay_chain::HostConfigurationPrefix};
use alloc::vec::Vec;
use conveyor_primitives::{
	ApplyAt, AuthoredInSlot, Limits, RelayScheduling, RestOfSlot, ScheduledLimits,
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

/// Relay parent of the measured block.
const RELAY_PARENT: u32 = 1_000;

fn limits<T: Config>() -> Limits {
	Limits { velocity: 1, capacity: T::MaxCapacity::get(), target_block_rate: 1 }
}

/// Stores validation data and a relay chain state proof, as the inherent does. The configuration in the
/// proof causes the maximum number of warnings.
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

/// Returns the hash of the `n`th unincluded block, from 1.
fn block_hash<T: Config>(n: u32) -> T::Hash {
	T::Hashing::hash_of(&n)
}

/// Stores an unincluded segment of `length` blocks.
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

/// Stores one block at relay slot 7.
fn set_authored<T: Config>() {
	Authored::<T>::put(AuthoredInSlot {
		relay_slot: 7.into(),
		blocks: 1,
		last_core: false,
		rest: RestOfSlot::Current,
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn schedule_limits() -> Result<(), BenchmarkError> {
		set_validation_data::<T>();
		let due_relay_block = RELAY_PARENT + 1;
		Scheduled::<T>::put(ScheduledLimits { limits: limits::<T>(), due_relay_block });
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let slow = Limits { velocity: u32::MAX, ..limits::<T>() };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, slow, ApplyAt::RelayBlock(due_relay_block));

		assert_eq!(Scheduled::<T>::get(), Some(ScheduledLimits { limits: slow, due_relay_block }));
		Ok(())
	}

	#[benchmark]
	fn cancel_scheduled_limits() -> Result<(), BenchmarkError> {
		Scheduled::<T>::put(ScheduledLimits {
			limits: limits::<T>(),
			due_relay_block: RELAY_PARENT,
		});
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin);

		assert!(!Scheduled::<T>::exists());
		Ok(())
	}

	/// `on_finalize` with limits to apply.
	#[benchmark]
	fn apply_scheduled_limits() {
		set_validation_data::<T>();
		set_authored::<T>();
		Scheduled::<T>::put(ScheduledLimits {
			limits: limits::<T>(),
			due_relay_block: RELAY_PARENT,
		});

		#[block]
		{
			Pallet::<T>::apply_scheduled_limits();
		}

		assert_eq!(CurrentLimits::<T>::get(), limits::<T>());
	}

	/// Consensus hook in the first block of a bundle, with `n` unincluded blocks. The proof is in memory.
	#[benchmark]
	fn admit_block(n: Linear<0, 255>) {
		let n = n.min(T::MaxCapacity::get());
		CurrentLimits::<T>::put(limits::<T>());
		set_authored::<T>();
		set_segment::<T>(n);
		let first = BlockBundleInfo { index: 0, is_last: false };
		frame_system::Pallet::<T>::deposit_log(
			CumulusDigestItem::BlockBundleInfo(first).to_digest_item(),
		);

		#[block]
		{
			Pallet::<T>::admit_block(block_hash::<T>(n), 7.into()).expect(
				"the relay slot admits one block more than the velocity, and the segment is empty",
			);
			let _ = pallet_aura::CurrentSlot::<T>::get();
		}

		assert_eq!(Authored::<T>::get().map(|authored| authored.blocks), Some(2));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
