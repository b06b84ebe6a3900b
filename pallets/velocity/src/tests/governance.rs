// SPDX-License-Identifier: Apache-2.0

//! Calls: origins, rules, scheduling, cancelling, and the block after which limits apply.

use crate::{mock::*, Authored, Error, Event, Scheduled, TargetBlockRate};
use conveyor_primitives::{ApplyAt, AuthoredInSlot, Limits, Refusal, RestOfSlot, ScheduledLimits};
use frame_support::{assert_noop, assert_ok, traits::Get};
use frame_system::RawOrigin;
use sp_runtime::{BuildStorage, DispatchError};

const SLOW: Limits = INITIAL_LIMITS;
const FAST: Limits = Limits { velocity: 3, capacity: 12, target_block_rate: 2 };
const FASTER: Limits = Limits { velocity: 3, capacity: 14, target_block_rate: 3 };

fn schedule(limits: Limits, at: ApplyAt) {
	assert_ok!(Velocity::schedule_limits(RawOrigin::Root.into(), limits, at));
}

fn set(limits: Limits) {
	schedule(limits, ApplyAt::Now);
}

/// Returns the position of a block on core `selector` of `number_of_cores`.
fn core(selector: u8, number_of_cores: u16) -> Position {
	Position { bundle: None, core: Some((selector, number_of_cores)) }
}

#[test]
fn a_chain_starts_with_the_initial_limits() {
	new_test_ext().execute_with(|| assert_eq!(Velocity::limits(), SLOW));
	// A chain that added the pallet in a runtime upgrade has no genesis value.
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
	expected = "invalid limits in the genesis configuration: the capacity of 1 blocks is below the bundle length of 2"
)]
fn genesis_rejects_invalid_limits() {
	let limits = Limits { capacity: 1, ..FAST };
	let _ = crate::GenesisConfig::<Test> { limits, ..Default::default() }.build_storage();
}

#[test]
#[should_panic(
	expected = "the target block rate of 13 blocks per relay slot exceeds the 12 that this runtime allows"
)]
fn genesis_rejects_a_rate_above_the_maximum() {
	let limits = Limits { velocity: 13, capacity: 13, target_block_rate: 13 };
	let _ = crate::GenesisConfig::<Test> { limits, ..Default::default() }.build_storage();
}

#[test]
fn only_the_admin_can_schedule_and_cancel() {
	new_test_ext().execute_with(|| {
		Scheduled::<Test>::put(ScheduledLimits { limits: FAST, due_relay_block: 7 });
		for origin in [RawOrigin::Signed(1), RawOrigin::None] {
			assert_noop!(
				Velocity::schedule_limits(origin.clone().into(), FAST, ApplyAt::Now),
				DispatchError::BadOrigin,
			);
			assert_noop!(
				Velocity::cancel_scheduled_limits(origin.into()),
				DispatchError::BadOrigin,
			);
		}
	});
}

#[test]
fn each_rule_has_its_own_error_and_changes_nothing() {
	let rejects = |velocity, capacity, target_block_rate, error: Error<Test>| {
		new_test_ext().execute_with(|| {
			let limits = Limits { velocity, capacity, target_block_rate };
			Scheduled::<Test>::put(ScheduledLimits { limits: FAST, due_relay_block: 7 });
			assert_noop!(
				Velocity::schedule_limits(RawOrigin::Root.into(), limits, ApplyAt::Now),
				error,
			);
		})
	};
	rejects(1, 4, 0, Error::TargetBlockRateZero);
	rejects(1, 4, 2, Error::TargetBlockRateAboveVelocity);
	let too_high = MAX_TARGET_BLOCK_RATE + 1;
	assert!(too_high <= MAX_CAPACITY, "the rate is tested, not the capacity");
	rejects(too_high, too_high, too_high, Error::TargetBlockRateTooHigh);
	rejects(3, 2, 3, Error::CapacityBelowBundle);
	rejects(3, MAX_CAPACITY + 1, 3, Error::CapacityTooHigh);
}

#[test]
fn a_relay_block_must_be_ahead_within_the_maximum() {
	new_test_ext().execute_with(|| {
		block(None, || {
			let latest = RELAY_PARENT + MAX_SCHEDULE_AHEAD;
			for (at, error) in [
				(0, Error::<Test>::RelayBlockPassed),
				(RELAY_PARENT, Error::RelayBlockPassed),
				(latest + 1, Error::RelayBlockTooFarAhead),
				(u32::MAX, Error::RelayBlockTooFarAhead),
			] {
				let at = ApplyAt::RelayBlock(at);
				assert_noop!(Velocity::schedule_limits(RawOrigin::Root.into(), FAST, at), error,);
			}
			for at in [RELAY_PARENT + 1, latest] {
				schedule(FAST, ApplyAt::RelayBlock(at));
				assert_eq!(Scheduled::<Test>::get().unwrap().due_relay_block, at);
			}
		});
	});
}

#[test]
fn a_second_schedule_replaces_the_first() {
	new_test_ext().execute_with(|| {
		block(None, || {
			schedule(FASTER, ApplyAt::RelayBlock(RELAY_PARENT + 5));
			set(FAST);
			System::assert_last_event(
				Event::LimitsScheduled {
					limits: FAST,
					due_relay_block: RELAY_PARENT,
					recommended_capacity: 12,
					warnings: vec![],
					replaced: Some(ScheduledLimits {
						limits: FASTER,
						due_relay_block: RELAY_PARENT + 5,
					}),
				}
				.into(),
			);
		});
		assert_eq!(Velocity::limits(), FAST);
		assert_eq!(Velocity::scheduled_limits(), None);
	});
}

