// SPDX-License-Identifier: Apache-2.0

//! The example pallet `examples/payout`.

use crate::{mock::*, OnIncluded};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use pallet_payout_example::{Claimable, Earned, Error, MAX_PAYOUTS};

#[test]
fn a_payout_is_claimable_only_after_its_block_is_included() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.block(&Relay::new(100, &genesis), vec![], || {
			assert_ok!(Payout::earn(RuntimeOrigin::signed(1), 5));
			assert_ok!(Payout::earn(RuntimeOrigin::signed(1), 2));
			assert_ok!(Payout::earn(RuntimeOrigin::signed(2), 9));
		});
		chain.block(&Relay::new(101, &genesis), vec![], || {
			assert_ok!(Payout::earn(RuntimeOrigin::signed(1), 100));
			assert_noop!(Payout::claim(RuntimeOrigin::signed(1)), Error::<Test>::NothingToClaim);
			assert!(!Payout::is_settled(1));
		});
		let first = chain.headers[1].clone();
		chain.block(&Relay::new(104, &first), vec![], || {
			assert!(Payout::is_settled(1));
			assert!(!Payout::is_settled(2));
			assert_eq!(Claimable::<Test>::get(1), 7);
			assert_ok!(Payout::claim(RuntimeOrigin::signed(1)));
			assert_noop!(Payout::claim(RuntimeOrigin::signed(1)), Error::<Test>::NothingToClaim);
			assert_ok!(Payout::claim(RuntimeOrigin::signed(2)));
		});
		let second = chain.headers[2].clone();
		chain.block(&Relay::new(105, &second), vec![], || {
			assert_ok!(Payout::claim(RuntimeOrigin::signed(1)));
		});
		assert_eq!(Earned::<Test>::iter().count(), 0);
	});
}

#[test]
fn payouts_of_a_block_fit_into_one_notification() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.block(&Relay::new(100, &genesis), vec![], || {
			for who in 0..u64::from(MAX_PAYOUTS) {
				assert_ok!(Payout::earn(RuntimeOrigin::signed(who), 1));
			}
			assert_noop!(Payout::earn(RuntimeOrigin::signed(99), 1), Error::<Test>::TooManyPayouts,);
		});
		let used: Weight = Payout::on_included(1);
		assert!(used.all_lte(Payout::max_weight()));
		assert_eq!(Claimable::<Test>::iter().count() as u32, MAX_PAYOUTS);
	});
}
