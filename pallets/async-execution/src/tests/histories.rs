// SPDX-License-Identifier: Apache-2.0

//! Random histories: the pallet does what the [`super::model`] does.
//!
//! `PROPTEST_CASES=10000` compares as many histories.

use super::model::{End, Input, State, FULL};
use crate::{mock::*, Event, Lane};
use frame_support::{assert_ok, weights::Weight};
use frame_system::RawOrigin;
use proptest::{collection::vec, prelude::*};
use sp_runtime::DigestItem;

/// Weight of a part of a batch, with the work around the call.
const PART: u64 = 2_500;

fn weight(parts: u32) -> Weight {
	// The batch may use half of it.
	Weight::from_parts(1, 1) * (2 * PART * u64::from(parts))
}

fn input() -> impl Strategy<Value = Input> {
	let orders = vec((prop::bool::weighted(0.15), 1..=FULL), 0..4);
	let upgrade = (prop::bool::weighted(0.1), any::<bool>());
	let gap = prop_oneof![4 => Just(0u64), 1 => Just(1), 1 => Just(2), 1 => Just(4)];
	let share = prop_oneof![4 => Just(FULL), 1 => Just(1)];
	(gap, orders, upgrade, share, prop::bool::weighted(0.1)).prop_map(
		|(gap, orders, (upgrade, migrates), share, drop_head)| Input {
			gap,
			orders,
			upgrade,
			migrates,
			share,
			drop_head,
		},
	)
}

/// Builds the block of `input` on the mock's chain.
fn build(input: &Input, was_migrating: bool) {
	TargetBlockWeight::set(weight(input.share));
	MigrationRuns::set(was_migrating);
	let mut builder = start_after((input.gap * STALL_SLOTS).max(1));
	TargetBlockWeight::set(weight(FULL));
	if input.upgrade {
		System::deposit_log(DigestItem::RuntimeEnvironmentUpdated);
	}
	if let (true, Some(batch)) = (input.drop_head, Lane::<Test>::get().batch) {
		assert_ok!(AsyncExecution::drop_ticket(RawOrigin::Root.into(), batch.first));
	}
	for (poison, parts) in input.orders.iter().copied() {
		let call: RuntimeCall = if poison {
			Action::poison { weight: weight_of_call(parts) }.into()
		} else {
			let value = Lane::<Test>::get().next_ticket as u32;
			Action::burn { value, weight: weight_of_call(parts) }.into()
		};
		match builder.apply(transaction(1, order(call))) {
			Ok(result) => {
				assert_ok!(result);
			},
			Err(error) => assert!(error.exhausted_resources(), "{error:?}"),
		}
	}
	builder.finish();
	MigrationRuns::set(false);
	SpecVersion::mutate(|version| *version += u32::from(input.upgrade));
}

fn weight_of_call(parts: u32) -> Weight {
	weight(parts) / 2 - AROUND
}

/// Tickets that the latest block settled.
fn settled() -> Vec<(u32, End)> {
	let end = |event| match event {
		Event::Executed { ticket, .. } => Some((ticket as u32, End::Executed)),
		Event::Quarantined { ticket } => Some((ticket as u32, End::Quarantined)),
		Event::Dropped { ticket } => Some((ticket as u32, End::Dropped)),
		_ => None,
	};
	events().into_iter().filter_map(end).collect()
}

proptest! {
	#[test]
	fn the_pallet_does_what_the_model_does(
		history in vec(input(), 1..30),
		quarantine_after in prop::option::of(1..4u8),
	) {
		new_chain().execute_with(|| {
			QuarantineAfter::set(quarantine_after);
			MaxQuarantined::set(u32::MAX);
			let mut model = State::default();
			for input in &history {
				let next = model.after(input, quarantine_after);
				let valid = is_valid(|| build(input, model.migrates));
				assert_eq!(valid, next.is_some(), "{input:?} on {model:?}");
				let Some(next) = next else { continue };
				let ended = &next.ends[model.ends.len()..];
				assert_eq!(settled(), ended, "{input:?} on {model:?}");
				let commitment = commitment().map(|commitment| (commitment.first as u32, commitment.count));
				let expected = ended.first().map(|(first, _)| (*first, ended.len() as u32));
				assert_eq!(commitment, expected);
				let batch = Lane::<Test>::get().batch;
				let pending = batch.as_ref().map_or(0, |batch| batch.count as usize);
				assert_eq!(pending, next.batch.len(), "{input:?} on {model:?}");
				assert_eq!(batch.and_then(|batch| batch.recovery), next.recovery);
				model = next;
			}
			let executed = model.ends.iter().filter(|(_, end)| *end == End::Executed);
			assert_eq!(logged(), executed.map(|(id, _)| *id).collect::<Vec<_>>());
		});
	}
}
