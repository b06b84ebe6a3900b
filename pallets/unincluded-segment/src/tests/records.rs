// SPDX-License-Identifier: Apache-2.0

//! Block records: contents and lifetime.

use crate::{mock::*, pallet::Records, ring::ring_key};
use codec::Compact;
use conveyor_primitives::{
	segment::{BundlePosition, MessagesSent},
	BlockRecord, UnincludedBlock,
};
use cumulus_primitives_core::{BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector};
use frame_support::{dispatch::DispatchClass, weights::Weight};

fn record(number: u32) -> BlockRecord {
	UnincludedSegment::record(number).expect("the block has a record")
}

#[test]
fn a_record_has_the_facts_of_its_block() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = Relay::new(100, chain.head());
		chain.empty_block(&genesis);
		let position = vec![
			CoreInfo {
				selector: CoreSelector(2),
				claim_queue_offset: ClaimQueueOffset(1),
				number_of_cores: Compact(3),
			}
			.to_digest_item(),
			BlockBundleInfo { index: 4, is_last: true }.to_digest_item(),
		];
		let mut weight = Weight::zero();
		chain.start(position);
		chain.inherent(&Relay { parent: 105, ..genesis });
		System::note_applied_extrinsic(&Ok(().into()), Default::default());
		System::note_applied_extrinsic(&Ok(().into()), Default::default());
		System::register_extra_weight_unchecked(
			Weight::from_parts(5_000_000, 70),
			DispatchClass::Normal,
		);
		ParachainSystem::send_upward_message(vec![1; 10]).unwrap();
		ParachainSystem::send_upward_message(vec![1; 20]).unwrap();
		OutboundMessage::set(Some(vec![1; 33]));
		weight += System::block_weight().total();
		chain.end();

		assert!(weight.ref_time() > 5_000_000);
		assert_eq!(
			record(2),
			BlockRecord {
				number: 2,
				relay_parent: 105,
				relay_slot: Some((105 + SLOT_OFFSET).into()),
				para_slot: Some(2.into()),
				core_selector: Some(2),
				bundle: Some(BundlePosition { index: 4, is_last: true }),
				// The inherent and two transactions.
				extrinsics: 3,
				weight,
				upward_messages: MessagesSent { count: 2, bytes: 30 },
				horizontal_messages: MessagesSent { count: 1, bytes: 33 },
				announces_code: false,
				applies_code: false,
			},
		);
		let first = chain.headers[1].hash();
		assert_eq!(
			UnincludedSegment::segment(),
			Ok(vec![
				UnincludedBlock { number: 1, hash: Some(first), record: Some(record(1)) },
				UnincludedBlock { number: 2, hash: None, record: Some(record(2)) },
			]),
		);
		assert_eq!(record(1).core_selector, None);
		assert_eq!(record(1).bundle, None);
	});
}

#[test]
fn message_counts_equal_parachain_systems() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let relay = Relay::new(100, chain.head());
		for number in 1..=6u32 {
			// The last block of a bundle also sends signals to the relay chain.
			let position = vec![
				CoreInfo {
					selector: CoreSelector(0),
					claim_queue_offset: ClaimQueueOffset(0),
					number_of_cores: Compact(1),
				}
				.to_digest_item(),
				BlockBundleInfo { index: 0, is_last: true }.to_digest_item(),
			];
			chain.block(&Relay { parent: 100 + number, ..relay.clone() }, position, || {
				for message in 0..number % 3 {
					ParachainSystem::send_upward_message(vec![1; (number + message) as usize])
						.unwrap();
				}
				OutboundMessage::set((number % 2 == 0).then(|| vec![1; number as usize]));
			});
			let messages = cumulus_pallet_parachain_system::UpwardMessages::<Test>::get();
			assert!(messages.contains(&vec![]), "the block has sent signals");
			let segment = cumulus_pallet_parachain_system::UnincludedSegment::<Test>::get();
			let expected = segment.last().unwrap().used_bandwidth();
			let actual = record(number);
			assert_eq!(actual.upward_messages.count, expected.ump_msg_count);
			assert_eq!(actual.upward_messages.bytes, expected.ump_total_bytes);
			let horizontal: (u32, u32) = expected
				.hrmp_outgoing
				.values()
				.fold((0, 0), |sum, sent| (sum.0 + sent.msg_count, sum.1 + sent.total_bytes));
			let sent = actual.horizontal_messages;
			assert_eq!((sent.count, sent.bytes), horizontal);
		}
	});
}

#[test]
fn records_show_upgrades() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let relay = Relay::new(100, chain.head());
		chain.block(&relay, vec![], || {
			ParachainSystem::schedule_code_upgrade(vec![7; 10]).unwrap();
		});
		assert!(record(1).announces_code);
		assert!(!record(1).applies_code);
		let go_ahead = Some(cumulus_primitives_core::relay_chain::UpgradeGoAhead::GoAhead);
		chain.empty_block(&Relay { parent: 101, go_ahead, ..relay });
		assert!(!record(2).announces_code);
		assert!(record(2).applies_code);
	});
}

#[test]
fn records_exist_until_their_key_is_reused() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let capacity = MaxCapacity::get();
		for number in 1..=3 * capacity {
			let relay = Relay::new(100 + number, chain.head());
			chain.empty_block(&relay);
			assert_eq!(record(number).number, number);
			for old in 1..number {
				assert_eq!(UnincludedSegment::record(old).is_some(), old + capacity > number);
			}
			assert_eq!(UnincludedSegment::record(number + 1), None);
			assert!(Records::<Test>::contains_key(ring_key(number, capacity)));
			assert_eq!(Records::<Test>::iter().count() as u32, number.min(capacity));
		}
	});
}
