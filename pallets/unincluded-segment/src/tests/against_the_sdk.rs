// SPDX-License-Identifier: Apache-2.0

//! The segment is parachain-system's own, in every step of every history, and the statistics are
//! those of an observer who has seen everything.

use super::history::{steps, Counts, History};
use crate::mock::*;
use proptest::prelude::*;
use std::cell::RefCell;

#[test]
fn the_segment_is_that_of_parachain_system_and_statistics_are_those_of_an_observer() {
	const HISTORIES: u32 = 10_000;
	let totals = RefCell::new(Counts::default());
	let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
		cases: HISTORIES,
		failure_persistence: None,
		..Default::default()
	});
	// Shrinking runs a failing history many times, and each time panics: the output of all but the
	// last would hide it.
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let result = runner.run(&(steps(), 1..=8u32), |(steps, capacity)| {
		new_test_ext().execute_with(|| {
			TheirCapacity::set(capacity);
			let mut history = History::new();
			for (index, step) in steps.iter().enumerate() {
				let mut in_the_block = true;
				history.step(step, |history| {
					let mut ours = our_hashes();
					if in_the_block {
						// The current block is under way from the beginning. parachain-system adds it
						// at the end.
						assert_eq!(ours.pop(), Some(None), "the current block, step {index}");
						assert_eq!(ours, their_hashes(), "in the block, step {index}");
						in_the_block = false;
						return;
					}
					assert_eq!(ours, their_hashes(), "after the block, step {index}");
					assert_eq!(ours, history.hashes(), "by the observer, step {index}");
					assert_eq!(UnincludedSegment::stats(), Ok(history.stats()), "step {index}");
					assert_eq!(UnincludedSegment::check_state(), Ok(()), "step {index}");
				});
				assert!(!in_the_block);
			}
			let told: Vec<u32> = TOLD.take().into_iter().map(|(number, _)| number).collect();
			assert_eq!(told, (1..=history.seen).collect::<Vec<_>>());
			totals.borrow_mut().add(&history.counts);
		});
		Ok(())
	});
	std::panic::set_hook(print_panic);
	result.unwrap();
	let totals = totals.into_inner();
	println!("{HISTORIES} histories: {totals:?}");
	// The histories must be worth it.
	assert!(totals.blocks > 5 * HISTORIES);
	assert!(totals.on_the_same_relay_parent > HISTORIES);
	assert!(totals.jumps > HISTORIES / 2);
	assert!(totals.heads_not_found > HISTORIES / 2);
	assert!(totals.upgrades > HISTORIES / 4);
	assert_eq!(totals.longest, 8);
}
