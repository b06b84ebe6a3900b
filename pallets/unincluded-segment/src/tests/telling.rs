// SPDX-License-Identifier: Apache-2.0

//! Who acts on inclusion is told of every block, once, in order, whatever the weight.

use super::history::{steps, History};
use crate::{mock::*, weights::WeightInfo, OnIncluded};
use frame_support::weights::Weight;
use proptest::prelude::*;

type OnIncludedOfTest = <Test as crate::Config>::OnIncluded;

/// The weight that suffices for that many blocks and not for one more.
fn enough_for(blocks: u64) -> Weight {
	let one = <() as WeightInfo>::tell_block() + OnIncludedOfTest::max_weight();
	<() as WeightInfo>::tell_base() + one * blocks + one / 2
}

fn told() -> Vec<u32> {
	TOLD.with_borrow(|told| told.iter().map(|(number, _)| *number).collect())
}

/// A chain with that many blocks under way, all of which the next block will see as included.
fn with_segment(length: u32) -> Chain {
	let mut chain = Chain::new();
	let relay = Relay::new(100, chain.head());
	for _ in 0..length {
		chain.empty_block(&relay);
	}
	chain
}

/// All ways to tell of `blocks` blocks in `rounds` rounds: how many there is weight for in each.
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
fn every_split_of_the_weight_tells_of_every_block_once_and_in_order() {
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
					let weight = enough_for(*blocks);
					if from_config {
						TellWeight::set(weight);
					} else {
						BlockWeightLeft::set(weight);
					}
					chain.empty_block(&relay);
					expected = (expected + blocks).min(LENGTH.into());
					assert_eq!(told(), (1..=expected as u32).collect::<Vec<_>>(), "{split:?}");
					let waiting = UnincludedSegment::stats().map(|stats| stats.waiting);
					assert_eq!(waiting, Ok(LENGTH - expected as u32), "{split:?}");
				}
				TellWeight::set(Weight::MAX);
				BlockWeightLeft::set(Weight::MAX);
				chain.empty_block(&relay);
				assert_eq!(told(), (1..=LENGTH).collect::<Vec<_>>(), "{split:?}");
				assert_eq!(UnincludedSegment::check_state(), Ok(()));
			});
		}
	}
}

#[test]
fn what_is_not_used_is_left_for_more_blocks() {
	new_test_ext().execute_with(|| {
		// Claims to need much, and needs nothing.
		ListenerWeight::set((Weight::from_parts(1_000_000_000_000, 10_000), Weight::zero()));
		let mut chain = with_segment(3);
		TellWeight::set(enough_for(1));
		let relay = Relay::new(101, &chain.headers[3]);
		chain.empty_block(&relay);
		assert_eq!(told(), [1, 2, 3]);
	});
}

#[test]
fn a_listener_that_needs_more_than_it_says_stops_nothing() {
	new_test_ext().execute_with(|| {
		ListenerWeight::set((Weight::from_parts(10, 10), Weight::MAX));
		let mut chain = with_segment(3);
		let relay = Relay::new(101, &chain.headers[3]);
		chain.empty_block(&relay);
		assert_eq!(told(), [1, 2, 3]);
	});
}

#[test]
fn a_long_wait_takes_no_room_and_loses_nothing() {
	new_test_ext().execute_with(|| {
		TellWeight::set(Weight::zero());
		let mut chain = Chain::new();
		let blocks = 4 * MaxCapacity::get();
		for number in 0..blocks {
			let relay = Relay::new(100 + number, chain.head());
			chain.empty_block(&relay);
		}
		assert!(told().is_empty());
		assert_eq!(UnincludedSegment::stats().unwrap().waiting, blocks - 1);
		TellWeight::set(Weight::MAX);
		let relay = Relay::new(100 + blocks, chain.head());
		chain.empty_block(&relay);
		assert_eq!(told(), (1..=blocks).collect::<Vec<_>>());
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]
	#[test]
	fn random_histories_under_random_weights_tell_of_every_block_once_and_in_order(
		steps in steps(), weights in proptest::collection::vec(0..4u64, 14),
	) {
		new_test_ext().execute_with(|| {
			TheirCapacity::set(6);
			ListenerWeight::set((Weight::from_parts(7, 9_000), Weight::from_parts(7, 9_000)));
			let mut history = History::new();
			for (step, weight) in steps.iter().zip(weights) {
				TellWeight::set(enough_for(weight));
				let before = told().len() as u32;
				history.step(step, |_| ());
				let told = told();
				prop_assert_eq!(&told, &(1..=told.len() as u32).collect::<Vec<_>>());
				let waiting = history.seen - before;
				// All that there is weight for.
				prop_assert_eq!(told.len() as u64, u64::from(before) + weight.min(waiting.into()));
			}
			Ok(())
		})?;
	}
}
