// SPDX-License-Identifier: Apache-2.0

//! Bundles under the SDK's hook and under this pallet's hook, with a collator that discards incomplete
//! bundles, as the slot-based collator does.

use super::{
	chain::Chain,
	collator::{use_slot, Fate, RelaySlot},
};
use crate::mock::*;
use conveyor_primitives::{ApplyAt, InvalidLimits, Limits, Refusal};
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::{
	consensus_hook::ConsensusHook, RelayChainStateProof, UnincludedSegment,
};
use frame_support::storage::with_transaction_unchecked;
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::TransactionOutcome;

/// Functions of a hook that collator and runtime call.
struct Hook {
	can_build_upon: fn(H256, Slot) -> bool,
	execute: fn(&RelayChainStateProof),
}

fn velocity() -> Hook {
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

/// Blocks built in some relay slots.
#[derive(Debug, Default, PartialEq)]
struct Built {
	/// Number of complete bundles.
	bundles: u32,
	/// Number of blocks that were built, imported, announced and then discarded.
	discarded: u32,
}

/// Runs a chain on one core for `relay_slots` relay slots. A bundle is included `delay` relay slots
/// later.
fn run(hook: Hook, limits: Limits, delay: usize, relay_slots: u64) -> Built {
	let bundle = limits.target_block_rate as u8;
	new_test_ext_with(limits).execute_with(|| {
		let mut result = Built::default();
		// For each coming relay slot: whether a bundle is included in it.
		let mut inclusions = std::collections::VecDeque::from(vec![false; delay]);
		initialize(Position { bundle: Some((bundle - 1, true)), core: None });
		for relay_slot in 100..100 + relay_slots {
			// The oldest blocks are included, so the segment becomes shorter.
			if inclusions.pop_front() == Some(true) {
				set_segment(segment_length() - bundle);
			}
			let built = with_transaction_unchecked(|| {
				for index in 0..bundle {
					if !(hook.can_build_upon)(H256::zero(), relay_slot.into()) {
						result.discarded += u32::from(index);
						return TransactionOutcome::Rollback(false);
					}
					initialize(Position { bundle: Some((index, index + 1 == bundle)), core: None });
					set_para_slot(relay_slot);
					(hook.execute)(&state_proof(relay_slot));
					set_segment(segment_length() + 1);
				}
				TransactionOutcome::Commit(true)
			});
			result.bundles += u32::from(built);
			inclusions.push_back(built);
		}
		result
	})
}

fn segment_length() -> u8 {
	UnincludedSegment::<Test>::decode_len().unwrap_or(0) as u8
}

/// Capacity 2, and bundles of 3. With the SDK's hook the collator starts a bundle at every relay slot,
/// without an error, and the chain stalls. This pallet rejects such limits.
#[test]
fn a_capacity_below_a_bundle_stalls_with_the_sdks_hook_and_is_invalid_here() {
	let limits = Limits { velocity: 3, capacity: 2, target_block_rate: 3 };
	assert_eq!(run(sdk::<3, 2>(), limits, 3, 100), Built { bundles: 0, discarded: 200 });
	assert_eq!(
		limits.validate(&MAX_LIMITS),
		Err(InvalidLimits::CapacityBelowBundle { capacity: 2, bundle: 3 }),
	);
}

/// The velocity admits 2 blocks per relay slot, and bundles have 3.
#[test]
fn a_velocity_below_a_bundle_stalls_with_the_sdks_hook_and_is_invalid_here() {
	let limits = Limits { velocity: 1, capacity: 12, target_block_rate: 3 };
	assert_eq!(run(sdk::<1, 12>(), limits, 3, 100), Built { bundles: 0, discarded: 200 });
	assert!(limits.validate(&MAX_LIMITS).is_err());
}

/// Both hooks build the same bundles. Only the SDK's hook has discarded blocks.
#[test]
fn tight_limits_discard_no_blocks_with_this_hook() {
	let limits = Limits { velocity: 3, capacity: 5, target_block_rate: 3 };
	let sdk_built = run(sdk::<3, 5>(), limits, 3, 100);
	let velocity_built = run(velocity(), limits, 3, 100);
	assert_eq!(velocity_built, Built { bundles: 34, discarded: 0 });
	assert_eq!(sdk_built, Built { bundles: 34, discarded: 132 });
}

#[test]
fn at_the_recommended_capacity_both_hooks_build_the_same() {
	let limits = Limits { velocity: 3, capacity: 12, target_block_rate: 3 };
	let all = Built { bundles: 100, discarded: 0 };
	assert_eq!(run(sdk::<3, 12>(), limits, 4, 100), all);
	assert_eq!(run(velocity(), limits, 4, 100), all);
}

/// Returns the last relay slot of a para slot, on one core.
fn last_of_para_slot() -> RelaySlot {
	RelaySlot { ends_para_slot: true, ..RelaySlot::next(1) }
}

#[test]
fn a_bundle_whose_last_block_is_skipped_is_not_discarded() {
	let limits = Limits { velocity: 6, capacity: 24, target_block_rate: 6 };
	new_test_ext_with(limits).execute_with(|| {
		let mut chain = Chain::new();
		for _ in 0..4 {
			assert_eq!(use_slot(&mut chain, &last_of_para_slot(), |_| ()), [Fate::Sent(5)]);
		}
		let refusal = Refusal::BundleDoesNotFit { needed: 6, room: 4 };
		let fates = use_slot(&mut chain, &last_of_para_slot(), |_| ());
		assert_eq!(fates, [Fate::NotStarted(refusal)]);
	});
}

/// The limits change after the bundle, before the collator queries the skipped block. If that block were
/// rejected, the bundle and its change of the limits would be discarded at every relay slot.
#[test]
fn a_change_to_lower_limits_does_not_discard_its_own_bundle() {
	let fast = Limits { velocity: 6, capacity: 24, target_block_rate: 6 };
	let slow = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };
	new_test_ext_with(fast).execute_with(|| {
		let schedule = |block| {
			if block == 0 {
				let root = frame_system::RawOrigin::Root;
				Velocity::schedule_limits(root.into(), slow, ApplyAt::Now)
					.expect("the limits are valid");
			}
		};
		let mut chain = Chain::new();
		assert_eq!(use_slot(&mut chain, &last_of_para_slot(), schedule), [Fate::Sent(5)]);
		assert_eq!(Velocity::limits(), slow);
		let refusal = Refusal::SegmentFull { length: 5, capacity: 4 };
		let fates = use_slot(&mut chain, &last_of_para_slot(), |_| ());
		assert_eq!(fates, [Fate::NotStarted(refusal)]);
		let slot = RelaySlot { included: 2, ..last_of_para_slot() };
		assert_eq!(use_slot(&mut chain, &slot, |_| ()), [Fate::Sent(1)]);
	});
}
