// SPDX-License-Identifier: Apache-2.0

//! Migration from the SDK's hook.

use crate::{
	migration::{FromSdkHook, RelaySlotInfo},
	mock::*,
	Authored,
};
use conveyor_primitives::{AuthoredInSlot, RestOfSlot};
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::consensus_hook::ConsensusHook;
use frame_support::traits::{BeforeAllRuntimeMigrations, GetStorageVersion, OnRuntimeUpgrade};

/// Runs the migration as `frame-executive` does in the first block of a new runtime.
fn upgrade() {
	AllPalletsWithSystem::before_all_runtime_migrations();
	FromSdkHook::<Test>::on_runtime_upgrade();
}

/// Returns a state with two blocks at relay slot 10, counted by the SDK's hook.
fn with_the_sdk_hook() -> sp_io::TestExternalities {
	let mut ext = sp_io::TestExternalities::new_empty();
	ext.execute_with(|| {
		set_para_slot(10);
		for _ in 0..2 {
			FixedVelocityConsensusHook::<Test, 6_000, 1, 4>::on_state_proof(&state_proof(10));
		}
	});
	ext
}

#[test]
fn the_migration_takes_over_the_block_count() {
	with_the_sdk_hook().execute_with(|| {
		upgrade();
		let expected = AuthoredInSlot {
			relay_slot: 10.into(),
			blocks: 2,
			last_core: true,
			rest: RestOfSlot::Current,
		};
		assert_eq!(Authored::<Test>::get(), Some(expected));
		assert!(!RelaySlotInfo::<Test>::exists());
		assert_eq!(Velocity::on_chain_storage_version(), 1);
		// The velocity is 1, and one more block is admitted: relay slot 10 has no room.
		assert!(!Velocity::can_build_upon(Default::default(), 10.into()));
		assert!(Velocity::can_build_upon(Default::default(), 11.into()));
	});
}

#[test]
fn a_second_run_changes_nothing() {
	with_the_sdk_hook().execute_with(|| {
		upgrade();
		let stay = AuthoredInSlot {
			relay_slot: 11.into(),
			blocks: 1,
			last_core: true,
			rest: RestOfSlot::Closed,
		};
		Authored::<Test>::put(stay);
		upgrade();
		assert_eq!(Authored::<Test>::get(), Some(stay));
		// The pallet's own count is newer than the hook's.
		RelaySlotInfo::<Test>::put((sp_consensus_aura::Slot::from(5), 1));
		upgrade();
		assert_eq!(Authored::<Test>::get(), Some(stay));
		assert!(!RelaySlotInfo::<Test>::exists());
	});
}

/// The collator queries the new runtime before the migration has run.
#[test]
fn limits_are_the_same_before_and_after_the_migration() {
	with_the_sdk_hook().execute_with(|| {
		let before = (Velocity::limits(), Velocity::target_block_rate());
		upgrade();
		assert_eq!((Velocity::limits(), Velocity::target_block_rate()), before);
	});
}

#[cfg(feature = "try-runtime")]
#[test]
fn try_runtime_detects_a_lost_block_count() {
	with_the_sdk_hook().execute_with(|| {
		let before = FromSdkHook::<Test>::pre_upgrade().unwrap();
		upgrade();
		FromSdkHook::<Test>::post_upgrade(before.clone()).unwrap();
		Authored::<Test>::kill();
		assert!(FromSdkHook::<Test>::post_upgrade(before).is_err());
	});
}
