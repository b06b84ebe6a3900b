// SPDX-License-Identifier: Apache-2.0

//! What can be asked is answered, and what cannot be answered says why.

use crate::mock::*;
use codec::Encode;
use conveyor_primitives::{
	segment::InclusionLag, Included, InclusionStatus, NotTracked, OldestUnderWay,
};
use frame_support::view_functions::ViewFunction;

fn under_way(relay_blocks: u32) -> Result<InclusionStatus, NotTracked> {
	Ok(InclusionStatus::UnderWay { relay_blocks: Some(relay_blocks) })
}

fn after(lag: u32) -> Result<InclusionStatus, NotTracked> {
	Ok(InclusionStatus::Included { lag: InclusionLag::Exactly { relay_blocks: lag } })
}

#[test]
fn nothing_is_answered_with_a_zero_before_there_is_anything() {
	new_test_ext().execute_with(|| {
		assert_eq!(UnincludedSegment::segment(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::inclusion(0), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::stats(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::oldest_age(), Err(NotTracked::NotStarted));
		assert_eq!(UnincludedSegment::of(1), None);
		assert_eq!(UnincludedSegment::record(1), None);
		assert_eq!(UnincludedSegment::check_state(), Ok(()));
	});
}

#[test]
fn a_block_is_under_way_and_then_included() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let genesis = chain.head().clone();
		chain.empty_block(&Relay::new(100, &genesis));
		chain.empty_block(&Relay::new(102, &genesis));
		let first = chain.headers[1].clone();
		chain.begin(vec![]);
		// The block itself, before and after it knows its relay parent.
		assert_eq!(
			UnincludedSegment::inclusion(3),
			Ok(InclusionStatus::UnderWay { relay_blocks: None }),
		);
		chain.inherent(&Relay::new(105, &first));
		assert_eq!(UnincludedSegment::inclusion(3), under_way(0));
		chain.end();

		assert_eq!(UnincludedSegment::inclusion(0), Err(NotTracked::Before { since: 1 }));
		assert_eq!(UnincludedSegment::inclusion(1), after(5));
		assert_eq!(UnincludedSegment::inclusion(2), under_way(3));
		assert_eq!(UnincludedSegment::inclusion(3), under_way(0));
		assert_eq!(UnincludedSegment::inclusion(4), Err(NotTracked::After { latest: 3 }));
		assert_eq!(UnincludedSegment::of(0), None);
		assert_eq!(UnincludedSegment::of(1), after(5).ok());
		assert_eq!(UnincludedSegment::of(4), None);
		assert_eq!(
			UnincludedSegment::oldest_age(),
			Ok(Some(OldestUnderWay { number: 2, relay_blocks: Some(3) })),
		);
	});
}

#[test]
fn old_lags_are_not_known_but_old_blocks_are() {
	new_test_ext().execute_with(|| {
		let mut chain = Chain::new();
		let blocks = WINDOW + 30;
		for number in 0..blocks {
			let relay = Relay::new(100 + number, chain.head());
			chain.empty_block(&relay);
		}
		let included = blocks - 1;
		for number in 1..=included {
			let status = if number + WINDOW > included {
				after(1)
			} else {
				Ok(InclusionStatus::Included { lag: InclusionLag::Unknown })
			};
			assert_eq!(UnincludedSegment::inclusion(number), status);
		}
		let stats = UnincludedSegment::stats().unwrap();
		assert_eq!(stats.lags.counts[1], included);
		assert_eq!(stats.recent.counts[1], WINDOW);
		assert_eq!(stats.included_per_thousand_relay_blocks, Some(1_000));
	});
}

#[test]
fn view_functions_answer_the_same() {
	use frame_support::view_functions::DispatchViewFunction;
	fn ask<F: ViewFunction>(input: Vec<u8>) -> Vec<u8> {
		let mut output = Vec::new();
		let answer = <Test as Ask>::ask(&F::id(), &mut &input[..], &mut output);
		assert!(answer.is_ok());
		output
	}
	trait Ask {
		fn ask(
			id: &frame_support::view_functions::ViewFunctionId,
			input: &mut &[u8],
			output: &mut Vec<u8>,
		) -> Result<(), frame_support::view_functions::ViewFunctionDispatchError>;
	}
	impl Ask for Test {
		fn ask(
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
		assert_eq!(ask::<SegmentViewFunction<Test>>(vec![]), UnincludedSegment::segment().encode(),);
		assert_eq!(
			ask::<InclusionViewFunction<Test>>(1u32.encode()),
			UnincludedSegment::inclusion(1).encode(),
		);
		assert_eq!(ask::<StatsViewFunction<Test>>(vec![]), UnincludedSegment::stats().encode());
		assert_eq!(
			ask::<OldestAgeViewFunction<Test>>(vec![]),
			UnincludedSegment::oldest_age().encode(),
		);
	});
}
