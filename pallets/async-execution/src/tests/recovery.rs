// SPDX-License-Identifier: Apache-2.0

//! The circuit breaker, on a chain whose authors know nothing of it: they build on the best valid block.

use crate::{mock::*, Event, Lane, Quarantine};
use frame_support::{assert_ok, weights::Weight};
use frame_system::RawOrigin;

fn poison() -> RuntimeCall {
	Action::poison { weight: Weight::zero() }.into()
}

/// Builds blocks until no batch is pending, at most `most`. Returns (blocks, standstills, slots).
fn settle(most: u64) -> (u64, u64, u64) {
	let (mut blocks, mut standstills, mut slots, mut gap) = (0, 0, 0, 1);
	while Lane::<Test>::get().batch.is_some() {
		assert!(slots < most, "pending after {slots} slots: {:?}", Lane::<Test>::get().batch);
		let valid = is_valid(|| {
			block_after(gap, vec![]);
		});
		slots += 1;
		if valid {
			blocks += 1;
			standstills += u64::from(tripped());
			gap = 1;
		} else {
			gap += 1;
		}
	}
	(blocks, standstills, slots)
}

fn tripped() -> bool {
	events().iter().any(|event| matches!(event, Event::Tripped { .. }))
}

#[test]
fn a_halt_costs_one_block() {
	new_chain().execute_with(|| {
		order_all((0..3).map(log));
		block_after(STALL_SLOTS, vec![]);
		assert!(tripped() && logged().is_empty() && commitment().is_none());
		block(vec![]);
		assert_eq!(logged(), [0, 1, 2]);
		assert!(Quarantine::<Test>::iter().next().is_none());
	});
}

#[test]
fn a_shorter_gap_is_no_standstill() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		block_after(STALL_SLOTS - 1, vec![]);
		assert!(!tripped());
		assert_eq!(logged(), [1]);
		// Nor is a long one without a batch.
		block_after(100, vec![]);
		assert!(!tripped());
	});
}

#[test]
fn ordering_is_closed_during_recovery() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		let mut builder = start_after(STALL_SLOTS);
		assert!(builder.apply(transaction(2, order(log(2)))).is_err());
		builder.finish();
		let mut builder = start_after(1);
		builder.apply(transaction(2, order(log(2)))).unwrap().unwrap();
		builder.finish();
	});
}

#[test]
fn two_halts_quarantine_nothing() {
	for quarantine_after in [Some(1), Some(2), None] {
		new_chain().execute_with(|| {
			QuarantineAfter::set(quarantine_after);
			order_all((0..3).map(log));
			block_after(2 * STALL_SLOTS, vec![]);
			block(vec![]);
			order_all((3..6).map(log));
			block_after(2 * STALL_SLOTS, vec![]);
			block(vec![]);
			assert_eq!(logged(), [0, 1, 2, 3, 4, 5]);
		});
	}
}

#[test]
fn poison_is_quarantined_and_all_others_are_executed() {
	new_chain().execute_with(|| {
		TargetBlockWeight::set(LARGE);
		for (position, expected) in POISON_AT {
			calls::Log::<Test>::kill();
			let calls =
				(0..512).map(|value| if value == position { poison() } else { burn(value, 0) });
			order_all(calls);
			let measured = settle(1_000);
			assert_eq!(measured, expected, "poison at {}", position + 1);
			let others: Vec<_> = (0..512).filter(|value| *value != position).collect();
			assert_eq!(logged(), others);
			assert_eq!(Quarantine::<Test>::iter_values().count(), 1);
			let _ = Quarantine::<Test>::clear(u32::MAX, None);
		}
	});
}

/// Position of the poisoned ticket among 512, from 0; blocks, standstills and slots until all tickets are settled.
const POISON_AT: [(u32, (u64, u64, u64)); 3] =
	[(0, (13, 4, 119)), (1, (15, 5, 160)), (499, (49, 11, 428))];

#[test]
fn without_quarantine_the_chain_advances_until_the_ticket_is_dropped() {
	new_chain().execute_with(|| {
		QuarantineAfter::set(None);
		order_all([log(0), poison(), log(2)]);
		let mut gap = 1;
		let mut blocks = 0;
		for _ in 0..400 {
			let valid = is_valid(|| {
				block_after(gap, vec![]);
			});
			gap = if valid { 1 } else { gap + 1 };
			blocks += u64::from(valid);
		}
		assert_eq!(logged(), [0]);
		assert!(blocks >= 400 / (4 * STALL_SLOTS), "{blocks} blocks");
		while !is_valid(|| {
			let builder = start_after(gap);
			assert_ok!(AsyncExecution::drop_ticket(RawOrigin::Root.into(), 1));
			builder.finish();
		}) {
			gap += 1;
		}
		block(vec![]);
		assert_eq!(logged(), [0, 2]);
		assert_eq!(Lane::<Test>::get().batch, None);
	});
}

#[test]
fn a_chain_with_long_gaps_executes_everything() {
	new_chain().execute_with(|| {
		QuarantineAfter::set(None);
		let mut ordered = 0;
		for _ in 0..50 {
			let mut builder = start_after(2 * STALL_SLOTS);
			let order = transaction(1, order(log(ordered)));
			if builder.apply(order).is_ok() {
				ordered += 1;
			}
			builder.finish();
		}
		block_after(2 * STALL_SLOTS, vec![]);
		block_after(2 * STALL_SLOTS, vec![]);
		assert!(ordered > 10, "{ordered} orders");
		assert_eq!(logged(), (0..ordered).collect::<Vec<_>>());
	});
}

#[test]
fn quarantined_poison_can_be_dropped() {
	new_chain().execute_with(|| {
		order_all([poison()]);
		settle(200);
		assert_eq!(Quarantine::<Test>::count(), 1);
		assert_ok!(AsyncExecution::drop_ticket(RawOrigin::Root.into(), 0));
		assert_eq!(Quarantine::<Test>::count(), 0);
	});
}
