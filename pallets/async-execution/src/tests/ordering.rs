// SPDX-License-Identifier: Apache-2.0

//! Which calls are ordered, and what they cost.

use crate::{mock::*, Error, Event, Lane, Refusal};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, weights::Weight};
use frame_system::RawOrigin;
use sp_runtime::{traits::Hash, transaction_validity::InvalidTransaction, DigestItem, Perbill};

#[test]
fn an_order_is_numbered_and_charged_and_not_executed() {
	new_chain().execute_with(|| {
		let call = log(7);
		order_all([call.clone()]);
		assert!(logged().is_empty());
		let weight = Weight::from_parts(110, 110);
		let call_hash = sp_runtime::traits::BlakeTwo256::hash(&call.encode());
		assert_eq!(
			events(),
			[
				Event::Ordered { ticket: 0, who: 1, call_hash, weight },
				Event::Charged { ticket: 0, who: 1, amount: 220 },
			],
		);
		assert_eq!((Balances::free_balance(1), Paid::get()), (BALANCE - 220, 220));
		let batch = Lane::<Test>::get().batch.unwrap();
		assert_eq!((batch.ordered_in, batch.first, batch.count), (2, 0, 1));
		assert_eq!(batch.weight, weight);
		assert_eq!(commitment(), None);
	});
}

#[test]
fn a_full_batch_keeps_orders_in_the_pool() {
	new_chain().execute_with(|| {
		let mut builder = start_after(1);
		// Half of 10,000 is for the batch: two calls of 2,490 and the work around them.
		for nonce in 0..2 {
			let order = with_nonce(1, nonce, order(burn(nonce as u32, 2_490)));
			builder.apply(order).unwrap().unwrap();
		}
		let third = with_nonce(1, 2, order(log(2)));
		assert_eq!(builder.apply(third.clone()), invalid(InvalidTransaction::ExhaustsResources));
		assert_eq!(System::account_nonce(1), 2);
		builder.finish();
		assert!(validate(third.clone()).is_ok());
		for result in block(vec![third]) {
			assert_ok!(result);
		}
		assert_eq!(logged(), [0, 1]);
	});
}

#[test]
fn a_batch_has_a_maximum_number_of_tickets() {
	new_chain().execute_with(|| {
		TargetBlockWeight::set(LARGE);
		let mut builder = start_after(1);
		for nonce in 0..512 {
			builder.apply(with_nonce(1, nonce, order(log(nonce as u32)))).unwrap().unwrap();
		}
		let next = builder.apply(transaction(2, order(log(512))));
		assert_eq!(next, invalid(InvalidTransaction::ExhaustsResources));
		builder.finish();
		block(vec![]);
		assert_eq!(logged(), (0..512).collect::<Vec<_>>());
	});
}

#[test]
fn permanent_refusals_leave_the_pool() {
	new_chain().execute_with(|| {
		let code = |call: RuntimeCall| match validate(transaction(1, order(call))).unwrap_err() {
			sp_runtime::transaction_validity::TransactionValidityError::Invalid(
				InvalidTransaction::Custom(code),
			) => Some(code),
			other => panic!("{other:?}"),
		};
		let nested = Action::nest { call: Box::new(log(1)) };
		assert_eq!(code(nested.into()), Refusal::NotOrderable.code());
		assert_eq!(code(order(log(1))), Refusal::NotOrderable.code());
		let max = Weight::from_parts(5_000, 5_000);
		let weight = Weight::from_parts(5_001, 5_001);
		assert_eq!(code(burn(1, 4_991)), Refusal::ExceedsBatch { weight, max }.code(),);
		assert!(validate(transaction(1, order(burn(1, 4_990)))).is_ok());
		assert_eq!(
			AsyncExecution::quote(&burn(1, 4_991)).refusal,
			Some(Refusal::ExceedsBatch { weight, max }),
		);
		assert_ok!(AsyncExecution::set_paused(RawOrigin::Root.into(), true));
		assert_eq!(code(log(1)), Refusal::Paused.code());
	});
}

#[test]
fn a_quote_is_for_the_next_block() {
	new_chain().execute_with(|| {
		let call = burn(1, 4_990);
		order_all([call.clone()]);
		let quote = AsyncExecution::quote(&call);
		// The next block executes the full batch first.
		assert_eq!(quote.refusal, None);
		assert_eq!((quote.charge, quote.weight), (10_000, Weight::from_parts(5_000, 5_000)));
		assert_eq!(block(vec![transaction(1, order(call.clone()))]), [Ok(())]);
		// The rest of an earlier batch may still be pending.
		block_after(STALL_SLOTS, vec![]);
		let refusal = AsyncExecution::quote(&call).refusal;
		assert_eq!(refusal, Some(Refusal::EarlierBatchPending));
	});
}

