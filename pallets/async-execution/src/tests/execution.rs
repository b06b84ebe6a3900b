// SPDX-License-Identifier: Apache-2.0

//! What a block does with the batch of its parent.

use crate::{mock::*, Error, Event, Lane, Quarantine};
use conveyor_primitives::lane::{Commitment, Receipt, TicketResult};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use frame_system::{Phase, RawOrigin};

#[test]
fn the_next_block_executes_the_batch_before_its_transactions() {
	new_chain().execute_with(|| {
		order_all((0..3).map(log));
		let direct = transaction(2, log(9));
		block(vec![direct]);
		assert_eq!(calls::Log::<Test>::get(), [(1, 0), (1, 1), (1, 2), (2, 9)]);
		assert_eq!(executed(), [(0, true), (1, true), (2, true)]);
		assert_eq!(Lane::<Test>::get().batch, None);
		block(vec![]);
		assert_eq!((logged().len(), commitment()), (4, None));
	});
}

#[test]
fn a_failed_call_leaves_nothing_but_its_event() {
	new_chain().execute_with(|| {
		order_all([Action::fail {}.into(), log(2)]);
		block(vec![]);
		assert_eq!(logged(), [2]);
		assert_eq!(executed(), [(0, false), (1, true)]);
		assert!(!head_digest().logs().contains(&sp_runtime::DigestItem::Other(vec![1])));
	});
}

#[test]
fn calls_are_filtered_when_they_are_executed() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		BurnIsFiltered::set(true);
		block(vec![]);
		assert_eq!(executed(), [(0, false)]);
	});
}

#[test]
fn the_commitment_is_that_of_the_receipts() {
	new_chain().execute_with(|| {
		TargetBlockWeight::set(LARGE);
		let transfer = pallet_balances::Call::transfer_keep_alive { dest: 2, value: 5 };
		let refund = Action::refund {
			declared: Weight::from_parts(500, 500),
			used: Weight::from_parts(40, 30),
		};
		order_all([transfer.into(), Action::fail {}.into(), refund.into()]);
		block(vec![]);
		let commitment = commitment().unwrap();
		assert_eq!((commitment.ordered_in, commitment.first, commitment.count), (2, 0, 3));
		assert_eq!(AsyncExecution::commitment(3), Some(commitment));
		assert_eq!(AsyncExecution::commitment(2), None);

		// The receipts, from the events of the block.
		let mut receipts = Vec::new();
		let mut deposited = Vec::new();
		for record in System::events() {
			assert!(
				record.phase == Phase::Initialization || record.phase == Phase::ApplyExtrinsic(0)
			);
			match record.event {
				RuntimeEvent::AsyncExecution(Event::Executed { ticket, result, weight }) => {
					let encoded: Vec<_> = std::mem::take(&mut deposited);
					receipts.push((ticket, result, weight, encoded));
				},
				_ => deposited.push(record),
			}
		}
		assert_eq!(receipts.len(), 3);
		assert!(!receipts[0].3.is_empty() && receipts[1].3.is_empty());
		assert_eq!(receipts[2].2, Weight::from_parts(40, 30));
		let calls: [RuntimeCall; 3] = [
			pallet_balances::Call::transfer_keep_alive { dest: 2, value: 5 }.into(),
			Action::fail {}.into(),
			Action::refund {
				declared: Weight::from_parts(500, 500),
				used: Weight::from_parts(40, 30),
			}
			.into(),
		];
		let receipts: Vec<_> = receipts
			.into_iter()
			.zip(calls)
			.map(|((ticket, result, weight, events), call)| Receipt {
				ticket,
				who: 1u64,
				call_hash: hash(&call),
				result: if result.is_ok() { TicketResult::Ok } else { TicketResult::Err },
				weight,
				events_hash: hash(&events),
			})
			.collect();
		assert_eq!(Commitment::new(2, &receipts), Some(commitment));
	});
}

fn hash(value: &impl codec::Encode) -> sp_core::H256 {
	conveyor_primitives::lane::receipt_hash(&value.encode())
}

#[test]
fn the_block_registers_the_weight_that_was_used() {
	new_chain().execute_with(|| {
		let weight_of = |builder: Builder| {
			let used = System::block_weight();
			builder.finish();
			*used.get(frame_support::dispatch::DispatchClass::Mandatory)
		};
		let without = weight_of(start_after(1));
		let refund = Action::refund {
			declared: Weight::from_parts(500, 500),
			used: Weight::from_parts(40, 30),
		};
		order_all([refund.into()]);
		let with = weight_of(start_after(1));
		// The call, the work around it, and the commitment.
		assert_eq!(with - without, Weight::from_parts(40 + 10 + 3, 30 + 10));
	});
}

#[test]
fn a_batch_that_does_not_fit_is_executed_in_parts() {
	new_chain().execute_with(|| {
		order_all((0..4).map(|value| burn(value, 1_240)));
		// Two tickets of 1,250 fit into the half of 5,000.
		TargetBlockWeight::set(Weight::from_parts(5_000, 5_000));
		block(vec![]);
		assert_eq!(logged(), [0, 1]);
		let first = commitment().unwrap();
		assert_eq!((first.ordered_in, first.first, first.count), (2, 0, 2));
		let mut builder = start_after(1);
		assert_eq!(logged(), [0, 1, 2, 3]);
		builder.apply(transaction(2, order(log(4)))).unwrap().unwrap();
		builder.finish();
		let second = commitment().unwrap();
		assert_eq!((second.ordered_in, second.first, second.count), (2, 2, 2));
	});
}

