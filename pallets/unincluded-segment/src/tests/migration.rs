// SPDX-License-Identifier: Apache-2.0

//! A chain gets the pallet, or another capacity, while blocks are under way.

use crate::{
	migration::{before_upgrade, check_upgrade},
	mock::*,
	pallet::Records,
	Event,
};
use conveyor_primitives::{segment::InclusionLag, InclusionStatus, NotTracked};
use frame_support::traits::{Hooks, OnRuntimeUpgrade};

/// An upgrade, as it happens before a block.
fn upgrade() {
	let before = before_upgrade::<Test>();
	<UnincludedSegment as OnRuntimeUpgrade>::on_runtime_upgrade();
	check_upgrade::<Test>(before).unwrap();
	// Once more changes nothing.
	let state = sp_io::storage::root(sp_runtime::StateVersion::V1);
	<UnincludedSegment as Hooks<u64>>::on_runtime_upgrade();
	assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), state);
}

/// A chain without the pallet, with those blocks built, and those of them seen as included.
fn without_us(blocks: u32, included: u32) -> Chain {
	let mut chain = Chain::new();
	WithUs::set(false);
	for number in 0..blocks {
		let seen = included.min(number);
		let head = chain.headers[seen as usize].clone();
		chain.empty_block(&Relay::new(100 + number, &head));
	}
	WithUs::set(true);
	chain
}

#[test]
fn the_pallet_is_added_while_blocks_are_under_way() {
	for with_migration in [true, false] {
		for (blocks, included) in [(0, 0), (1, 0), (5, 0), (9, 4), (9, 8)] {
			new_test_ext().execute_with(|| {
				let mut chain = without_us(blocks, included);
				if with_migration {
					upgrade();
				}
				if with_migration && blocks > 0 {
					assert_eq!(our_hashes(), their_hashes());
					let since = included + 1;
					assert_eq!(
						UnincludedSegment::inclusion(included),
						Err(NotTracked::Before { since }),
					);
					assert_eq!(
						UnincludedSegment::inclusion(blocks),
						Ok(InclusionStatus::UnderWay { relay_blocks: None }),
					);
				}
				// The first block with the pallet sees two more included, if there are so many.
				let seen = (included + 2).min(blocks);
				let head = chain.headers[seen as usize].clone();
				chain.empty_block(&Relay::new(200, &head));
				assert_eq!(our_hashes(), their_hashes());
				assert_eq!(UnincludedSegment::check_state(), Ok(()));

				// And then the rest, and the first that has a record.
				let head = chain.head().clone();
				chain.empty_block(&Relay::new(203, &head));
				assert_eq!(our_hashes(), their_hashes());
				assert_eq!(UnincludedSegment::check_state(), Ok(()));
				assert_eq!(
					UnincludedSegment::inclusion(blocks + 1),
					Ok(InclusionStatus::Included {
						lag: InclusionLag::Exactly { relay_blocks: 3 },
					}),
				);
				// Without the migration, what parachain-system dropped in the first block was never
				// seen as under way.
				let first = if with_migration { included + 1 } else { seen + 1 };
				let stats = UnincludedSegment::stats().unwrap();
				assert_eq!(stats.since, first);
				assert_eq!(stats.unmeasured, blocks + 1 - first);
				assert_eq!(stats.included, blocks + 2 - first);
				assert_eq!(stats.faults, 0);
				let told: Vec<u32> = TOLD.take().into_iter().map(|(number, _)| number).collect();
				assert_eq!(told, (first..=blocks + 1).collect::<Vec<_>>());
			});
		}
	}
}

#[test]
fn another_capacity_moves_the_records() {
	for (before, after) in [(8, 24), (24, 8), (24, 5), (24, 4), (24, 24), (5, 7)] {
		new_test_ext().execute_with(|| {
			MaxCapacity::set(before);
			let mut chain = Chain::new();
			let genesis = chain.head().clone();
			// Some included, 5 under way.
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
			let unmeasured = 5 - kept as u32;
			let max_lag = Some(111 - 105 - unmeasured);
			assert!(events().contains(&Event::BlocksIncluded {
				first: 6,
				last: 9,
				relay_parent: 111,
				max_lag,
			}));
			assert_eq!(UnincludedSegment::stats().unwrap().unmeasured, unmeasured);
			assert_eq!(UnincludedSegment::check_state(), Ok(()));
			assert_eq!(our_hashes(), their_hashes());
			assert_ne!(genesis, head);
		});
	}
}
