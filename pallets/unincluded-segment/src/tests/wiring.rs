// SPDX-License-Identifier: Apache-2.0

//! A runtime that cannot work is told so when it is tested.

use crate::mock::*;
use frame_support::{traits::Hooks, weights::Weight};
use std::panic::{catch_unwind, AssertUnwindSafe};

fn complaint() -> Option<String> {
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let result = catch_unwind(AssertUnwindSafe(<UnincludedSegment as Hooks<u64>>::integrity_test));
	std::panic::set_hook(print_panic);
	result.err().map(|panic| *panic.downcast::<String>().expect("it has figures"))
}

#[test]
fn a_runtime_that_cannot_work_is_told_so() {
	new_test_ext().execute_with(|| {
		assert_eq!(complaint(), None);
		for capacity in [0, 1_024, 70_000] {
			MaxCapacity::set(capacity);
			let complaint = complaint().expect("it is too small or too large");
			assert!(complaint.contains("MaxCapacity") || complaint.contains("BlockHashCount"));
		}
		MaxCapacity::set(24);
		TellWeight::set(Weight::from_parts(1, 1));
		assert!(complaint().expect("nobody is ever told").contains("OnIncludedWeight"));
	});
}
