// SPDX-License-Identifier: Apache-2.0

//! A runtime with another configuration of the message queue is rejected.

use crate::mock::*;
use frame_support::traits::Hooks;
use std::panic::{catch_unwind, AssertUnwindSafe};

fn complaint() -> Option<String> {
	let print_panic = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let result = catch_unwind(AssertUnwindSafe(<MessageService as Hooks<u64>>::integrity_test));
	std::panic::set_hook(print_panic);
	result.err().map(|panic| *panic.downcast::<String>().expect("it has figures"))
}

#[test]
fn another_service_configuration_is_rejected() {
	new_test_ext().execute_with(|| {
		assert_eq!(complaint(), None);
		OwnService::set(Some(millis(100)));
		assert!(
			complaint().is_some_and(|text| text.contains("`ServiceWeight` of the message queue"))
		);
		OwnService::set(None);
		OtherIdleService::set(Some(millis(100)));
		assert!(complaint().is_some_and(|text| text.contains("`IdleMaxServiceWeight`")));
		OtherIdleService::set(None);
	});
}
