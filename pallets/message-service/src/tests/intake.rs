// SPDX-License-Identifier: Apache-2.0

//! Maximum block weight during inherents and after them.

use crate::{mock::*, MaxBlockWeight, XcmpReservation};
use conveyor_primitives::share::{block_share, FULL_CORE};
use cumulus_pallet_parachain_system::{
	block_weight::{BlockWeightMode as Mode, DynamicMaxBlockWeightHooks, MaxParachainBlockWeight},
	BlockWeightMode,
};
use frame_support::{
	dispatch::DispatchClass,
	traits::{Get, PreInherents},
	weights::Weight,
};

/// Returns the SDK's and this pallet's maximum block weight.
fn both() -> (Weight, Weight) {
	(MaxParachainBlockWeight::<Test, Rate>::get(), MaxBlockWeight::<Test>::get())
}

/// Starts a block whose `on_initialize` uses `used`, up to its inherents.
fn begin(index: u8, used: Weight) {
	let number = System::block_number() + 1;
	System::initialize(&number, &Default::default(), &digest(index, 0, 1));
	assert_eq!(both().0, both().1, "before the inherents nothing is different");
	System::register_extra_weight_unchecked(used, DispatchClass::Mandatory);
	System::note_finished_initialize();
	DynamicMaxBlockWeightHooks::<Test, Rate>::pre_inherents();
}

fn finish() {
	System::note_inherents_applied();
	assert_eq!(both().0, both().1, "after the inherents nothing is different");
	System::finalize();
	assert_eq!(both().0, both().1, "between blocks nothing is different");
}

#[test]
fn the_first_block_takes_in_what_its_share_allows() {
	new_test_ext().execute_with(|| {
		for rate in 1..=12 {
			Rate::set(rate);
			begin(0, Weight::zero());
			assert_eq!(both(), (FULL_CORE, block_share(rate, 1)));
			finish();
			begin(1, Weight::zero());
			assert_eq!(both(), (block_share(rate, 1), block_share(rate, 1)));
			finish();
		}
	});
}

#[test]
fn a_block_with_the_full_core_takes_in_more() {
	new_test_ext().execute_with(|| {
		begin(0, millis(500));
		assert_eq!(both(), (FULL_CORE, FULL_CORE));
		finish();
	});
}

#[test]
fn a_transaction_after_the_inherents_may_need_the_full_core() {
	new_test_ext().execute_with(|| {
		begin(0, Weight::zero());
		System::note_inherents_applied();
		// The transaction extension `DynamicMaxBlockWeight` does this for a large transaction.
		BlockWeightMode::<Test>::put(Mode::PotentialFullCore {
			context: System::block_number(),
			first_transaction_index: Some(2),
			target_weight: block_share(12, 1),
		});
		assert_eq!(both(), (FULL_CORE, FULL_CORE));
	});
}

#[test]
fn the_reservation_is_the_remaining_weight() {
	new_test_ext().execute_with(|| {
		let used = millis(40).set_proof_size(100_000);
		begin(0, used);
		assert_eq!(XcmpReservation::<Test>::get(), FULL_CORE - used);
		finish();
		begin(1, used);
		assert_eq!(XcmpReservation::<Test>::get(), block_share(12, 1) - used);
		finish();
	});
}
