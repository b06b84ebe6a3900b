// SPDX-License-Identifier: GPL-3.0-only

//! Candidates for several cores at one relay slot, built with the collator's plan and validated by the Wasm, and changes of
//! the limits between them.

use crate::{schedule_limits, validate, RELAY};
use codec::{Decode, Encode};
use conveyor_primitives::{
	plan::{plan, Core},
	Admission, Limits, Refusal,
};
use conveyor_runtime::opaque::Header;
use conveyor_testing::{Builder, Code, RelayContext, State};
use cumulus_primitives_core::{
	relay_chain::{UMPSignal, UMP_SEPARATOR},
	ClaimQueueOffset, CoreSelector,
};
use polkadot_parachain_primitives::primitives::ValidationResult;
use sp_runtime::{traits::Header as _, OpaqueExtrinsic};
use std::time::Duration;

/// Returns a chain that starts with `limits`.
fn chain(limits: Limits) -> State {
	let mut genesis = Code::of_runtime().preset("development");
	genesis["velocity"]["limits"] = serde_json::to_value(limits).expect("limits are JSON");
	State::new(Code::of_runtime(), genesis)
}

/// Returns the collator's plan on `cores` with the current limits.
fn planned(state: &State, cores: u32, ends_para_slot: bool) -> Vec<Core> {
	let rate = state.call("TargetBlockRate_target_block_rate", ());
	plan(rate, cores, Duration::ZERO, ends_para_slot)
}

/// Builds and validates the bundle planned for `core` of `cores`. `transaction` is in the block with that index.
fn candidate(
	state: &mut State,
	relay: RelayContext,
	included: &Header,
	(core, cores): (&Core, usize),
	transaction: Option<(u8, OpaqueExtrinsic)>,
) -> ValidationResult {
	let mut builder = Builder::after(state, relay, included).on_core(core.selector, cores as u16);
	for block in core.blocks.iter().filter(|block| !block.skipped) {
		let here = transaction.iter().filter(|(index, _)| *index == block.index);
		let transactions: Vec<_> = here.map(|(_, transaction)| transaction.clone()).collect();
		builder.build(&transactions, Some((block.index, block.is_last)));
	}
	let result = validate(&builder.candidate()).expect("the candidate is valid");
	assert_eq!(result.head_data.0, state.head().encode());
	assert_eq!(core_of(&result), core.selector);
	result
}

/// Returns the core that the candidate selects, as the relay chain reads it.
fn core_of(result: &ValidationResult) -> u8 {
	let mut signals =
		result.upward_messages.iter().skip_while(|message| **message != UMP_SEPARATOR);
	signals.next().expect("there is a separator");
	for signal in signals {
		let signal = UMPSignal::decode(&mut &signal[..]).expect("after it are signals");
		if let UMPSignal::SelectCore(CoreSelector(core), ClaimQueueOffset(0)) = signal {
			return core;
		}
	}
	panic!("the candidate selects no core")
}

/// Builds one candidate per core, as planned for a relay slot. Returns the number of blocks of each.
fn relay_slot(
	state: &mut State,
	relay: RelayContext,
	included: &Header,
	cores: u32,
	ends_para_slot: bool,
) -> Vec<u32> {
	let plan = planned(state, cores, ends_para_slot);
	let build = |core| {
		let before = *state.head().number();
		candidate(state, relay, included, (core, plan.len()), None);
		state.head().number() - before
	};
	plan.iter().map(build).collect()
}

#[test]
fn a_validator_accepts_a_candidate_for_each_core_of_a_relay_slot() {
	let mut state = chain(Limits { velocity: 7, capacity: 28, target_block_rate: 7 });
	let genesis = state.head().clone();
	assert_eq!(relay_slot(&mut state, RELAY, &genesis, 3, false), [3, 2, 2]);
	assert_eq!(state.head().number(), &7);
	// With unincluded blocks, and at the end of a para slot.
	assert_eq!(relay_slot(&mut state, RELAY.next(), &genesis, 3, true), [3, 2, 1]);
	assert_eq!(state.head().number(), &13);
	// Other numbers of cores than in the state before.
	let relay = RELAY.next().next();
	assert_eq!(relay_slot(&mut state, relay, &genesis, 1, false), [7]);
	let included = state.head().clone();
	assert_eq!(relay_slot(&mut state, relay.next(), &included, 12, false), [1; 7]);
}

