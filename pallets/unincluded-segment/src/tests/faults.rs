// SPDX-License-Identifier: Apache-2.0

//! Faults: they are reported, they end, and they reject no block.

use crate::{
	mock::*,
	pallet::{Records, Tracking},
	Event, Fault,
};
use conveyor_primitives::InclusionStatus;
use cumulus_pallet_parachain_system::{self as parachain_system, Ancestor, UsedBandwidth};
use sp_core::H256;

fn detected(fault: Fault) -> Event<Test> {
	Event::FaultDetected { fault }
}

/// Returns a chain with `length` unincluded blocks on the relay parents 100, 101 and so on.
fn with_segment(length: u32) -> Chain {
	let mut chain = Chain::new();
	let genesis = chain.head().clone();
	for number in 0..length {
		chain.empty_block(&Relay::new(100 + number, &genesis));
	}
	chain
}

#[test]
fn a_cleared_parachain_system_segment() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(4);
		parachain_system::UnincludedSegment::<Test>::kill();
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(104, &genesis));
		assert_eq!(events(), [detected(Fault::LengthsDiffer { tracked: 5, parachain_system: 1 })]);
		assert_eq!(NOTIFICATIONS.take(), [], "clearing the segment includes no block");

		// parachain-system does not know this block any more. The pallet does.
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(105, &second));
		let max_lag = 5;
		assert_eq!(
			events(),
			[Event::InclusionDelayed { first: 1, last: 2, relay_parent: 105, max_lag }],
		);
		assert_eq!(NOTIFICATIONS.take(), [(1, 6), (2, 6)]);
		assert_eq!((tracked_hashes().len(), parachain_system_hashes().len()), (4, 2));
		assert_eq!(UnincludedSegment::check_state(), Ok(()), "the fault is recorded");

		// A block of a fork with the same number is not included.
		let mut fork = chain.headers[4].clone();
		fork.state_root = H256::repeat_byte(1);
		chain.empty_block(&Relay::new(106, &fork));
		assert_eq!(events(), []);

		// Both know this block.
		let fifth = chain.headers[5].clone();
		chain.empty_block(&Relay::new(107, &fifth));
		let max_lag = 5;
		assert_eq!(
			events(),
			[
				Event::InclusionDelayed { first: 3, last: 5, relay_parent: 107, max_lag },
				Event::FaultResolved,
			],
		);
		assert_eq!(tracked_hashes(), parachain_system_hashes());
		assert_eq!(UnincludedSegment::stats().unwrap().faults, 1);
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn a_parachain_system_segment_with_unknown_blocks() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(3);
		parachain_system::UnincludedSegment::<Test>::mutate(|segment| {
			let mut unknown = Ancestor::new_unchecked(UsedBandwidth::default(), None);
			unknown.replace_para_head_hash(H256::repeat_byte(9));
			segment.insert(0, unknown);
		});
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(103, &genesis));
		assert_eq!(events(), [detected(Fault::LengthsDiffer { tracked: 4, parachain_system: 5 })]);
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(104, &second));
		assert_eq!(events().last(), Some(&Event::FaultResolved));
		assert_eq!(tracked_hashes(), parachain_system_hashes());
	});
}

