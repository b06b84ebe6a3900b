// SPDX-License-Identifier: Apache-2.0

//! Random sequences of calls: no sequence stalls the chain.

use super::{
	chain::Chain,
	collator::{self, use_slot, Fate, RelaySlot},
};
use crate::{mock::*, CurrentLimits, Scheduled};
use conveyor_primitives::{plan::bundle_length, ApplyAt, Limits, ScheduledLimits};
use frame_system::RawOrigin;
use proptest::{prelude::*, test_runner::TestRunner};

#[derive(Clone, Debug)]
enum Call {
	/// Schedules limits, for now or for a number of relay blocks ahead. Both may be invalid.
	Schedule(Limits, Option<i64>),
	Cancel,
}

impl Call {
	/// Dispatches the call in a block on `relay_parent`, and checks its immediate effect.
	fn dispatch(&self, relay_parent: u32) {
		let root = || RawOrigin::Root.into();
		let stored = || (CurrentLimits::<Test>::get(), Scheduled::<Test>::get());
		let previous = stored();
		match *self {
			Self::Schedule(limits, ahead) => {
				let due = (i64::from(relay_parent) + ahead.unwrap_or(0)).max(0) as u32;
				let at = ahead.map_or(ApplyAt::Now, |_| ApplyAt::RelayBlock(due));
				let in_time =
					ahead.is_none_or(|ahead| (1..=i64::from(MAX_SCHEDULE_AHEAD)).contains(&ahead));
				let valid = limits.validate(&MAX_LIMITS).is_ok() && in_time;
				assert_eq!(Velocity::schedule_limits(root(), limits, at).is_ok(), valid);
				let scheduled = Some(ScheduledLimits { limits, due_relay_block: due });
				assert_eq!(stored(), if valid { (previous.0, scheduled) } else { previous });
			},
			Self::Cancel => {
				let called = Velocity::cancel_scheduled_limits(root());
				assert_eq!(called.is_ok(), previous.1.is_some());
				assert_eq!(stored(), (previous.0, None));
			},
		}
	}
}

fn call() -> impl Strategy<Value = Call> {
	let any_limits =
		(0..15u32, 0..30u32, 0..15u32).prop_map(|(velocity, capacity, target_block_rate)| Limits {
			velocity,
			capacity,
			target_block_rate,
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

/// Runs relay slots of a collator, with calls in the given blocks of each relay slot.
fn check_history(slots: &[(RelaySlot, Vec<(u32, Call)>)]) {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		for (slot, calls) in slots {
			let (limits, scheduled) = (CurrentLimits::<Test>::get(), Scheduled::<Test>::get());
			let relay_parent = chain.relay_slot() as u32 + slot.relay_slots;
			use_slot(&mut chain, slot, |block| {
				// Limits scheduled in an earlier relay slot may apply during this one.
				let now = CurrentLimits::<Test>::get();
				assert!(
					now == limits || scheduled.is_some_and(|scheduled| now == scheduled.limits)
				);
				let in_block = calls.iter().filter(|(at, _)| *at == block);
				in_block.for_each(|(_, call)| call.dispatch(relay_parent));
			});
			Velocity::check_state().unwrap();
		}
		// With an empty segment and due limits, every relay slot has blocks, and afterwards no limits
		// are scheduled.
		for cores in [1, 3, 12] {
			let relay_slots = MAX_SCHEDULE_AHEAD + 1;
			let slot = RelaySlot { relay_slots, included: usize::MAX, ..RelaySlot::next(cores) };
			let length = bundle_length(Velocity::target_block_rate(), cores, 0);
			let fates = use_slot(&mut chain, &slot, |_| ());
			assert_eq!(fates[0], Fate::Sent(length), "with {:?}", Velocity::limits());
		}
		assert_eq!(Scheduled::<Test>::get(), None);
	});
}

/// For every sequence of calls: the state stays valid, a rejected call changes nothing, scheduled limits
/// apply, and with an empty segment the collator's first bundle is admitted.
#[test]
fn no_sequence_of_calls_stalls_the_chain() {
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