#[test]
fn scheduled_limits_can_be_cancelled_until_they_apply() {
	new_test_ext().execute_with(|| {
		let cancel = || Velocity::cancel_scheduled_limits(RawOrigin::Root.into());
		assert_noop!(cancel(), Error::<Test>::NothingScheduled);
		block(None, || {
			set(FAST);
			assert_ok!(cancel());
			System::assert_last_event(
				Event::ScheduledLimitsCancelled { limits: FAST, due_relay_block: RELAY_PARENT }
					.into(),
			);
		});
		assert_eq!(Velocity::limits(), SLOW);
		block(None, || set(FAST));
		assert_eq!(Velocity::limits(), FAST);
		assert_noop!(cancel(), Error::<Test>::NothingScheduled);
	});
}

#[test]
fn limits_for_now_apply_after_the_block() {
	new_test_ext().execute_with(|| {
		block(None, || {
			set(FAST);
			assert_eq!(Velocity::limits(), SLOW, "constant during a block");
		});
		assert_eq!(Velocity::limits(), FAST);
		assert_eq!(TargetBlockRate::<Test>::get(), 2);
		assert_eq!(Scheduled::<Test>::get(), None);
		System::assert_last_event(Event::LimitsApplied { limits: FAST }.into());
	});
}

#[test]
fn limits_for_a_relay_block_apply_after_the_block_on_it_or_on_a_later_one() {
	for on_time in [true, false] {
		new_test_ext().execute_with(|| {
			block(None, || schedule(FAST, ApplyAt::RelayBlock(RELAY_PARENT + 3)));
			block_on(RELAY_PARENT + 2, core(0, 1), || ());
			assert_eq!(Velocity::limits(), SLOW, "not due yet");
			assert_eq!(
				Velocity::scheduled_limits(),
				Some(ScheduledLimits { limits: FAST, due_relay_block: RELAY_PARENT + 3 }),
			);
			let relay_parent = RELAY_PARENT + if on_time { 3 } else { 9 };
			block_on(relay_parent, core(0, 1), || ());
			assert_eq!(Velocity::limits(), FAST);
		});
	}
}

/// The scheduler dispatches calls before the inherents.
#[test]
fn limits_scheduled_before_the_inherents_apply_with_the_current_relay_parent() {
	new_test_ext().execute_with(|| {
		block(None, || ());
		initialize(Position::default());
		assert_noop!(
			Velocity::schedule_limits(
				RawOrigin::Root.into(),
				FAST,
				ApplyAt::RelayBlock(RELAY_PARENT),
			),
			Error::<Test>::RelayBlockPassed,
		);
		set(FAST);
		set_relay_parent(RELAY_PARENT + 1);
		finalize();
		assert_eq!(Velocity::limits(), FAST);
	});
}

#[test]
fn limits_do_not_change_within_a_bundle() {
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
		assert!(System::events().is_empty(), "the event is deposited once");
	});
}

/// The collator plans a relay slot once, with the limits at its start.
#[test]
fn limits_wait_for_the_last_core_of_the_relay_slot() {
	new_test_ext_with(FASTER).execute_with(|| {
		block_on(RELAY_PARENT, core(0, 3), || set(SLOW));
		assert_eq!(Velocity::limits(), FASTER);
		block_on(RELAY_PARENT, core(1, 3), || ());
		assert_eq!(Velocity::limits(), FASTER);
		block_on(RELAY_PARENT, core(2, 3), || ());
		assert_eq!(Velocity::limits(), SLOW);
	});
}

/// The last core may have no block: it does not fit, or is skipped for the next collator.
#[test]
fn limits_apply_without_a_block_on_the_last_core() {
	new_test_ext_with(FASTER).execute_with(|| {
		block_on(RELAY_PARENT, core(0, 3), || set(SLOW));
		block_on(RELAY_PARENT, core(1, 3), || ());
		assert_eq!(Velocity::limits(), FASTER);
		Authored::<Test>::put(AuthoredInSlot {
			relay_slot: 10.into(),
			blocks: 1,
			last_core: true,
			rest: RestOfSlot::Current,
		});
		block_on(RELAY_PARENT + 1, core(0, 3), || ());
		assert_eq!(Velocity::limits(), SLOW);
		// The collator planned the other cores with the previous limits.
		let refusal = Refusal::LimitsChanged { relay_slot: 10.into() };
		assert_eq!(Velocity::admission(Default::default(), 10.into()), Err(refusal));
		assert!(Velocity::can_build_upon(Default::default(), 11.into()));
	});
}

#[test]
fn a_capacity_below_the_segment_only_delays_authoring() {
	let fast = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	new_test_ext_with(fast).execute_with(|| {
		set_segment(8);
		block(None, || set(Limits { velocity: 3, capacity: 5, target_block_rate: 3 }));
		assert_eq!(Velocity::limits().capacity, 5);
		let admission = |included| Velocity::admission(included, 10.into());
		let full = |length| Err(Refusal::SegmentFull { length, capacity: 5 });
		assert_eq!(admission(Default::default()), full(8));
		assert_eq!(admission(block_hash(2)), full(5));
		let does_not_fit = |room| Err(Refusal::BundleDoesNotFit { needed: 3, room });
		assert_eq!(admission(block_hash(3)), does_not_fit(1));
		assert_eq!(admission(block_hash(4)), does_not_fit(2));
		assert_eq!(admission(block_hash(5)).unwrap().room, 3);
	});
}
