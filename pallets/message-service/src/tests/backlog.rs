// SPDX-License-Identifier: Apache-2.0

//! Many messages that each fit into a block's share.

use crate::mock::*;
use frame_support::{traits::Get, weights::Weight};
use proptest::prelude::*;

/// An XCM instruction with the runtime's weight.
const INSTRUCTION: Weight = Weight::from_parts(1_000_000_000, 64 * 1024);

/// Returns the number of blocks in the bundle built on one of `cores`.
fn bundle(blocks: u8, cores: u16) -> u8 {
	(0..blocks)
		.find(|index| block(&digest(*index, 0, cores), false).ends_bundle)
		.map_or(blocks, |last| last + 1)
}

#[test]
fn a_backlog_ends_no_bundle() {
	new_test_ext().execute_with(|| {
		for (rate, cores, blocks) in [(12, 1, 12), (12, 3, 4), (6, 1, 6), (2, 1, 2), (12, 12, 1)] {
			Rate::set(rate);
			for _ in 0..2_000 {
				enqueue(sibling(1), INSTRUCTION);
			}
			for _ in 0..3 {
				assert_eq!(bundle(blocks, cores), blocks, "rate {rate}, {cores} cores");
			}
			assert!(waiting(sibling(1)) > 0, "there is a backlog until the end");
			assert!(!Executed::take().is_empty());
		}
	});
}

/// Shows the effect of a constant `ServiceWeight`.
#[test]
fn a_constant_service_weight_ends_the_bundle() {
	new_test_ext().execute_with(|| {
		OwnService::set(crate::FullCoreService::<Test>::get());
		for _ in 0..2_000 {
			enqueue(sibling(1), INSTRUCTION);
		}
		assert_eq!(bundle(12, 1), 1);
		OwnService::set(None);
	});
}

#[test]
fn all_queues_are_served() {
	new_test_ext().execute_with(|| {
		for _ in 0..20 {
			enqueue(sibling(1), INSTRUCTION);
			enqueue(sibling(2), INSTRUCTION);
			enqueue(Origin::Parent, INSTRUCTION);
		}
		for _ in 0..2 {
			assert_eq!(bundle(12, 1), 12);
		}
		assert_eq!(Executed::take().len(), 60);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// For any queued messages: only a block that serves a heavy message uses more than its share.
	#[test]
	fn no_block_uses_more_than_its_share(
		rate in 1..=12u32,
		cores in 1..=12u16,
		messages in prop::collection::vec((0..4u32, 0..800u64, 0..4_000u64), 0..60),
	) {
		new_test_ext().execute_with(|| {
			Rate::set(rate);
			for (queue, time, kib) in messages {
				enqueue(sibling(queue), millis(time).set_proof_size(kib * 1024));
			}
			let mut bundles_since = crate::BUNDLES_PER_FULL_CORE;
			for _ in 0..15 {
				bundles_since += 1;
				for index in 0..rate.div_ceil(cores.into()) as u8 {
					let digest = digest(index, 0, cores);
					let built = block(&digest, false);
					let served_heavy = System::events()
						.iter()
						.any(|event| matches!(event.event, RuntimeEvent::MessageService(_)));
					if served_heavy {
						prop_assert_eq!(index, 0);
						prop_assert!(bundles_since >= crate::BUNDLES_PER_FULL_CORE);
						bundles_since = 0;
					} else {
						prop_assert!(!built.ends_bundle);
						let share = MessageService::share(&digest);
						// The hook's reads, in addition to the messages' part.
						let part = ServicePart::get() * share;
						prop_assert!(built.used.all_lte(part + Weight::from_parts(2_000_000_000, 64 * 1024)));
					}
					if built.ends_bundle {
						break;
					}
				}
			}
			Executed::take();
			Ok(())
		})?;
	}
}
