// SPDX-License-Identifier: Apache-2.0

//! Runtime upgrades with unincluded blocks: adding the pallet, and changing `MaxCapacity`.

use crate::{
	migration::{before_upgrade, check_upgrade},
	mock::*,
	pallet::Records,
	Event,
};
use conveyor_primitives::{InclusionStatus, NotTracked};
use frame_support::traits::{Hooks, OnRuntimeUpgrade};

/// Runs the migration and its checks.
fn upgrade() {
	let before = before_upgrade::<Test>();
	<UnincludedSegment as OnRuntimeUpgrade>::on_runtime_upgrade();
	check_upgrade::<Test>(before).unwrap();
	// A second run changes nothing.
	let state = sp_io::storage::root(sp_runtime::StateVersion::V1);
	<UnincludedSegment as Hooks<u64>>::on_runtime_upgrade();
	assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), state);
}

/// Returns a chain without the pallet, with `blocks` blocks of which `included` are included.
fn without_pallet(blocks: u32, included: u32) -> Chain {
	let mut chain = Chain::new();
	WithPallet::set(false);
	for number in 0..blocks {
		let seen = included.min(number);
		let head = chain.headers[seen as usize].clone();
		chain.empty_block(&Relay::new(100 + number, &head));
	}
	WithPallet::set(true);
	chain
}

#[test]
fn adding_the_pallet_keeps_the_segment() {
	for with_migration in [true, false] {
		for (blocks, included) in [(0, 0), (1, 0), (5, 0), (9, 4), (9, 8)] {
			new_test_ext().execute_with(|| {
				let mut chain = without_pallet(blocks, included);
				if with_migration {
					upgrade();
				}
				if with_migration && blocks > 0 {
					assert_eq!(tracked_hashes(), parachain_system_hashes());
					let first_block = included + 1;
					assert_eq!(
						UnincludedSegment::inclusion(included),
						Err(NotTracked::Before { first_block }),
					);
					assert_eq!(
						UnincludedSegment::inclusion(blocks),
						Ok(InclusionStatus::Unincluded { age: None }),
					);
				}
				// The first block with the pallet sees two more blocks as included.
				let seen = (included + 2).min(blocks);
				let head = chain.headers[seen as usize].clone();
				chain.empty_block(&Relay::new(200, &head));
				assert_eq!(tracked_hashes(), parachain_system_hashes());
				assert_eq!(UnincludedSegment::check_state(), Ok(()));

				// The next block sees the rest, and the first block with a record.
				let head = chain.head().clone();
				chain.empty_block(&Relay::new(203, &head));
				assert_eq!(tracked_hashes(), parachain_system_hashes());
				assert_eq!(UnincludedSegment::check_state(), Ok(()));
				assert_eq!(
					UnincludedSegment::inclusion(blocks + 1),
					Ok(InclusionStatus::Included { lag: Some(3), capped: false }),
				);
				// Without the migration, the pallet has not seen the blocks that parachain-system
				// dropped in the first block.
				let first = if with_migration { included + 1 } else { seen + 1 };
				let stats = UnincludedSegment::stats().unwrap();
				assert_eq!(stats.first_block, first);
				assert_eq!(stats.blocks_with_unknown_lag, blocks + 1 - first);
				assert_eq!(stats.included_blocks, blocks + 2 - first);
				assert_eq!(stats.faults, 0);
				let notified: Vec<u32> =
					NOTIFICATIONS.take().into_iter().map(|(number, _)| number).collect();
				assert_eq!(notified, (first..=blocks + 1).collect::<Vec<_>>());
			});
		}
	}
}

#[test]
fn a_changed_capacity_moves_the_records() {
	for (before, after) in [(8, 24), (24, 8), (24, 5), (24, 4), (24, 24), (5, 7)] {
		new_test_ext().execute_with(|| {
			MaxCapacity::set(before);
			let mut chain = Chain::new();
			let genesis = chain.head().clone();
			// 5 included and 5 unincluded blocks.
			for number in 0..10 {
				let head = chain.headers[5usize.min(number)].clone();
				chain.empty_block(&Relay::new(100 + number as u32, &head));
			}
			let segment = UnincludedSegment::segment().unwrap();
			assert_eq!(segment.len(), 5);
			MaxCapacity::set(after);
			upgrade();
			let kept = after.min(5) as usize;
			let now = UnincludedSegment::segment().unwrap();
			assert_eq!(now[5 - kept..], segment[5 - kept..], "{before} -> {after}");
			assert!(now[..5 - kept].iter().all(|block| block.record.is_none()));
			assert!(Records::<Test>::iter().count() as u32 <= after);

			let head = chain.headers[9].clone();
			chain.empty_block(&Relay::new(111, &head));
			let unknown = 5 - kept as u32;
			let max_lag = 111 - 105 - unknown;
			assert!(events().contains(&Event::InclusionDelayed {
				first: 6,
				last: 9,
				relay_parent: 111,
				max_lag,
			}));
			assert_eq!(UnincludedSegment::stats().unwrap().blocks_with_unknown_lag, unknown);
			assert_eq!(UnincludedSegment::check_state(), Ok(()));
			assert_eq!(tracked_hashes(), parachain_system_hashes());
			assert_ne!(genesis, head);
		});
	}
}
