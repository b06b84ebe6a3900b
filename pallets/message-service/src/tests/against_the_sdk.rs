// SPDX-License-Identifier: Apache-2.0

//! The share equals that of the SDK's dynamic block weights.

use crate::mock::*;
use conveyor_primitives::share::FULL_CORE;
use cumulus_pallet_parachain_system::{block_weight::MaxParachainBlockWeight, PreviousCoreCount};
use frame_support::{traits::Get, weights::Weight};
use proptest::prelude::*;
use sp_runtime::generic::Digest;

/// Returns the SDK's and this pallet's maximum weight for the block with this digest.
fn both(digest: &Digest) -> (Weight, Weight) {
	System::initialize(&(System::block_number() + 1), &Default::default(), digest);
	(MaxParachainBlockWeight::<Test, Rate>::get(), MessageService::share(digest))
}

proptest! {
	#[test]
	fn the_share_equals_the_sdk_s(rate in 0..=300u32, cores in 0..=300u16, before in 0..=300u16) {
		new_test_ext().execute_with(|| {
			Rate::set(rate);
			// A block that is not the first one of its bundle never gets more than its share.
			let (sdk, own) = both(&digest(1, 0, cores));
			prop_assert_eq!(sdk, own);
			// Without cores in the digest, those of the previous block count, or one core.
			let (sdk, own) = both(&Digest::default());
			prop_assert_eq!(sdk, own);
			PreviousCoreCount::<Test>::put(codec::Compact(before));
			let (sdk, own) = both(&Digest::default());
			prop_assert_eq!(sdk, own);
			Ok(())
		})?;
	}
}

#[test]
fn the_full_core_equals_the_sdk_s() {
	new_test_ext().execute_with(|| {
		assert_eq!(both(&digest(0, 0, 1)).0, FULL_CORE);
	});
}
