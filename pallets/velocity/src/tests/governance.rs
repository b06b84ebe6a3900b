// SPDX-License-Identifier: Apache-2.0

//! Who sets the limits, which are refused, and when they come into force.

use crate::{mock::*, Error, Event, Limits, NextLimits, TargetBlockRate};
use conveyor_primitives::Limits as LimitsRecord;
use frame_support::{assert_noop, assert_ok, traits::Get};
use frame_system::RawOrigin;
use proptest::prelude::*;
use sp_runtime::{BuildStorage, DispatchError};

const SLOW: LimitsRecord = LimitsRecord { velocity: 1, capacity: 4, target_block_rate: 1 };
const FAST: LimitsRecord = LimitsRecord { velocity: 3, capacity: 12, target_block_rate: 2 };

fn set(limits: LimitsRecord) {
	assert_ok!(Velocity::set_limits(RawOrigin::Root.into(), limits));
}

#[test]
fn a_chain_starts_with_one_block_per_relay_slot_at_full_pace() {
	new_test_ext().execute_with(|| {
		assert_eq!(Velocity::limits(), SLOW);
		assert_eq!(Velocity::recommended_capacity(1), 4);
	});
	// Also a chain that got the pallet by a runtime upgrade, without any genesis.
	sp_io::TestExternalities::new_empty().execute_with(|| {
		assert_eq!(Velocity::limits(), SLOW);
		assert_eq!(Velocity::target_block_rate(), 1);
	});
}

#[test]
fn genesis_sets_the_limits() {
	let genesis = crate::GenesisConfig::<Test> { limits: FAST, ..Default::default() };
	let ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
	{ ext }.execute_with(|| assert_eq!(Velocity::limits(), FAST));
}

#[test]
#[should_panic(
	expected = "invalid velocity limits: a capacity of 1 blocks cannot take a bundle of 2"
)]
fn genesis_refuses_limits_that_no_chain_can_live_with() {
	let limits = LimitsRecord { capacity: 1, ..FAST };
	let _ = crate::GenesisConfig::<Test> { limits, ..Default::default() }.build_storage();
}

#[test]
fn only_the_admin_sets_limits() {
	new_test_ext().execute_with(|| {
		assert_noop!(
			Velocity::set_limits(RawOrigin::Signed(1).into(), FAST),
			DispatchError::BadOrigin,
		);
		assert_noop!(Velocity::set_limits(RawOrigin::None.into(), FAST), DispatchError::BadOrigin);
	});
}

#[test]
fn each_rule_has_its_own_error_and_changes_nothing() {
	let refused = |velocity, capacity, target_block_rate, error: Error<Test>| {
		new_test_ext().execute_with(|| {
			let limits = LimitsRecord { velocity, capacity, target_block_rate };
			assert_noop!(Velocity::set_limits(RawOrigin::Root.into(), limits), error);
		})
	};
	refused(1, 4, 0, Error::TargetBlockRateZero);
	refused(1, 4, 2, Error::TargetBlockRateAboveVelocity);
	refused(300, 300, 256, Error::TargetBlockRateAboveBundle);
	refused(3, 2, 3, Error::CapacityBelowBundle);
	refused(3, MAX_CAPACITY + 1, 3, Error::CapacityTooHigh);
}

#[test]
fn limits_apply_at_the_end_of_the_block() {
	new_test_ext().execute_with(|| {
		block(None, || {
			set(FAST);
			assert_eq!(Velocity::limits(), SLOW, "constant while a block is executed");
			System::assert_last_event(
				Event::LimitsSet { limits: FAST, recommended_capacity: 12 }.into(),
			);
		});
		assert_eq!(Velocity::limits(), FAST);
		assert_eq!(TargetBlockRate::<Test>::get(), 2);
		assert_eq!(NextLimits::<Test>::get(), None);
		System::assert_last_event(Event::LimitsApplied { limits: FAST }.into());
	});
}

#[test]
fn the_last_call_before_the_end_of_the_block_counts() {
	new_test_ext().execute_with(|| {
		block(None, || {
			set(FAST);
			set(LimitsRecord { capacity: 20, ..FAST });
		});
		assert_eq!(Velocity::limits().capacity, 20);
	});
}

#[test]
fn a_bundle_keeps_its_limits_to_its_end() {
	new_test_ext().execute_with(|| {
		block(Some((0, false)), || set(FAST));
		assert_eq!(Velocity::limits(), SLOW);
		block(Some((1, false)), || ());
		assert_eq!(Velocity::limits(), SLOW);
		assert!(System::events().is_empty());
		block(Some((2, true)), || ());
		assert_eq!(Velocity::limits(), FAST);
		System::assert_last_event(Event::LimitsApplied { limits: FAST }.into());
		block(Some((0, true)), || ());
		assert!(System::events().is_empty(), "applied once");
	});
}

#[test]
fn capacity_below_what_is_under_way_makes_authoring_wait_and_no_more() {
	new_test_ext_with(LimitsRecord { velocity: 3, capacity: 12, target_block_rate: 3 })
		.execute_with(|| {
			set_segment(8);
			block(None, || set(LimitsRecord { velocity: 3, capacity: 5, target_block_rate: 3 }));
			let none_included = Default::default();
			assert!(!Velocity::can_build_upon(none_included, 10.into()));
			assert!(!Velocity::can_build_upon(block_hash(2), 10.into()), "5 blocks are left");
			assert!(Velocity::can_build_upon(block_hash(3), 10.into()), "4 blocks are left");
		});
}

#[derive(Clone, Debug)]
enum Step {
	Set(LimitsRecord),
	EndBlock(Option<(u8, bool)>),
}

fn step() -> impl Strategy<Value = Step> {
	let limits =
		(0..8u32, 0..30u32, 0..8u32).prop_map(|(velocity, capacity, target_block_rate)| {
			LimitsRecord { velocity, capacity, target_block_rate }
		});
	prop_oneof![
		limits.prop_map(Step::Set),
		proptest::option::of((0..3u8, any::<bool>())).prop_map(Step::EndBlock),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2_000))]

	/// Whatever is called, the state stays valid, and a drained segment has room for a bundle.
	#[test]
	fn no_sequence_of_calls_leaves_limits_without_a_block(
		steps in proptest::collection::vec(step(), 1..20),
	) {
		new_test_ext().execute_with(|| {
			for step in steps {
				match step {
					Step::Set(limits) => {
						let before = (Limits::<Test>::get(), NextLimits::<Test>::get());
						let valid = limits.validate(MAX_CAPACITY).is_ok();
						let called = Velocity::set_limits(RawOrigin::Root.into(), limits);
						assert_eq!(called.is_ok(), valid);
						let expected = if valid { (before.0, Some(limits)) } else { before };
						assert_eq!((Limits::<Test>::get(), NextLimits::<Test>::get()), expected);
					},
					Step::EndBlock(bundle) => block(bundle, || ()),
				}
				Velocity::check_state().unwrap();
				let rate = Velocity::target_block_rate();
				assert!(rate >= 1);
				let admission = Velocity::admission(Default::default(), 10.into()).unwrap();
				assert!(admission.room >= rate);
			}
		});
	}
}
