// SPDX-License-Identifier: Apache-2.0

//! Results of the queries, and the reasons if there is no result.

use crate::mock::*;
use codec::Encode;
use conveyor_primitives::{
	InclusionProvider, InclusionStatus, LagCount, NotTracked, OldestUnincluded,
};
use frame_support::view_functions::ViewFunction;

fn unincluded(age: u32) -> Result<InclusionStatus, NotTracked> {
	Ok(InclusionStatus::Unincluded { age: Some(age) })
}

fn included(lag: u32) -> Result<InclusionStatus, NotTracked> {
	Ok(InclusionStatus::Included { lag: Some(lag), capped: false })
}

#[test]
fn queries_fail_before_the_first_block() {
	new_test_ext().execute_with(|| {
		assert_eq!(UnincludedSegment::segment(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::inclusion(0), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::stats(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::oldest_age(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::inclusion_status(1), None);
		assert_eq!(UnincludedSegment::record(1), None);
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn a_block_is_unincluded_and_then_included() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.empty_block(&Relay::new(100, &genesis));
		chain.empty_block(&Relay::new(102, &genesis));
		let first = chain.headers[1].clone();
		chain.start(vec![]);
		// The current block, before and after its inherent.
		assert_eq!(UnincludedSegment::inclusion(3), Ok(InclusionStatus::Unincluded { age: None }),);
		chain.inherent(&Relay::new(105, &first));
		assert_eq!(UnincludedSegment::inclusion(3), unincluded(0));
		chain.end();

		assert_eq!(UnincludedSegment::inclusion(0), Err(NotTracked::Before { first_block: 1 }));
		assert_eq!(UnincludedSegment::inclusion(1), included(5));
		assert_eq!(UnincludedSegment::inclusion(2), unincluded(3));
		assert_eq!(UnincludedSegment::inclusion(3), unincluded(0));
		assert_eq!(UnincludedSegment::inclusion(4), Err(NotTracked::After { latest: 3 }));
		assert_eq!(UnincludedSegment::inclusion_status(0), None);
		assert_eq!(UnincludedSegment::inclusion_status(1), included(5).ok());
		assert_eq!(UnincludedSegment::inclusion_status(4), None);
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnincluded { number: 2, age: Some(3) })),
		);
	});
}

#[test]
fn lags_are_known_within_the_window_only() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let blocks = WINDOW + 30;
		for number in 0..blocks {
			let relay = Relay::new(100 + number, chain.head());
			chain.empty_block(&relay);
		}
		let newest = blocks - 1;
		for number in 1..=newest {
			let status = if number + WINDOW > newest {
				included(1)
			} else {
				Ok(InclusionStatus::Included { lag: None, capped: false })
			};
			assert_eq!(UnincludedSegment::inclusion(number), status);
		}
		let stats = UnincludedSegment::stats().unwrap();
		let one = |blocks| vec![LagCount { lag: 1, capped: false, blocks }];
		assert_eq!(stats.lags, one(newest));
		assert_eq!(stats.recent_lags, one(WINDOW));
		assert_eq!(stats.blocks_per_1000_relay_blocks, Some(1_000));
	});
}

#[test]
fn view_functions_return_the_same() {
	use frame_support::view_functions::DispatchViewFunction;
	fn query<F: ViewFunction>(input: Vec<u8>) -> Vec<u8> {
		let mut output = Vec::new();
		let result = <Test as Query>::query(&F::id(), &mut &input[..], &mut output);
		assert!(result.is_ok());
		output
	}
	trait Query {
		fn query(
			id: &frame_support::view_functions::ViewFunctionId,
			input: &mut &[u8],
			output: &mut Vec<u8>,
		) -> Result<(), frame_support::view_functions::ViewFunctionDispatchError>;
	}
	impl Query for Test {
		fn query(
			id: &frame_support::view_functions::ViewFunctionId,
			input: &mut &[u8],
			output: &mut Vec<u8>,
		) -> Result<(), frame_support::view_functions::ViewFunctionDispatchError> {
			UnincludedSegment::dispatch_view_function(id, input, output)
		}
	}

	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.empty_block(&Relay::new(100, &genesis));
		chain.empty_block(&Relay::new(101, &genesis));
		use crate::{
			InclusionViewFunction, OldestAgeViewFunction, SegmentViewFunction, StatsViewFunction,
		};
		assert_eq!(
			query::<SegmentViewFunction<Test>>(vec![]),
			UnincludedSegment::segment().encode(),
		);
		assert_eq!(
			query::<InclusionViewFunction<Test>>(1u32.encode()),
			UnincludedSegment::inclusion(1).encode(),
		);
		assert_eq!(query::<StatsViewFunction<Test>>(vec![]), UnincludedSegment::stats().encode());
		assert_eq!(
			query::<OldestAgeViewFunction<Test>>(vec![]),
			UnincludedSegment::oldest_age().encode(),
		);
	});
}
