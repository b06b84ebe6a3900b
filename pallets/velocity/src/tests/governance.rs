// SPDX-License-Identifier: Apache-2.0

//! Who schedules limits, which are refused, and when they come into force.

use super::{
	chain::Chain,
	collator::{self, use_slot, Fate, RelaySlot},
};
use crate::{
	mock::*, relay_chain::HostConfigurationPrefix, Authored, Error, Event, Limits, Scheduled,
	TargetBlockRate,
};
use conveyor_primitives::{
	plan::bundle_length, AuthoredInSlot, InvalidLimits, Limits as LimitsRecord, Refusal,
	RelayScheduling, RestOfSlot, ScheduledLimits, Start, Warning,
};
use cumulus_pallet_parachain_system::{RelayStateProof, ValidationData};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{assert_noop, assert_ok, traits::Get};
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::{BuildStorage, DispatchError};

const SLOW: LimitsRecord = INITIAL_LIMITS;
const FAST: LimitsRecord = LimitsRecord { velocity: 3, capacity: 12, target_block_rate: 2 };
const FASTER: LimitsRecord = LimitsRecord { velocity: 3, capacity: 14, target_block_rate: 3 };

fn schedule(limits: LimitsRecord, at: Start) {
	assert_ok!(Velocity::schedule_limits(RawOrigin::Root.into(), limits, at));
}

fn set(limits: LimitsRecord) {
	schedule(limits, Start::Now);
}

/// The only core of a relay slot, unless said otherwise.
fn core(selector: u8, number_of_cores: u16) -> Place {
	Place { bundle: None, core: Some((selector, number_of_cores)) }
}

#[test]
fn a_chain_starts_with_the_initial_limits() {
	new_test_ext().execute_with(|| assert_eq!(Velocity::limits(), SLOW));
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
#[should_panic(
	expected = "the target block rate of 13 blocks per relay slot exceeds the 12 that this runtime allows"
)]
fn genesis_refuses_a_rate_above_that_of_the_runtime() {
	let limits = LimitsRecord { velocity: 13, capacity: 13, target_block_rate: 13 };
	let _ = crate::GenesisConfig::<Test> { limits, ..Default::default() }.build_storage();
}

