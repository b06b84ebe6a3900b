// SPDX-License-Identifier: Apache-2.0

//! Messages that do not fit into a block's share.

use crate::{mock::*, Event, Service, ServiceState, BUNDLES_PER_FULL_CORE};
use frame_support::weights::Weight;

/// Results of a bundle.
#[derive(Default)]
struct Bundle {
	blocks: u8,
	/// Queues that got the full core, each with the index of the block in the bundle.
	full_core: Vec<(u8, Origin)>,
}

/// Builds a bundle of 12 blocks on the only core.
fn bundle() -> Bundle {
	let mut bundle = Bundle::default();
	for index in 0..12 {
		let built = block(&digest(index, 0, 1), false);
		bundle.blocks += 1;
		for event in System::events() {
			if let RuntimeEvent::MessageService(Event::ServedWithFullCore { queue }) = event.event {
				bundle.full_core.push((index, queue));
			}
		}
		if built.ends_bundle {
			break;
		}
	}
	bundle
}

fn bundles(number: u8) -> Vec<Bundle> {
	(0..number).map(|_| bundle()).collect()
}

/// Returns the numbers of the bundles in which a queue got the full core.
fn with_full_core(bundles: &[Bundle]) -> Vec<usize> {
	let numbers = bundles.iter().enumerate().filter(|(_, bundle)| !bundle.full_core.is_empty());
	numbers.map(|(number, _)| number).collect()
}

#[test]
fn a_heavy_message_is_executed_in_a_first_block_and_its_queue_drains() {
	new_test_ext().execute_with(|| {
		// The share is 166 ms.
		enqueue(sibling(1), millis(500));
		for _ in 0..30 {
			enqueue(sibling(1), millis(20));
		}
		let bundles = bundles(5);
		assert_eq!(with_full_core(&bundles), [0]);
		assert_eq!(bundles[0].full_core, [(0, sibling(1))]);
		assert!(bundles[0].blocks == 1 && bundles[1..].iter().all(|bundle| bundle.blocks == 12));
		let executed = Executed::take();
		assert_eq!(executed.len(), 31);
		assert_eq!(executed[0].1, millis(500));
		assert_eq!(Service::<Test>::get().heavy_queue, None);
	});
}

/// The second heavy message waits, with its queue. Other queues do not wait.
#[test]
fn at_most_one_bundle_in_ten_gives_the_full_core() {
	new_test_ext().execute_with(|| {
		for _ in 0..3 {
			enqueue(sibling(1), millis(500));
		}
		for _ in 0..100 {
			enqueue(sibling(2), millis(20));
		}
		let bundles = bundles(35);
		let full_core = with_full_core(&bundles);
		assert_eq!(full_core.len(), 3);
		assert!(full_core
			.windows(2)
			.all(|pair| pair[1] - pair[0] == usize::from(BUNDLES_PER_FULL_CORE)));
		let blocks: u32 = bundles.iter().map(|bundle| u32::from(bundle.blocks)).sum();
		assert_eq!(blocks, 32 * 12 + 3);
		assert_eq!(Executed::take().len(), 103);
	});
}

/// Twelve blocks and two queues: each queue is the first one at the same block index in all bundles.
#[test]
fn each_heavy_queue_gets_its_turn() {
	new_test_ext().execute_with(|| {
		for queue in 1..=4 {
			enqueue(sibling(queue), millis(500));
			enqueue(sibling(queue), millis(10));
		}
		let served: Vec<_> = bundles(35)
			.into_iter()
			.flat_map(|bundle| bundle.full_core)
			.map(|(_, queue)| queue)
			.collect();
		assert_eq!(served.len(), 4);
		assert!((1..=4).all(|queue| served.contains(&sibling(queue))));
		assert_eq!(Executed::take().len(), 8);
	});
}

/// The heaviest message that is not overweight is executed, so no message is stuck between the two limits.
#[test]
fn no_message_is_neither_overweight_nor_executed() {
	for time in (100..=1_000).step_by(20).chain(690..=700) {
		new_test_ext().execute_with(|| {
			// Uses the share of each block, also of the one with the full core.
			for _ in 0..40 {
				enqueue(sibling(2), millis(50));
			}
			enqueue(sibling(1), millis(time));
			enqueue(sibling(1), millis(1));
			bundles(3);
			let executed = Executed::take();
			assert!(executed.contains(&(sibling(1), millis(1))), "stuck behind {time} ms");
			let overweight = !executed.contains(&(sibling(1), millis(time)));
			assert_eq!(waiting(sibling(1)), u64::from(overweight));
			assert!(!overweight || time >= 699, "{time} ms fit into 35 % of 2 s");
		});
	}
}

#[test]
fn a_message_with_a_large_proof_is_heavy() {
	new_test_ext().execute_with(|| {
		// The message part of the share is 298 KiB.
		enqueue(sibling(1), Weight::from_parts(1_000_000, 2_000 * 1024));
		assert_eq!(with_full_core(&bundles(2)), [0]);
		assert_eq!(Executed::take().len(), 1);
	});
}

#[test]
fn an_idle_block_may_execute_it_earlier() {
	new_test_ext().execute_with(|| {
		Service::<Test>::put(ServiceState { heavy_queue: None, bundles_to_wait: 10 });
		// More than the message part of 58 ms, less than the share of 166 ms.
		enqueue(sibling(1), millis(100));
		block(&digest(1, 0, 1), true);
		assert_eq!(Executed::take(), [(sibling(1), millis(100))]);
		// The stored queue does not end a bundle afterwards.
		enqueue(sibling(1), millis(1));
		Service::<Test>::mutate(|state| state.bundles_to_wait = 0);
		assert!(with_full_core(&bundles(2)).is_empty());
		assert_eq!(Service::<Test>::get(), ServiceState::default());
	});
}

#[test]
fn a_paused_queue_is_not_heavy() {
	new_test_ext().execute_with(|| {
		Paused::set(vec![sibling(1)]);
		enqueue(sibling(1), millis(1));
		assert!(with_full_core(&bundles(3)).is_empty());
		Paused::set(Vec::new());
		bundles(1);
		assert_eq!(Executed::take().len(), 1);
	});
}

/// At a rate of 1 the share of a block is the full core.
#[test]
fn at_rate_one_no_message_waits() {
	new_test_ext().execute_with(|| {
		Rate::set(1);
		for _ in 0..3 {
			enqueue(sibling(1), millis(500));
		}
		for _ in 0..3 {
			assert!(!block(&digest(0, 0, 1), false).ends_bundle);
		}
		assert_eq!(Executed::take().len(), 3);
		assert_eq!(Service::<Test>::get().bundles_to_wait, 0);
		Rate::set(12);
	});
}

/// A block without bundle info gets only its share.
#[test]
fn without_bundles_heavy_messages_wait() {
	new_test_ext().execute_with(|| {
		enqueue(sibling(1), millis(500));
		for _ in 0..30 {
			assert!(!block(&Default::default(), false).ends_bundle);
		}
		assert_eq!(waiting(sibling(1)), 1);
		assert_eq!(Service::<Test>::get().heavy_queue, Some(sibling(1)));
	});
}
