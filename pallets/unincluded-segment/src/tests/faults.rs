// SPDX-License-Identifier: Apache-2.0

//! Whatever goes wrong, blocks go on, it is told, and it heals.

use crate::{
	mock::*,
	pallet::{Records, Tracker},
	Event, Fault,
};
use conveyor_primitives::{segment::InclusionLag, InclusionStatus};
use cumulus_pallet_parachain_system::{self as parachain_system, Ancestor, UsedBandwidth};
use sp_core::H256;

fn found(fault: Fault) -> Event<Test> {
	Event::FaultFound { fault }
}

/// A chain with that many blocks under way, each on a relay parent of its own, from 100 on.
fn with_segment(length: u32) -> Chain {
	let mut chain = Chain::new();
	let genesis = chain.head().clone();
	for number in 0..length {
		chain.empty_block(&Relay::new(100 + number, &genesis));
	}
	chain
}

#[test]
fn a_segment_that_somebody_has_cleared() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(4);
		parachain_system::UnincludedSegment::<Test>::kill();
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(104, &genesis));
		assert_eq!(events(), [found(Fault::LengthsDiffer { ours: 5, theirs: 1 })]);
		assert_eq!(TOLD.take(), [], "clearing a segment includes nothing");

		// parachain-system does not know this block any more. We do.
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(105, &second));
		let max_lag = Some(5);
		assert_eq!(
			events(),
			[Event::BlocksIncluded { first: 1, last: 2, relay_parent: 105, max_lag }],
		);
		assert_eq!(TOLD.take(), [(1, 6), (2, 6)]);
		assert_eq!((our_hashes().len(), their_hashes().len()), (4, 2));
		assert_eq!(UnincludedSegment::check_state(), Ok(()), "it is known");

		// A fork's block of the same number is not ours.
		let mut fork = chain.headers[4].clone();
		fork.state_root = H256::repeat_byte(1);
		chain.empty_block(&Relay::new(106, &fork));
		assert_eq!(events(), []);

		// This one both know.
		let fifth = chain.headers[5].clone();
		chain.empty_block(&Relay::new(107, &fifth));
		let max_lag = Some(5);
		assert_eq!(
			events(),
			[
				Event::BlocksIncluded { first: 3, last: 5, relay_parent: 107, max_lag },
				Event::FaultHealed,
			],
		);
		assert_eq!(our_hashes(), their_hashes());
		assert_eq!(UnincludedSegment::stats().unwrap().faults, 1);
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn a_segment_with_blocks_that_never_were() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(3);
		parachain_system::UnincludedSegment::<Test>::mutate(|segment| {
			let mut stranger = Ancestor::new_unchecked(UsedBandwidth::default(), None);
			stranger.replace_para_head_hash(H256::repeat_byte(9));
			segment.insert(0, stranger);
		});
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(103, &genesis));
		assert_eq!(events(), [found(Fault::LengthsDiffer { ours: 4, theirs: 5 })]);
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(104, &second));
		assert_eq!(events().last(), Some(&Event::FaultHealed));
		assert_eq!(our_hashes(), their_hashes());
	});
}

