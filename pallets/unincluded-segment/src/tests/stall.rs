// SPDX-License-Identifier: Apache-2.0

//! A segment that stands still is told, once, and so is its end.

use crate::{mock::*, Event};
use conveyor_primitives::OldestUnderWay;

fn included(first: u32, last: u32, relay_parent: u32, max_lag: u32) -> Event<Test> {
	Event::BlocksIncluded { first, last, relay_parent, max_lag: Some(max_lag) }
}

#[test]
fn a_stall_begins_once_and_ends_once() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		for relay_parent in 100..=100 + STALL_AFTER {
			chain.empty_block(&Relay::new(relay_parent, &genesis));
			assert_eq!(events(), [], "relay parent {relay_parent}");
		}
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnderWay { number: 1, relay_blocks: Some(STALL_AFTER) })),
		);
		let since = 100;
		chain.empty_block(&Relay::new(101 + STALL_AFTER, &genesis));
		assert_eq!(events(), [Event::SegmentStalled { since, length: STALL_AFTER + 1 }]);
		chain.empty_block(&Relay::new(102 + STALL_AFTER, &genesis));
		assert_eq!(events(), []);

		// Block 2 is the oldest now, and it is too old as well.
		let now = 103 + STALL_AFTER;
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(now, &first));
		assert_eq!(events(), [included(1, 1, now, STALL_AFTER + 3)]);
		// Block 5 is not.
		let fourth = chain.headers[4].clone();
		chain.empty_block(&Relay::new(now, &fourth));
		assert_eq!(
			events(),
			[
				included(2, 4, now, STALL_AFTER + 2),
				Event::SegmentRecovered { since, relay_parent: now },
			],
		);
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnderWay { number: 5, relay_blocks: Some(STALL_AFTER - 1) })),
		);
	});
}

#[test]
fn a_full_segment_tells_with_the_first_block_after_the_standstill() {
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
				Event::SegmentStalled { since: 100, length: 2 },
				included(1, 2, 150, 50),
				Event::SegmentRecovered { since: 100, relay_parent: 150 },
			],
		);
		// Nothing is left of it.
		let third = chain.head().clone();
		chain.empty_block(&Relay::new(151, &third));
		assert_eq!(events(), [included(3, 3, 151, 1)]);
	});
}