/// The state before assumes 7 cores and admits the block. The block rejects itself, so no incomplete bundle is
/// built.
#[test]
fn a_bundle_that_does_not_fit_is_not_started_after_a_loss_of_cores() {
	let mut state = chain(Limits { velocity: 7, capacity: 10, target_block_rate: 7 });
	let genesis = state.head().clone();
	assert_eq!(relay_slot(&mut state, RELAY, &genesis, 7, false), [1; 7]);
	let relay = RELAY.next();
	assert_eq!(admission(&state, &genesis, relay), Ok(Admission { room: 3 }));
	let mut builder = Builder::after(&mut state, relay, &genesis).on_core(0, 1);
	let refused = builder.try_build(&[], Some((0, false))).expect_err("7 do not fit");
	assert!(refused.contains("BlockBuilder_apply_extrinsic"), "not in an inherent: {refused}");
	// With as many cores as before, the bundle fits.
	let mut builder = Builder::after(&mut state, relay, &genesis).on_core(0, 7);
	builder.build(&[], Some((0, true)));
	validate(&builder.candidate()).expect("the candidate is valid");
}

fn limits(state: &State) -> Limits {
	state.call("VelocityApi_limits", ())
}

fn admission(state: &State, included: &Header, relay: RelayContext) -> Result<Admission, Refusal> {
	state.call("VelocityApi_admission", (included.hash(), relay.slot))
}

const SLOW: Limits = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };

/// In the second of three blocks on the first of two cores.
#[test]
fn limits_scheduled_in_the_middle_of_a_bundle_wait_for_the_last_core() {
	let fast = Limits { velocity: 6, capacity: 24, target_block_rate: 6 };
	let mut state = chain(fast);
	let genesis = state.head().clone();
	let transaction = schedule_limits(&state, SLOW);
	let plan = planned(&state, 2, false);
	candidate(&mut state, RELAY, &genesis, (&plan[0], 2), Some((1, transaction)));
	assert_eq!(state.head().number(), &3);
	assert_eq!(limits(&state), fast);
	candidate(&mut state, RELAY, &genesis, (&plan[1], 2), None);
	assert_eq!(state.head().number(), &6);
	assert_eq!(limits(&state), SLOW);
	// The previous limits apply to the rest of the relay slot, the new ones to the next relay slot.
	assert_eq!(admission(&state, &genesis, RELAY), Err(bundle_does_not_fit(1)));
	let relay = RELAY.next();
	let full = Refusal::SegmentFull { length: 6, capacity: 4 };
	assert_eq!(admission(&state, &genesis, relay), Err(full));

	let included = state.head().clone();
	assert_eq!(relay_slot(&mut state, relay, &included, 2, false), [1]);
	assert_eq!(admission(&state, &included, relay).map(|admission| admission.room), Ok(1));
}

fn bundle_does_not_fit(room: u32) -> Refusal {
	Refusal::BundleDoesNotFit { needed: 3, room }
}

/// The collator stops after the first of three cores. The limits change after the first core of the next relay slot. Its other
/// cores get no block, because they were planned with the previous limits.
#[test]
fn a_relay_slot_admits_no_more_blocks_if_limits_change_before_its_last_core() {
	let fast = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	let mut state = chain(fast);
	let genesis = state.head().clone();
	let transaction = schedule_limits(&state, SLOW);
	let plan = planned(&state, 3, false);
	candidate(&mut state, RELAY, &genesis, (&plan[0], 3), Some((0, transaction)));
	assert_eq!(limits(&state), fast, "another core was to come");

	let relay = RELAY.next();
	candidate(&mut state, relay, &genesis, (&plan[0], 3), None);
	assert_eq!(limits(&state), SLOW);
	let closed = Refusal::LimitsChanged { relay_slot: relay.slot.into() };
	assert_eq!(admission(&state, &genesis, relay), Err(closed));
	let mut builder = Builder::after(&mut state, relay, &genesis).on_core(1, 3);
	builder.try_build(&[], Some((0, true))).expect_err("the relay slot is closed");

	assert_eq!(relay_slot(&mut state, relay.next(), &genesis, 3, false), [1]);
	assert_eq!(state.head().number(), &3);
}