#[test]
fn long_calls_are_refused() {
	new_chain().execute_with(|| {
		let remark = frame_system::Call::remark { remark: vec![0; 200] };
		// `System` is not orderable at all, so the length of another call is tested.
		assert_eq!(AsyncExecution::quote(&remark.into()).refusal, Some(Refusal::NotOrderable));
		let transfer = pallet_balances::Call::upgrade_accounts { who: vec![1; 20] };
		assert_eq!(
			AsyncExecution::quote(&transfer.into()).refusal,
			Some(Refusal::TooLong { length: 163, max: 128 }),
		);
	});
}

#[test]
fn an_account_that_cannot_pay_is_refused_for_free() {
	new_chain().execute_with(|| {
		let poor = 77;
		assert_ok!(Balances::transfer_allow_death(RawOrigin::Signed(1).into(), poor, 100));
		let order = with_nonce(poor, 0, order(log(1)));
		assert_eq!(validate(order.clone()), Err(InvalidTransaction::Payment.into()));
		assert_eq!(start_after(1).apply(order), invalid(InvalidTransaction::Payment));
		assert_eq!(Balances::free_balance(poor), 100);
	});
}

#[test]
fn an_order_inside_of_another_call_fails() {
	new_chain().execute_with(|| {
		let nested = Action::nest { call: Box::new(order(log(1))) };
		let results = block(vec![transaction(1, nested)]);
		assert_eq!(results, [Err(Error::<Test>::NotDirect.into())]);
		// A direct order before it in the same block admits nothing else.
		let nested = Action::nest { call: Box::new(order(log(1))) };
		let results = block(vec![with_nonce(1, 1, order(log(2))), with_nonce(1, 2, nested)]);
		assert_eq!(results, [Ok(()), Err(Error::<Test>::NotDirect.into())]);
		assert_noop!(
			AsyncExecution::order(RawOrigin::Signed(1).into(), Box::new(log(1))),
			Error::<Test>::NotDirect,
		);
	});
}

#[test]
fn a_failed_order_admits_nothing_else() {
	new_chain().execute_with(|| {
		let mut builder = start_after(1);
		// Another extension of the same transaction could take the balance after the check.
		FailsToPay::set(true);
		let failed = builder.apply(with_nonce(1, 0, order(log(1))));
		assert_eq!(failed, Ok(Err(Error::<Test>::CannotPay.into())));
		FailsToPay::set(false);
		let nested = Action::nest { call: Box::new(order(log(2))) };
		let nested = builder.apply(with_nonce(1, 1, nested));
		assert_eq!(nested, Ok(Err(Error::<Test>::NotDirect.into())));
		builder.finish();
	});
}

#[test]
fn blocks_that_change_the_code_order_nothing() {
	new_chain().execute_with(|| {
		let mut builder = start_after(1);
		frame_system::Pallet::<Test>::deposit_log(DigestItem::RuntimeEnvironmentUpdated);
		let order = transaction(1, order(log(1)));
		assert_eq!(builder.apply(order.clone()), invalid(InvalidTransaction::ExhaustsResources),);
		builder.finish();
		assert_eq!(block(vec![order]), [Ok(())]);
	});
}

#[test]
fn the_smaller_one_of_two_blocks_limits_the_batch() {
	new_chain().execute_with(|| {
		NextTargetBlockWeight::set(Weight::from_parts(1_000, 1_000));
		assert!(validate(transaction(1, order(burn(1, 490)))).is_ok());
		assert!(validate(transaction(1, order(burn(1, 491)))).is_err());
		NextTargetBlockWeight::set(Weight::MAX);
		TargetBlockWeight::set(Weight::from_parts(1_000, 1_000));
		assert!(validate(transaction(1, order(burn(1, 491)))).is_err());
	});
}

#[test]
fn a_new_share_applies_after_the_next_batch() {
	new_chain().execute_with(|| {
		let mut builder = start_after(1);
		let order_1 = with_nonce(1, 0, order(burn(1, 4_990)));
		builder.apply(order_1).unwrap().unwrap();
		let lower = Perbill::from_percent(10);
		assert_ok!(AsyncExecution::set_share(RawOrigin::Root.into(), lower));
		builder.finish();
		// The batch was ordered with the old share, and is executed with it.
		block(vec![]);
		assert_eq!(logged(), [1]);
		assert_eq!(Lane::<Test>::get().share, lower);
		assert!(validate(transaction(1, order(burn(1, 991)))).is_err());
	});
}

#[test]
fn only_the_admin_changes_the_lane() {
	new_chain().execute_with(|| {
		let signed = || RawOrigin::Signed(1).into();
		let bad = sp_runtime::DispatchError::BadOrigin;
		assert_noop!(AsyncExecution::set_share(signed(), Perbill::one()), bad);
		assert_noop!(AsyncExecution::set_paused(signed(), true), bad);
		assert_noop!(AsyncExecution::drop_ticket(signed(), 0), bad);
		assert_noop!(AsyncExecution::release(signed(), 0), bad);
		let root = || RawOrigin::Root.into();
		assert_noop!(AsyncExecution::drop_ticket(root(), 0), Error::<Test>::UnknownTicket);
		assert_noop!(AsyncExecution::release(root(), 0), Error::<Test>::UnknownTicket);
	});
}
