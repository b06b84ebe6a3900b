// SPDX-License-Identifier: Apache-2.0

//! The integrity test rejects wrong configurations.

use crate::mock::*;
use frame_support::{traits::Hooks, weights::Weight};
use std::panic::{catch_unwind, AssertUnwindSafe};

fn integrity_error() -> Option<String> {
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let result = catch_unwind(AssertUnwindSafe(<UnincludedSegment as Hooks<u64>>::integrity_test));
	std::panic::set_hook(print_panic);
	result
		.err()
		.map(|panic| *panic.downcast::<String>().expect("the panic has a formatted message"))
}

#[test]
fn wrong_configurations_are_rejected() {
	new_test_ext().execute_with(|| {
		assert_eq!(integrity_error(), None);
		for capacity in [0, 1_024, 70_000] {
			MaxCapacity::set(capacity);
			let error = integrity_error().expect("the capacity is out of range");
			assert!(error.contains("MaxCapacity") || error.contains("BlockHashCount"));
		}
		MaxCapacity::set(24);
		NotificationWeight::set(Weight::from_parts(1, 1));
		assert!(integrity_error().expect("the weight is too low").contains("OnIncludedWeight"));
	});
}
