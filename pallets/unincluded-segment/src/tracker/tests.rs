// SPDX-License-Identifier: Apache-2.0

use super::*;
use frame_support::traits::ConstU32;
use proptest::prelude::*;

#[test]
fn starts_with_the_existing_segment() {
	let tracker = Tracker::<ConstU32<4>>::start(10, 3, 4);
	assert_eq!((tracker.first_block, tracker.included, tracker.notified), (8, 7, 7));
	assert_eq!((tracker.length(), tracker.blocks_without_relay_parent), (3, 3));
	assert_eq!(tracker.oldest_relay_parent(), None);
	// A segment that is longer than the chain.
	assert_eq!(Tracker::<ConstU32<4>>::start(2, 3, 4).length(), 2);
}

#[test]
fn a_full_list_drops_the_oldest_relay_parent_and_no_block() {
	let mut tracker = Tracker::<ConstU32<2>>::start(0, 0, 2);
	for relay_parent in [5, 5, 6, 8] {
		tracker.append(relay_parent);
	}
	assert_eq!(tracker.length(), 4);
	assert_eq!(tracker.blocks_without_relay_parent, 2);
	assert_eq!(tracker.relay_parent_of(2), None);
	assert_eq!(tracker.relay_parent_of(3), Some(6));
	assert_eq!(tracker.relay_parent_of(4), Some(8));
	assert_eq!(tracker.relay_parent_of(5), None);
	assert_eq!(tracker.drain(3), [(None, 2), (Some(6), 1)]);
}

#[test]
fn missed_blocks_are_added() {
	let mut tracker = Tracker::<ConstU32<8>>::start(0, 0, 8);
	tracker.append(5);
	assert_eq!(tracker.reconcile(1), 0);
	assert_eq!(tracker.reconcile(4), 3);
	assert_eq!((tracker.blocks_without_relay_parent, tracker.length()), (4, 4));
	tracker.append(9);
	assert_eq!(tracker.drain(5), [(None, 4), (Some(9), 1)]);
}

proptest! {
	#[test]
	fn is_a_queue_of_relay_parents(
		steps in proptest::collection::vec((0..3u32, 0..4u32), 0..60), length in 0..5u32,
	) {
		let mut tracker = Tracker::<ConstU32<64>>::start(length, length, 64);
		let mut queue = vec![None; length as usize];
		let (mut latest, mut relay_parent) = (length, 100);
		for (relay_blocks, included) in steps {
			relay_parent += relay_blocks;
			let count = (included as usize).min(queue.len());
			let drained = tracker.drain(tracker.included + count as u32);
			let flat: Vec<_> =
				drained.iter().flat_map(|(run, n)| vec![*run; *n as usize]).collect();
			prop_assert_eq!(flat, queue.drain(..count).collect::<Vec<_>>());
			tracker.append(relay_parent);
			queue.push(Some(relay_parent));
			latest += 1;
			prop_assert_eq!(tracker.length() as usize, queue.len());
			prop_assert_eq!(tracker.reconcile(latest), 0);
			for (number, expected) in (tracker.included + 1..).zip(&queue) {
				prop_assert_eq!(tracker.relay_parent_of(number), *expected);
			}
		}
	}
}
