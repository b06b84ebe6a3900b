// SPDX-License-Identifier: Apache-2.0

//! The lane changes the state as direct transactions do, and counts for the fee multiplier.

use crate::{mock::*, CountOrdered};
use frame_support::dispatch::DispatchClass;
use pallet_transaction_payment::Multiplier;
use proptest::{collection::vec, prelude::*};
use sp_runtime::traits::Convert;

fn call() -> impl Strategy<Value = RuntimeCall> {
	let account = || ACCOUNTS;
	let value = || prop_oneof![0..10u64, BALANCE / 2..2 * BALANCE];
	prop_oneof![
		any::<u32>().prop_map(log),
		Just(Action::fail {}.into()),
		(account(), value()).prop_map(|(dest, value)| {
			pallet_balances::Call::transfer_allow_death { dest, value }.into()
		}),
		(account(), value()).prop_map(|(dest, value)| {
			pallet_balances::Call::transfer_keep_alive { dest, value }.into()
		}),
		(account(), any::<bool>()).prop_map(|(dest, keep_alive)| {
			pallet_balances::Call::transfer_all { dest, keep_alive }.into()
		}),
	]
}

/// The state that the calls change.
#[derive(Debug, PartialEq)]
struct State {
	accounts: Vec<pallet_balances::AccountData<u64>>,
	log: Vec<(u64, u32)>,
}

fn state() -> State {
	let accounts = ACCOUNTS.map(|who| System::account(who).data).collect();
	State { accounts, log: calls::Log::<Test>::get() }
}

proptest! {
	#[test]
	fn the_lane_changes_the_state_as_direct_transactions_do(
		calls in vec((ACCOUNTS, call()), 1..12),
	) {
		let nonces = |index: usize| {
			calls[..index].iter().filter(|(who, _)| *who == calls[index].0).count() as u64
		};
		let ordered = new_chain().execute_with(|| {
			PricePerUnit::set(0);
			TargetBlockWeight::set(LARGE);
			let mut builder = start_after(1);
			for (index, (who, call)) in calls.iter().enumerate() {
				let order = with_nonce(*who, nonces(index), order(call.clone()));
				builder.apply(order).unwrap().unwrap();
			}
			builder.finish();
			block(vec![]);
			(executed().into_iter().map(|(_, ok)| ok).collect::<Vec<_>>(), state())
		});
		let direct = new_chain().execute_with(|| {
			block(vec![]);
			// Without extensions: an account that a call removes loses its nonce.
			let _builder = start_after(1);
			let results = calls.iter().map(|(who, call)| {
				use sp_runtime::traits::Dispatchable;
				call.clone().dispatch(RuntimeOrigin::signed(*who)).is_ok()
			});
			(results.collect::<Vec<_>>(), state())
		});
		prop_assert_eq!(ordered, direct);
	}
}

/// Returns the weight of normal transactions as the multiplier.
struct NormalWeight;
impl Convert<Multiplier, Multiplier> for NormalWeight {
	fn convert(_: Multiplier) -> Multiplier {
		let used = System::block_weight();
		Multiplier::from_inner(used.get(DispatchClass::Normal).ref_time().into())
	}
}

#[test]
fn ordered_weight_counts_for_the_fee_multiplier() {
	new_chain().execute_with(|| {
		let multiplier = |builder: Builder| {
			let before = System::block_weight();
			let plain = NormalWeight::convert(Multiplier::from_inner(0)).into_inner();
			let counted =
				CountOrdered::<Test, NormalWeight>::convert(Multiplier::from_inner(0)).into_inner();
			assert_eq!(System::block_weight(), before);
			builder.finish();
			counted - plain
		};
		assert_eq!(multiplier(start_after(1)), 0);
		let mut builder = start_after(1);
		builder.apply(transaction(1, order(log(1)))).unwrap().unwrap();
		assert_eq!(multiplier(builder), 110);
		// The blocks in which the batch waits and in which it is executed have ordered nothing.
		assert_eq!(multiplier(start_after(STALL_SLOTS)), 0);
		assert_eq!(multiplier(start_after(1)), 0);
	});
}
