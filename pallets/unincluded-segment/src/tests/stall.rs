// SPDX-License-Identifier: Apache-2.0

//! Events of delayed inclusion, stalls and recoveries.

use crate::{mock::*, Event};
use conveyor_primitives::OldestUnincluded;

fn delayed(first: u32, last: u32, relay_parent: u32, max_lag: u32) -> Event<Test> {
	Event::InclusionDelayed { first, last, relay_parent, max_lag }
}

#[test]
fn a_stall_is_reported_once_and_its_recovery_once() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		for relay_parent in 100..=100 + STALL_AFTER {
			chain.empty_block(&Relay::new(relay_parent, &genesis));
			assert_eq!(events(), [], "relay parent {relay_parent}");
		}
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnincluded { number: 1, age: Some(STALL_AFTER) })),
		);
		let oldest_relay_parent = 100;
		chain.empty_block(&Relay::new(101 + STALL_AFTER, &genesis));
		assert_eq!(
			events(),
			[Event::SegmentStalled { oldest_relay_parent, length: STALL_AFTER + 1 }]
		);
		chain.empty_block(&Relay::new(102 + STALL_AFTER, &genesis));
		assert_eq!(events(), []);

		// Block 2 is the oldest block now. It is too old as well.
		let now = 103 + STALL_AFTER;
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(now, &first));
		assert_eq!(events(), [delayed(1, 1, now, STALL_AFTER + 3)]);
		// Block 5 is not too old.
		let fourth = chain.headers[4].clone();
		chain.empty_block(&Relay::new(now, &fourth));
		assert_eq!(
			events(),
			[
				delayed(2, 4, now, STALL_AFTER + 2),
				Event::SegmentRecovered { oldest_relay_parent, relay_parent: now },
			],
		);
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnincluded { number: 5, age: Some(STALL_AFTER - 1) })),
		);
	});
}

#[test]
fn a_full_segment_reports_with_the_first_block_after_the_stall() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.empty_block(&Relay::new(100, &genesis));
		chain.empty_block(&Relay::new(101, &genesis));
		let second = chain.head().clone();
		chain.empty_block(&Relay::new(150, &second));
		assert_eq!(
			events(),
			[
				Event::SegmentStalled { oldest_relay_parent: 100, length: 2 },
				Event::SegmentRecovered { oldest_relay_parent: 100, relay_parent: 150 },
			],
		);
		// The next inclusion is normal.
		let third = chain.head().clone();
		chain.empty_block(&Relay::new(151, &third));
		assert_eq!(events(), []);
	});
}

#[test]
fn only_a_lag_above_the_normal_one_is_reported() {
	// The mock's relay parent offset is 0 and its claim queue offset 1: a normal lag is 3.
	for (lag, expected) in [(1, false), (2, false), (3, false), (4, true), (5, true)] {
		new_test_ext().execute_with(|| {
			let mut chain = Chain::new();
			let genesis = chain.head().clone();
			for relay_parent in 100..100 + lag {
				chain.empty_block(&Relay::new(relay_parent, &genesis));
				assert_eq!(events(), []);
			}
			let first = chain.headers[1].clone();
			chain.empty_block(&Relay::new(100 + lag, &first));
			let reported = expected.then(|| delayed(1, 1, 100 + lag, lag));
			assert_eq!(events(), reported.into_iter().collect::<Vec<_>>(), "lag {lag}");
		});
	}
}

#[test]
fn a_chain_that_pauses_reports_no_delay() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.empty_block(&Relay::new(100, &genesis));
		let first = chain.headers[1].clone();
		// No block for six relay blocks: the block may have been included at relay block 101.
		chain.empty_block(&Relay::new(106, &first));
		assert_eq!(events(), []);
		let stats = UnincludedSegment::stats().unwrap();
		assert_eq!((stats.longest_lag, stats.blocks_with_uncertain_lag), (Some(6), 1));
	});
}
