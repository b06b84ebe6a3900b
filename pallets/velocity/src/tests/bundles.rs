// SPDX-License-Identifier: Apache-2.0

//! What becomes of bundles under the SDK's hook and under ours, with a collator that throws away a
//! bundle it cannot finish, as the slot-based one does.

use super::{
	chain::Chain,
	collator::{use_slot, Fate, RelaySlot},
};
use crate::mock::*;
use conveyor_primitives::{InvalidLimits, Limits, Refusal, Start};
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::{
	consensus_hook::ConsensusHook, RelayChainStateProof, UnincludedSegment,
};
use frame_support::storage::with_transaction_unchecked;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::TransactionOutcome;

/// The questions that a collator and a runtime ask a hook.
struct Hook {
	can_build_upon: fn(H256, Slot) -> bool,
	execute: fn(&RelayChainStateProof),
}

fn ours() -> Hook {
	Hook {
		can_build_upon: Velocity::can_build_upon,
		execute: |proof| {
			Velocity::on_state_proof(proof);
		},
	}
}

fn sdk<const V: u32, const C: u32>() -> Hook {
	Hook {
		can_build_upon: FixedVelocityConsensusHook::<Test, 6_000, V, C>::can_build_upon,
		execute: |proof| {
			FixedVelocityConsensusHook::<Test, 6_000, V, C>::on_state_proof(proof);
		},
	}
}

/// What a chain has to show for some relay slots.
#[derive(Debug, Default, PartialEq)]
struct Yield {
	/// Bundles that were built to their end.
	bundles: u32,
	/// Blocks that were built, imported and announced, and thrown away.
	wasted: u32,
}

/// A chain on one core over `relay_slots` relay slots. A bundle is included `delay` relay slots after
/// its own.
fn run(hook: Hook, limits: Limits, delay: usize, relay_slots: u64) -> Yield {
	let bundle = limits.target_block_rate as u8;
	new_test_ext_with(limits).execute_with(|| {
		let mut result = Yield::default();
		// For each relay slot to come, whether a bundle becomes included with it.
		let mut under_way = std::collections::VecDeque::from(vec![false; delay]);
		initialize(Place { bundle: Some((bundle - 1, true)), core: None });
		for relay_slot in 100..100 + relay_slots {
			// Those included are the oldest, so the segment just gets shorter.
			if under_way.pop_front() == Some(true) {
				set_segment(segment_length() - bundle);
			}
			let built = with_transaction_unchecked(|| {
				for index in 0..bundle {
					if !(hook.can_build_upon)(H256::zero(), relay_slot.into()) {
						result.wasted += u32::from(index);
						return TransactionOutcome::Rollback(false);
					}
					initialize(Place { bundle: Some((index, index + 1 == bundle)), core: None });
					set_para_slot(relay_slot);
					(hook.execute)(&state_proof(relay_slot));
					set_segment(segment_length() + 1);
				}
				TransactionOutcome::Commit(true)
			});
			result.bundles += u32::from(built);
			under_way.push_back(built);
		}
		result
	})
}

fn segment_length() -> u8 {
	UnincludedSegment::<Test>::decode_len().unwrap_or(0) as u8
}

/// Capacity 2, and bundles of 3. The SDK's hook lets the collator begin a bundle at every relay slot,
/// without a panic or an error, for ever. Ours is not to be had with such limits.
#[test]
fn a_capacity_below_a_bundle_stalls_under_the_sdk_s_hook_and_is_refused_by_ours() {
	let limits = Limits { velocity: 3, capacity: 2, target_block_rate: 3 };
	assert_eq!(run(sdk::<3, 2>(), limits, 3, 100), Yield { bundles: 0, wasted: 200 });
	assert_eq!(
		limits.validate(&MAX_LIMITS),
		Err(InvalidLimits::CapacityBelowBundle { capacity: 2, bundle: 3 }),
	);
}

/// The same by the velocity: it allows for 2 blocks at a relay slot.
#[test]
fn a_velocity_below_a_bundle_stalls_under_the_sdk_s_hook_and_is_refused_by_ours() {
	let limits = Limits { velocity: 1, capacity: 12, target_block_rate: 3 };
	assert_eq!(run(sdk::<1, 12>(), limits, 3, 100), Yield { bundles: 0, wasted: 200 });
	assert!(limits.validate(&MAX_LIMITS).is_err());
}

/// Valid limits that are tight: the same bundles get built, and nothing is built to be thrown away.
#[test]
fn tight_limits_cost_no_block_under_our_hook() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	let theirs = run(sdk::<3, 5>(), limits, 3, 100);
	let ours = run(ours(), limits, 3, 100);
	assert_eq!(ours, Yield { bundles: 34, wasted: 0 });
	assert_eq!(theirs, Yield { bundles: 34, wasted: 132 });
}

/// At the recommended capacity the hooks do the same.
#[test]
fn at_full_pace_there_is_nothing_to_tell_the_hooks_apart() {
	let limits = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	let all = Yield { bundles: 100, wasted: 0 };
	assert_eq!(run(sdk::<3, 12>(), limits, 4, 100), all);
	assert_eq!(run(ours(), limits, 4, 100), all);
}

/// The last relay slot of a para slot, on one core.
fn last_of_para_slot() -> RelaySlot {
	RelaySlot { ends_para_slot: true, ..RelaySlot::next(1) }
}

#[test]
fn a_bundle_whose_last_block_is_left_out_is_not_lost() {
	let limits = Limits { velocity: 6, capacity: 24, target_block_rate: 6 };
	new_test_ext_with(limits).execute_with(|| {
		let mut chain = Chain::new();
		for _ in 0..4 {
			assert_eq!(use_slot(&mut chain, &last_of_para_slot(), |_| ()), [Fate::Sent(5)]);
		}
		let refusal = Refusal::BundleDoesNotFit { needed: 6, room: 4 };
		let fates = use_slot(&mut chain, &last_of_para_slot(), |_| ());
		assert_eq!(fates, [Fate::NotBegun(refusal)]);
	});
}

/// The limits change at the end of the bundle, before the collator asks about the block that it leaves
/// out. A no would throw the bundle away, and the change with it, at every relay slot again.
#[test]
fn a_change_to_lower_limits_is_not_lost_with_the_bundle_that_makes_it() {
	let fast = Limits { velocity: 6, capacity: 24, target_block_rate: 6 };
	let slow = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };
	new_test_ext_with(fast).execute_with(|| {
		let schedule = |block| {
			if block == 0 {
				let root = frame_system::RawOrigin::Root;
				Velocity::schedule_limits(root.into(), slow, Start::Now).expect("they are valid");
			}
		};
		let mut chain = Chain::new();
		assert_eq!(use_slot(&mut chain, &last_of_para_slot(), schedule), [Fate::Sent(5)]);
		assert_eq!(Velocity::limits(), slow);
		let refusal = Refusal::SegmentFull { length: 5, capacity: 4 };
		let fates = use_slot(&mut chain, &last_of_para_slot(), |_| ());
		assert_eq!(fates, [Fate::NotBegun(refusal)]);
		let slot = RelaySlot { included: 2, ..last_of_para_slot() };
		assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(1)]);
	});
}