#[test]
fn only_the_admin_schedules_and_cancels() {
	new_test_ext().execute_with(|| {
		Scheduled::<Test>::put(ScheduledLimits { limits: FAST, due: 7 });
		for origin in [RawOrigin::Signed(1), RawOrigin::None] {
			assert_noop!(
				Velocity::schedule_limits(origin.clone().into(), FAST, Start::Now),
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
	let refused = |velocity, capacity, target_block_rate, error: Error<Test>| {
		new_test_ext().execute_with(|| {
			let limits = LimitsRecord { velocity, capacity, target_block_rate };
			Scheduled::<Test>::put(ScheduledLimits { limits: FAST, due: 7 });
			assert_noop!(
				Velocity::schedule_limits(RawOrigin::Root.into(), limits, Start::Now),
				error,
			);
		})
	};
	refused(1, 4, 0, Error::TargetBlockRateZero);
	refused(1, 4, 2, Error::TargetBlockRateAboveVelocity);
	let too_high = MAX_TARGET_BLOCK_RATE + 1;
	assert!(too_high <= MAX_CAPACITY, "the capacity is another rule");
	refused(too_high, too_high, too_high, Error::TargetBlockRateTooHigh);
	refused(3, 2, 3, Error::CapacityBelowBundle);
	refused(3, MAX_CAPACITY + 1, 3, Error::CapacityTooHigh);
}

#[test]
fn a_relay_block_must_be_ahead_but_not_too_far() {
	new_test_ext().execute_with(|| {
		block(None, || {
			let latest = RELAY_PARENT + MAX_SCHEDULE_AHEAD;
			for (at, error) in [
				(0, Error::<Test>::RelayBlockPassed),
				(RELAY_PARENT, Error::RelayBlockPassed),
				(latest + 1, Error::RelayBlockTooFarAhead),
				(u32::MAX, Error::RelayBlockTooFarAhead),
			] {
				let at = Start::RelayBlock(at);
				assert_noop!(Velocity::schedule_limits(RawOrigin::Root.into(), FAST, at), error,);
			}
			for at in [RELAY_PARENT + 1, latest] {
				schedule(FAST, Start::RelayBlock(at));
				assert_eq!(Scheduled::<Test>::get().unwrap().due, at);
			}
		});
	});
}

#[test]
fn the_last_schedule_counts_and_tells_what_it_replaced() {
	new_test_ext().execute_with(|| {
		block(None, || {
			schedule(FASTER, Start::RelayBlock(RELAY_PARENT + 5));
			set(FAST);
			System::assert_last_event(
				Event::LimitsScheduled {
					limits: FAST,
					due: RELAY_PARENT,
					recommended_capacity: 12,
					warnings: vec![],
					replaced: Some(ScheduledLimits { limits: FASTER, due: RELAY_PARENT + 5 }),
				}
				.into(),
			);
		});
		assert_eq!(Velocity::limits(), FAST);
		assert_eq!(Velocity::scheduled_limits(), None);
	});
}

#[test]
fn what_is_scheduled_can_be_cancelled_until_it_is_in_force() {
	new_test_ext().execute_with(|| {
		let cancel = || Velocity::cancel_scheduled_limits(RawOrigin::Root.into());
		assert_noop!(cancel(), Error::<Test>::NothingScheduled);
		block(None, || {
			set(FAST);
			assert_ok!(cancel());
			System::assert_last_event(
				Event::ScheduledLimitsCancelled { limits: FAST, due: RELAY_PARENT }.into(),
			);
		});
		assert_eq!(Velocity::limits(), SLOW);
		block(None, || set(FAST));
		assert_eq!(Velocity::limits(), FAST);
		assert_noop!(cancel(), Error::<Test>::NothingScheduled);
	});
}

#[test]
fn limits_for_now_apply_at_the_end_of_the_block() {
	new_test_ext().execute_with(|| {
		block(None, || {
			set(FAST);
			assert_eq!(Velocity::limits(), SLOW, "constant while a block is executed");
		});
		assert_eq!(Velocity::limits(), FAST);
		assert_eq!(TargetBlockRate::<Test>::get(), 2);
		assert_eq!(Scheduled::<Test>::get(), None);
		System::assert_last_event(Event::LimitsApplied { limits: FAST }.into());
	});
}

#[test]
fn limits_for_later_apply_after_the_block_on_their_relay_block_or_the_next_there_is() {
	for on_time in [true, false] {
		new_test_ext().execute_with(|| {
			block(None, || schedule(FAST, Start::RelayBlock(RELAY_PARENT + 3)));
			block_on(RELAY_PARENT + 2, core(0, 1), || ());
			assert_eq!(Velocity::limits(), SLOW, "not due yet");
			assert_eq!(
				Velocity::scheduled_limits(),
				Some(ScheduledLimits { limits: FAST, due: RELAY_PARENT + 3 }),
			);
			let relay_parent = RELAY_PARENT + if on_time { 3 } else { 9 };
			block_on(relay_parent, core(0, 1), || ());
			assert_eq!(Velocity::limits(), FAST);
		});
	}
}

/// A scheduler executes what governance has decided before the inherents are there.
#[test]
fn what_is_called_before_the_inherents_applies_with_the_next_relay_parent() {
	new_test_ext().execute_with(|| {
		block(None, || ());
		initialize(Place::default());
		assert_noop!(
			Velocity::schedule_limits(
				RawOrigin::Root.into(),
				FAST,
				Start::RelayBlock(RELAY_PARENT),
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

/// The collator splits the blocks of a relay slot once, by the limits that it finds at its start.
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

/// The last core may not come, for as long as there is no room for it or its block is skipped to hand
/// over to the next collator. The change must come nevertheless.
#[test]
fn limits_do_not_wait_for_a_core_that_does_not_come() {
	new_test_ext_with(FASTER).execute_with(|| {
		block_on(RELAY_PARENT, core(0, 3), || set(SLOW));
		block_on(RELAY_PARENT, core(1, 3), || ());
		assert_eq!(Velocity::limits(), FASTER);
		Authored::<Test>::put(AuthoredInSlot {
			relay_slot: 10.into(),
			blocks: 1,
			last_core: true,
			rest: RestOfSlot::InForce,
		});
		block_on(RELAY_PARENT + 1, core(0, 3), || ());
		assert_eq!(Velocity::limits(), SLOW);
		// The cores after this one were planned by the old limits.
		let refusal = Refusal::LimitsChanged { relay_slot: 10.into() };
		assert_eq!(Velocity::admission(Default::default(), 10.into()), Err(refusal));
		assert!(Velocity::can_build_upon(Default::default(), 11.into()));
	});
}

#[test]
fn capacity_below_what_is_under_way_makes_authoring_wait_and_no_more() {
	let fast = LimitsRecord { velocity: 3, capacity: 12, target_block_rate: 3 };
	new_test_ext_with(fast).execute_with(|| {
		set_segment(8);
		block(None, || set(LimitsRecord { velocity: 3, capacity: 5, target_block_rate: 3 }));
		assert_eq!(Velocity::limits().capacity, 5);
		let admission = |included| Velocity::admission(included, 10.into());
		let full = |length| Err(Refusal::SegmentFull { length, capacity: 5 });
		assert_eq!(admission(Default::default()), full(8));
		assert_eq!(admission(block_hash(2)), full(5));
		let no_room_for_all = |room| Err(Refusal::BundleDoesNotFit { needed: 3, room });
		assert_eq!(admission(block_hash(3)), no_room_for_all(1));
		assert_eq!(admission(block_hash(4)), no_room_for_all(2));
		assert_eq!(admission(block_hash(5)).unwrap().room, 3);
	});
}

/// Leave a relay chain's state proof with the given configuration, as the inherent does.
fn set_relay_configuration(config: Vec<u8>) {
	let key = cumulus_primitives_core::relay_chain::well_known_keys::ACTIVE_CONFIG.to_vec();
	let builder = RelayStateSproofBuilder {
		additional_key_values: vec![(key, config)],
		..Default::default()
	};
	let (root, proof) = builder.into_state_root_and_proof();
	RelayStateProof::<Test>::put(proof);
	ValidationData::<Test>::mutate(|data| {
		data.get_or_insert_default().relay_parent_storage_root = root;
	});
}

#[test]
fn the_relay_chain_s_scheduling_is_read_from_its_own_configuration() {
	use codec::Encode;
	use polkadot_runtime_parachains::configuration::HostConfiguration;
	let mut config = HostConfiguration::<u32>::default();
	config.scheduler_params.lookahead = 5;
	config.scheduler_params.num_cores = 17;
	config.node_features.resize(5, false);
	config.executor_params =
		vec![cumulus_primitives_core::relay_chain::ExecutorParam::MaxMemoryPages(8192)][..].into();
	let scheduling = RelayScheduling { lookahead: 5, num_cores: 17, descriptors_v3: false };
	new_test_ext().execute_with(|| {
		assert_eq!(Velocity::relay_scheduling(), None, "before the first block");
		set_relay_configuration(config.encode());
		assert_eq!(Velocity::relay_scheduling(), Some(scheduling));
		config.node_features.set(4, true);
		set_relay_configuration(config.encode());
		let with_v3 = RelayScheduling { descriptors_v3: true, ..scheduling };
		assert_eq!(Velocity::relay_scheduling(), Some(with_v3));
		// What benchmarks measure with.
		set_relay_configuration(HostConfigurationPrefix::encoded(&with_v3));
		assert_eq!(Velocity::relay_scheduling(), Some(with_v3));
	});
}

#[test]
fn an_unknown_layout_of_the_relay_chain_s_configuration_is_no_reason_to_refuse() {
	new_test_ext().execute_with(|| {
		block(None, || {
			for config in [vec![], vec![0xff; 40], vec![0; 5_000]] {
				set_relay_configuration(config);
				assert_eq!(Velocity::relay_scheduling(), None);
				set(FAST);
			}
		});
		assert_eq!(Velocity::limits(), FAST);
	});
}

#[test]
fn warnings_are_told_beforehand_and_when_limits_are_scheduled() {
	let limits = LimitsRecord { velocity: 3, capacity: 11, target_block_rate: 3 };
	new_test_ext().execute_with(|| {
		block(None, || {
			let scheduling = RelayScheduling { lookahead: 3, num_cores: 2, descriptors_v3: false };
			set_relay_configuration(HostConfigurationPrefix::encoded(&scheduling));
			let warnings = vec![
				Warning::CapacityBelowRecommended { capacity: 11, recommended: 12 },
				Warning::NoBackingSlack { lookahead: 3, relay_parent_offset: 1 },
			];
			let advice = Velocity::check_limits(limits).unwrap();
			assert_eq!(advice.warnings, warnings);
			assert_eq!(advice.relay_scheduling, Some(scheduling));
			assert_eq!(advice.useful_capacity, Some(15));
			assert_eq!(advice.recommended_capacity, Velocity::recommended_capacity(3));
			set(limits);
			System::assert_last_event(
				Event::LimitsScheduled {
					limits,
					due: RELAY_PARENT,
					recommended_capacity: 12,
					warnings,
					replaced: None,
				}
				.into(),
			);
		});
		assert_eq!(
			Velocity::check_limits(LimitsRecord { capacity: 2, ..limits }),
			Err(InvalidLimits::CapacityBelowBundle { capacity: 2, bundle: 3 }),
		);
	});
}

#[derive(Clone, Debug)]
enum Call {
	/// Schedule limits, valid or not, for now or for a number of relay blocks ahead, possible or not.
	Schedule(LimitsRecord, Option<i64>),
	Cancel,
}

impl Call {
	/// Make the call in a block on `relay_parent`, and check what it does at once.
	fn make(&self, relay_parent: u32) {
		let root = || RawOrigin::Root.into();
		let stored = || (Limits::<Test>::get(), Scheduled::<Test>::get());
		let before = stored();
		match *self {
			Self::Schedule(limits, ahead) => {
				let due = (i64::from(relay_parent) + ahead.unwrap_or(0)).max(0) as u32;
				let at = ahead.map_or(Start::Now, |_| Start::RelayBlock(due));
				let in_time =
					ahead.is_none_or(|ahead| (1..=i64::from(MAX_SCHEDULE_AHEAD)).contains(&ahead));
				let valid = limits.validate(&MAX_LIMITS).is_ok() && in_time;
				assert_eq!(Velocity::schedule_limits(root(), limits, at).is_ok(), valid);
				let scheduled = Some(ScheduledLimits { limits, due });
				assert_eq!(stored(), if valid { (before.0, scheduled) } else { before });
			},
			Self::Cancel => {
				let called = Velocity::cancel_scheduled_limits(root());
				assert_eq!(called.is_ok(), before.1.is_some());
				assert_eq!(stored(), (before.0, None));
			},
		}
	}
}

fn call() -> impl Strategy<Value = Call> {
	let any_limits =
		(0..15u32, 0..30u32, 0..15u32).prop_map(|(velocity, capacity, target_block_rate)| {
			LimitsRecord { velocity, capacity, target_block_rate }
		});
	let limits = prop_oneof![1 => any_limits, 2 => collator::limits()];
	let ahead = prop_oneof![
		3 => Just(None),
		3 => (1..4i64).prop_map(Some),
		1 => (-10..120i64).prop_map(Some),
	];
	prop_oneof![
		4 => (limits, ahead).prop_map(|(limits, ahead)| Call::Schedule(limits, ahead)),
		1 => Just(Call::Cancel),
	]
}

/// Relay slots, and calls with the block of the relay slot that they are in. Each is used by the
/// collator as it would, and the blocks are whole.
fn check_history(slots: &[(RelaySlot, Vec<(u32, Call)>)]) {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		for (slot, calls) in slots {
			let (limits, scheduled) = (Limits::<Test>::get(), Scheduled::<Test>::get());
			let relay_parent = chain.relay_slot() as u32 + slot.relay_slots;
			use_slot(&mut chain, slot, |block| {
				// Limits that were scheduled before are in force from a later block on.
				let now = Limits::<Test>::get();
				assert!(
					now == limits || scheduled.is_some_and(|scheduled| now == scheduled.limits)
				);
				let of_block = calls.iter().filter(|(at, _)| *at == block);
				of_block.for_each(|(_, call)| call.make(relay_parent));
			});
			Velocity::check_state().unwrap();
		}
		// As soon as all is included and scheduled limits are due, each relay slot brings blocks, and
		// after the first one with another relay parent nothing waits.
		for cores in [1, 3, 12] {
			let relay_slots = MAX_SCHEDULE_AHEAD + 1;
			let slot = RelaySlot { relay_slots, included: usize::MAX, ..RelaySlot::next(cores) };
			let length = bundle_length(Velocity::target_block_rate(), cores, 0);
			let fates = use_slot(&mut chain, &slot, |_| ());
			assert_eq!(fates[0], Fate::Sent(length), "under {:?}", Velocity::limits());
		}
		assert_eq!(Scheduled::<Test>::get(), None);
	});
}

/// Whatever is called and whenever: the state stays valid, a refused call changes nothing, what is
/// scheduled comes into force, and once nothing is under way the collator's first bundle is accepted.
#[test]
fn no_sequence_of_calls_leaves_limits_without_a_block() {
	let mut runner = TestRunner::new(ProptestConfig {
		cases: 500,
		failure_persistence: None,
		..Default::default()
	});
	let calls = proptest::collection::vec((0..6u32, call()), 0..4);
	let slots = proptest::collection::vec((collator::slot(), calls), 1..6);
	let result = without_back_traces(|| {
		runner.run(&slots, |slots| {
			check_history(&slots);
			Ok(())
		})
	});
	result.unwrap();
}
