// SPDX-License-Identifier: Apache-2.0

//! Differential tests: in every block of random histories, the tracked segment equals
//! parachain-system's, and the statistics equal those of an observer outside the chain.

use super::history::{steps, Counts, History};
use crate::mock::*;
use proptest::prelude::*;
use std::cell::RefCell;

#[test]
fn segment_equals_parachain_systems_and_statistics_equal_an_observers() {
	const HISTORIES: u32 = 10_000;
	let totals = RefCell::new(Counts::default());
	let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
		cases: HISTORIES,
		failure_persistence: None,
		..Default::default()
	});
	// Shrinking repeats the panic many times. Only the last output is useful.
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let result = runner.run(&(steps(), 1..=8u32), |(steps, capacity)| {
		new_test_ext().execute_with(|| {
			HookCapacity::set(capacity);
			let mut history = History::new();
			for (index, step) in steps.iter().enumerate() {
				let mut in_the_block = true;
				history.step(step, |history| {
					let mut tracked = tracked_hashes();
					if in_the_block {
						// The tracked segment contains the current block. parachain-system adds it at
						// the end of the block.
						assert_eq!(tracked.pop(), Some(None), "the current block, step {index}");
						assert_eq!(
							tracked,
							parachain_system_hashes(),
							"in the block, step {index}"
						);
						in_the_block = false;
						return;
					}
					assert_eq!(tracked, parachain_system_hashes(), "after the block, step {index}");
					assert_eq!(tracked, history.hashes(), "observer, step {index}");
					assert_eq!(UnincludedSegment::stats(), Ok(history.stats()), "step {index}");
					assert_eq!(UnincludedSegment::check_state(), Ok(()), "step {index}");
				});
				assert!(!in_the_block);
			}
			let notified: Vec<u32> =
				NOTIFICATIONS.take().into_iter().map(|(number, _)| number).collect();
			assert_eq!(notified, (1..=history.seen).collect::<Vec<_>>());
			totals.borrow_mut().add(&history.counts);
		});
		Ok(())
	});
	std::panic::set_hook(print_panic);
	result.unwrap();
	let totals = totals.into_inner();
	println!("{HISTORIES} histories: {totals:?}");
	// The histories cover the cases.
	assert!(totals.blocks > 5 * HISTORIES);
	assert!(totals.same_relay_parent > HISTORIES);
	assert!(totals.jumps > HISTORIES / 2);
	assert!(totals.unknown_heads > HISTORIES / 2);
	assert!(totals.upgrades > HISTORIES / 4);
	assert_eq!(totals.longest, 8);
}