#[test]
fn a_parachain_system_segment_with_another_hash() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(3);
		parachain_system::UnincludedSegment::<Test>::mutate(|segment| {
			segment[0].replace_para_head_hash(H256::repeat_byte(9));
		});
		assert!(UnincludedSegment::check_state().is_err(), "the same length, another hash");
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(103, &first));
		assert_eq!(
			events().last(),
			Some(&detected(Fault::LengthsDiffer { tracked: 3, parachain_system: 4 }))
		);
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(104, &second));
		assert_eq!(events().last(), Some(&Event::FaultResolved));
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn a_segment_longer_than_max_capacity() {
	new_test_ext().execute_with(|| {
		MaxCapacity::set(4);
		let mut chain = with_segment(4);
		assert_eq!(events(), []);
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(104, &genesis));
		assert_eq!(events(), [detected(Fault::SegmentTooLong { length: 5, max_capacity: 4 })]);
		for relay_parent in 105..110 {
			chain.empty_block(&Relay::new(relay_parent, &genesis));
			assert_eq!(tracked_hashes(), parachain_system_hashes());
			assert_eq!(UnincludedSegment::check_state(), Ok(()));
		}
		let segment = UnincludedSegment::segment().unwrap();
		let recorded: Vec<_> = segment
			.iter()
			.filter(|block| block.record.is_some())
			.map(|block| block.number)
			.collect();
		assert_eq!(recorded, [7, 8, 9, 10]);
		assert_eq!(Records::<Test>::iter().count(), 4);
		assert_eq!(Tracking::<Test>::get().unwrap().relay_parents.len(), 4);

		let eighth = chain.headers[8].clone();
		chain.empty_block(&Relay::new(111, &eighth));
		let max_lag = 5;
		assert_eq!(
			events(),
			[
				Event::InclusionDelayed { first: 1, last: 8, relay_parent: 111, max_lag },
				Event::FaultResolved,
			],
		);
		// Every block is notified, with or without a record.
		assert_eq!(NOTIFICATIONS.take().len(), 8);
		let stats = UnincludedSegment::stats().unwrap();
		assert_eq!((stats.included_blocks, stats.blocks_with_unknown_lag, stats.faults), (8, 6, 1));
		assert_eq!(
			UnincludedSegment::inclusion(6),
			Ok(InclusionStatus::Included { lag: None, capped: false }),
		);
	});
}

#[test]
fn blocks_without_the_relay_chain_state() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		let without_state = |chain: &mut Chain, relay: &Relay| {
			chain.start(vec![]);
			WithPallet::set(false);
			chain.inherent(relay);
			WithPallet::set(true);
			chain.end();
		};
		without_state(&mut chain, &Relay::new(100, &genesis));
		assert_eq!(events(), [detected(Fault::NoRelayState)]);
		assert_eq!(UnincludedSegment::record(1).unwrap().relay_slot, None);
		assert_eq!(UnincludedSegment::record(1).unwrap().relay_parent, 100);
		without_state(&mut chain, &Relay::new(101, &genesis));
		assert_eq!(events(), []);
		let first = chain.headers[1].clone();
		without_state(&mut chain, &Relay::new(102, &first));
		assert_eq!((tracked_hashes().len(), parachain_system_hashes().len()), (3, 2));

		chain.empty_block(&Relay::new(103, &first));
		assert_eq!(events(), [Event::FaultResolved],);
		assert_eq!(tracked_hashes(), parachain_system_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn blocks_built_without_the_pallet() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(2);
		WithPallet::set(false);
		let genesis = chain.headers[0].clone();
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(102, &genesis));
		chain.empty_block(&Relay::new(103, &first));
		WithPallet::set(true);
		chain.empty_block(&Relay::new(104, &first));
		assert_eq!(events(), [detected(Fault::BlocksMissed { blocks: 2 })],);
		assert_eq!(tracked_hashes(), parachain_system_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
		let fourth = chain.headers[4].clone();
		chain.empty_block(&Relay::new(105, &fourth));
		assert_eq!(events().last(), Some(&Event::FaultResolved));
		let numbers: Vec<u32> =
			NOTIFICATIONS.take().into_iter().map(|(number, _)| number).collect();
		assert_eq!(numbers, [1, 2, 3, 4]);
	});
}

#[test]
fn invalid_heads() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(2);
		let genesis = Relay::new(102, &chain.headers[0]);
		let garbage = Some(vec![1, 2, 3].into());
		chain.empty_block(&Relay { included: garbage, ..genesis.clone() });
		assert_eq!(events(), []);
		assert_eq!(tracked_hashes(), parachain_system_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}
