// SPDX-License-Identifier: Apache-2.0

//! Every included block is notified once and in order, for every weight limit.

use super::history::{steps, History};
use crate::{mock::*, weights::WeightInfo, OnIncluded};
use frame_support::weights::Weight;
use proptest::prelude::*;

type OnIncludedOfTest = <Test as crate::Config>::OnIncluded;

/// Returns a weight that suffices for `blocks` notifications and not for one more.
fn weight_for(blocks: u64) -> Weight {
	let one = <() as WeightInfo>::notify_block() + OnIncludedOfTest::max_weight();
	<() as WeightInfo>::notify_base() + one * blocks + one / 2
}

fn notified() -> Vec<u32> {
	NOTIFICATIONS.with_borrow(|calls| calls.iter().map(|(number, _)| *number).collect())
}

/// Returns a chain with `length` unincluded blocks.
fn with_segment(length: u32) -> Chain {
	let mut chain = Chain::new();
	let relay = Relay::new(100, chain.head());
	for _ in 0..length {
		chain.empty_block(&relay);
	}
	chain
}

/// Returns all lists of `rounds` numbers from 0 to `blocks`: notifications that the weight of each round
/// allows.
fn splits(blocks: u64, rounds: u32) -> Vec<Vec<u64>> {
	if rounds == 0 {
		return vec![vec![]];
	}
	let rest = splits(blocks, rounds - 1);
	(0..=blocks)
		.flat_map(|first| rest.iter().map(move |rest| [vec![first], rest.clone()].concat()))
		.collect()
}

#[test]
fn every_split_of_the_weight_notifies_every_block_once_and_in_order() {
	const LENGTH: u32 = 4;
	const ROUNDS: u32 = 4;
	let splits = splits(LENGTH.into(), ROUNDS);
	assert_eq!(splits.len(), 5usize.pow(ROUNDS));
	for from_config in [true, false] {
		for split in &splits {
			new_test_ext().execute_with(|| {
				ListenerWeight::set((
					Weight::from_parts(7_000_000_000, 900),
					Weight::from_parts(7_000_000_000, 900),
				));
				let mut chain = with_segment(LENGTH);
				let relay = Relay::new(101, &chain.headers[LENGTH as usize]);
				let mut expected = 0;
				for blocks in split {
					let weight = weight_for(*blocks);
					if from_config {
						NotificationWeight::set(weight);
					} else {
						BlockWeightLeft::set(weight);
					}
					chain.empty_block(&relay);
					expected = (expected + blocks).min(LENGTH.into());
					assert_eq!(notified(), (1..=expected as u32).collect::<Vec<_>>(), "{split:?}");
					let pending =
						UnincludedSegment::stats().map(|stats| stats.pending_notifications);
					assert_eq!(pending, Ok(LENGTH - expected as u32), "{split:?}");
				}
				NotificationWeight::set(Weight::MAX);
				BlockWeightLeft::set(Weight::MAX);
				chain.empty_block(&relay);
				assert_eq!(notified(), (1..=LENGTH).collect::<Vec<_>>(), "{split:?}");
				assert_eq!(UnincludedSegment::check_state(), Ok(()));
			});
		}
	}
}

#[test]
fn unused_weight_is_used_for_more_notifications() {
	new_test_ext().execute_with(|| {
		// A high maximum weight, and no used weight.
		ListenerWeight::set((Weight::from_parts(1_000_000_000_000, 10_000), Weight::zero()));
		let mut chain = with_segment(3);
		NotificationWeight::set(weight_for(1));
		let relay = Relay::new(101, &chain.headers[3]);
		chain.empty_block(&relay);
		assert_eq!(notified(), [1, 2, 3]);
	});
}

#[test]
fn a_listener_that_exceeds_its_maximum_weight_blocks_nothing() {
	new_test_ext().execute_with(|| {
		ListenerWeight::set((Weight::from_parts(10, 10), Weight::MAX));
		let mut chain = with_segment(3);
		let relay = Relay::new(101, &chain.headers[3]);
		chain.empty_block(&relay);
		assert_eq!(notified(), [1, 2, 3]);
	});
}

#[test]
fn many_pending_notifications_are_not_lost() {
	new_test_ext().execute_with(|| {
		NotificationWeight::set(Weight::zero());
		let mut chain = Chain::new();
		let blocks = 4 * MaxCapacity::get();
		for number in 0..blocks {
			let relay = Relay::new(100 + number, chain.head());
			chain.empty_block(&relay);
		}
		assert!(notified().is_empty());
		assert_eq!(UnincludedSegment::stats().unwrap().pending_notifications, blocks - 1);
		NotificationWeight::set(Weight::MAX);
		let relay = Relay::new(100 + blocks, chain.head());
		chain.empty_block(&relay);
		assert_eq!(notified(), (1..=blocks).collect::<Vec<_>>());
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]
	#[test]
	fn random_histories_with_random_weights_notify_every_block_once_and_in_order(
		steps in steps(), weights in proptest::collection::vec(0..4u64, 14),
	) {
		new_test_ext().execute_with(|| {
			HookCapacity::set(6);
			ListenerWeight::set((Weight::from_parts(7, 9_000), Weight::from_parts(7, 9_000)));
			let mut history = History::new();
			for (step, weight) in steps.iter().zip(weights) {
				NotificationWeight::set(weight_for(weight));
				let before = notified().len() as u32;
				history.step(step, |_| ());
				let notified = notified();
				prop_assert_eq!(&notified, &(1..=notified.len() as u32).collect::<Vec<_>>());
				let pending = history.seen - before;
				// As many as the weight allows.
				prop_assert_eq!(
					notified.len() as u64,
					u64::from(before) + weight.min(pending.into()),
				);
			}
			Ok(())
		})?;
	}
}