#[test]
fn a_segment_with_another_hash() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(3);
		parachain_system::UnincludedSegment::<Test>::mutate(|segment| {
			segment[0].replace_para_head_hash(H256::repeat_byte(9));
		});
		assert!(UnincludedSegment::check_state().is_err(), "the same length, another hash");
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(103, &first));
		assert_eq!(events().last(), Some(&found(Fault::LengthsDiffer { ours: 3, theirs: 4 })));
		let second = chain.headers[2].clone();
		chain.empty_block(&Relay::new(104, &second));
		assert_eq!(events().last(), Some(&Event::FaultHealed));
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn more_blocks_under_way_than_there_is_room_for() {
	new_test_ext().execute_with(|| {
		MaxCapacity::set(4);
		let mut chain = with_segment(4);
		assert_eq!(events(), []);
		let genesis = chain.headers[0].clone();
		chain.empty_block(&Relay::new(104, &genesis));
		assert_eq!(events(), [found(Fault::SegmentTooLong { length: 5, max_capacity: 4 })]);
		for relay_parent in 105..110 {
			chain.empty_block(&Relay::new(relay_parent, &genesis));
			assert_eq!(our_hashes(), their_hashes());
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
		assert_eq!(Tracker::<Test>::get().unwrap().runs.len(), 4);

		let eighth = chain.headers[8].clone();
		chain.empty_block(&Relay::new(111, &eighth));
		let max_lag = Some(5);
		assert_eq!(
			events(),
			[
				Event::BlocksIncluded { first: 1, last: 8, relay_parent: 111, max_lag },
				Event::FaultHealed,
			],
		);
		// Every block is told of, those without a record among them.
		assert_eq!(TOLD.take().len(), 8);
		let stats = UnincludedSegment::stats().unwrap();
		assert_eq!((stats.included, stats.unmeasured, stats.faults), (8, 6, 1));
		assert_eq!(
			UnincludedSegment::inclusion(6),
			Ok(InclusionStatus::Included { lag: InclusionLag::Unknown }),
		);
	});
}

#[test]
fn blocks_without_the_relay_chains_state() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		let without_state = |chain: &mut Chain, relay: &Relay| {
			chain.begin(vec![]);
			WithUs::set(false);
			chain.inherent(relay);
			WithUs::set(true);
			chain.end();
		};
		without_state(&mut chain, &Relay::new(100, &genesis));
		assert_eq!(events(), [found(Fault::NoRelayState)]);
		assert_eq!(UnincludedSegment::record(1).unwrap().relay_slot, None);
		assert_eq!(UnincludedSegment::record(1).unwrap().relay_parent, 100);
		without_state(&mut chain, &Relay::new(101, &genesis));
		assert_eq!(events(), []);
		let first = chain.headers[1].clone();
		without_state(&mut chain, &Relay::new(102, &first));
		assert_eq!((our_hashes().len(), their_hashes().len()), (3, 2));

		chain.empty_block(&Relay::new(103, &first));
		assert_eq!(
			events(),
			[
				Event::BlocksIncluded { first: 1, last: 1, relay_parent: 103, max_lag: Some(3) },
				Event::FaultHealed,
			],
		);
		assert_eq!(our_hashes(), their_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn blocks_built_without_the_pallet() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(2);
		WithUs::set(false);
		let genesis = chain.headers[0].clone();
		let first = chain.headers[1].clone();
		chain.empty_block(&Relay::new(102, &genesis));
		chain.empty_block(&Relay::new(103, &first));
		WithUs::set(true);
		chain.empty_block(&Relay::new(104, &first));
		assert_eq!(
			events(),
			[
				found(Fault::BlocksMissed { blocks: 2 }),
				Event::BlocksIncluded { first: 1, last: 1, relay_parent: 104, max_lag: None },
			],
		);
		assert_eq!(our_hashes(), their_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
		let fourth = chain.headers[4].clone();
		chain.empty_block(&Relay::new(105, &fourth));
		assert_eq!(events().last(), Some(&Event::FaultHealed));
		let numbers: Vec<u32> = TOLD.take().into_iter().map(|(number, _)| number).collect();
		assert_eq!(numbers, [1, 2, 3, 4]);
	});
}

#[test]
fn heads_that_are_no_headers_and_heads_that_are_missing() {
	new_test_ext().execute_with(|| {
		let mut chain = with_segment(2);
		let genesis = Relay::new(102, &chain.headers[0]);
		let garbage = Some(vec![1, 2, 3].into());
		chain.empty_block(&Relay { included: garbage, ..genesis.clone() });
		assert_eq!(events(), []);
		assert_eq!(our_hashes(), their_hashes());
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}