#[test]
fn ordering_is_closed_until_the_rest_is_executed() {
	new_chain().execute_with(|| {
		order_all((0..3).map(|value| burn(value, 1_240)));
		TargetBlockWeight::set(Weight::from_parts(2_500, 2_500));
		let mut builder = start_after(1);
		let order = transaction(2, order(log(9)));
		assert!(builder.apply(order.clone()).is_err());
		builder.finish();
		assert_eq!(Lane::<Test>::get().batch.unwrap().count, 2);
		block(vec![]);
		assert_eq!(block(vec![order]), [Ok(())]);
		assert_eq!(logged(), [0, 1, 2]);
	});
}

#[test]
fn a_ticket_that_fits_no_block_is_quarantined_and_released() {
	new_chain().execute_with(|| {
		order_all([log(0), burn(1, 2_000), log(2)]);
		TargetBlockWeight::set(Weight::from_parts(1_000, 1_000));
		block(vec![]);
		assert_eq!(logged(), [0, 2]);
		assert!(events().contains(&Event::Quarantined { ticket: 1 }));
		assert_eq!(commitment().unwrap().count, 3);
		assert_eq!(Lane::<Test>::get().batch, None);

		TargetBlockWeight::set(Weight::from_parts(10_000, 10_000));
		let balance = Balances::free_balance(1);
		let builder = start_after(1);
		assert_ok!(AsyncExecution::release(RawOrigin::Root.into(), 1));
		builder.finish();
		assert!(Quarantine::<Test>::get(1).is_none());
		block(vec![]);
		assert_eq!(executed(), [(3, true)]);
		assert_eq!(calls::Log::<Test>::get().last(), Some(&(1, 1)));
		assert_eq!(Balances::free_balance(1), balance);
	});
}

#[test]
fn a_ticket_of_another_encoding_or_too_heavy_is_not_released() {
	new_chain().execute_with(|| {
		order_all([burn(0, 2_000)]);
		TargetBlockWeight::set(Weight::from_parts(1_000, 1_000));
		block(vec![]);
		let release = || AsyncExecution::release(RawOrigin::Root.into(), 0);
		let builder = start_after(1);
		assert_noop!(release(), Error::<Test>::ExceedsBatch);
		TargetBlockWeight::set(Weight::from_parts(10_000, 10_000));
		TransactionVersion::set(2);
		assert_noop!(release(), Error::<Test>::EncodingChanged);
		TransactionVersion::set(1);
		assert_ok!(release());
		builder.finish();
	});
}

#[test]
fn a_full_quarantine_drops_tickets() {
	new_chain().execute_with(|| {
		MaxQuarantined::set(1);
		order_all([burn(0, 2_000), burn(1, 2_000)]);
		TargetBlockWeight::set(Weight::from_parts(1_000, 1_000));
		block(vec![]);
		assert_eq!(events(), [Event::Quarantined { ticket: 0 }, Event::Dropped { ticket: 1 }],);
		assert_eq!(commitment().unwrap().count, 2);
		assert_ok!(AsyncExecution::drop_ticket(RawOrigin::Root.into(), 0));
		assert_eq!(Quarantine::<Test>::count(), 0);
	});
}

#[test]
fn a_dropped_ticket_is_not_executed() {
	new_chain().execute_with(|| {
		let mut builder = start_after(1);
		for nonce in 0..3 {
			builder.apply(with_nonce(1, nonce, order(log(nonce as u32)))).unwrap().unwrap();
		}
		assert_ok!(AsyncExecution::drop_ticket(RawOrigin::Root.into(), 1));
		assert_noop!(
			AsyncExecution::drop_ticket(RawOrigin::Root.into(), 3),
			Error::<Test>::UnknownTicket,
		);
		builder.finish();
		block(vec![]);
		assert_eq!(logged(), [0, 2]);
		assert!(events().contains(&Event::Dropped { ticket: 1 }));
		assert_eq!(commitment().unwrap().count, 3);
	});
}

#[test]
fn another_runtime_version_drops_the_batch() {
	new_chain().execute_with(|| {
		order_all((0..3).map(log));
		SpecVersion::set(2);
		block(vec![]);
		assert!(logged().is_empty());
		let dropped = [0, 1, 2].map(|ticket| Event::Dropped { ticket });
		assert_eq!(events(), dropped);
		let commitment = commitment().unwrap();
		assert_eq!((commitment.count, commitment.weight), (3, Weight::zero()));
		assert_eq!(Lane::<Test>::get().batch, None);
	});
}

#[test]
fn nothing_is_executed_while_a_migration_runs() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		MigrationRuns::set(true);
		let builder = start_after(1);
		assert!(logged().is_empty());
		builder.finish();
		MigrationRuns::set(false);
		block(vec![]);
		assert_eq!(logged(), [1]);
	});
}

#[test]
fn commitments_are_kept_for_256_blocks() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		block(vec![]);
		let number = head();
		let first = commitment();
		assert!(first.is_some());
		for _ in 0..254 {
			block(vec![]);
		}
		order_all([log(2)]);
		assert_eq!(AsyncExecution::commitment(number), first);
		block(vec![]);
		assert_eq!(head(), number + 256);
		assert_eq!(AsyncExecution::commitment(number), None);
		assert_eq!(AsyncExecution::commitment(number + 256), commitment());
	});
}
