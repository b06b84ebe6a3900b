// SPDX-License-Identifier: Apache-2.0

//! The cache of the target block rate during the transaction extensions.

use crate::{mock::*, CacheTargetBlockRate, CurrentLimits, TargetBlockRate};
use codec::{Decode, DecodeWithMemTracking, Encode};
use conveyor_primitives::Limits;
use frame_support::{
	dispatch::{DispatchInfo, PostDispatchInfo},
	traits::Get,
	weights::Weight,
};
use scale_info::{meta_type, TypeInfo};
use sp_runtime::{
	traits::{
		Dispatchable, Implication, TransactionExtension, TransactionExtensionMetadata,
		TxBaseImplication, ValidateResult,
	},
	transaction_validity::{
		TransactionSource, TransactionValidity, TransactionValidityError, ValidTransaction,
	},
	DispatchResult,
};

type Origin = <RuntimeCall as Dispatchable>::RuntimeOrigin;

fn rate() -> u32 {
	TargetBlockRate::<Test>::get()
}

/// An extension that changes the limits in each step, which no real extension does. It reads the rate
/// before and after the change, and returns both values.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
struct ChangesRate(u64);

fn change_rate() -> (u32, u32) {
	let before = rate();
	CurrentLimits::<Test>::mutate(|limits| limits.target_block_rate += 1);
	(before, rate())
}

impl TransactionExtension<RuntimeCall> for ChangesRate {
	const IDENTIFIER: &'static str = "ChangesRate";
	type Implicit = u8;
	type Val = (u32, u32);
	type Pre = (u32, u32);

	fn implicit(&self) -> Result<u8, TransactionValidityError> {
		Ok(7)
	}

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		["A", "B"]
			.map(|identifier| TransactionExtensionMetadata {
				identifier,
				ty: meta_type::<u32>(),
				implicit: meta_type::<u8>(),
			})
			.into()
	}

	fn weight(&self, _: &RuntimeCall) -> Weight {
		Weight::from_parts(self.0, 0)
	}

	fn validate(
		&self,
		origin: Origin,
		_: &RuntimeCall,
		_: &DispatchInfo,
		_: usize,
		_: u8,
		_: &impl Implication,
		_: TransactionSource,
	) -> ValidateResult<(u32, u32), RuntimeCall> {
		Ok((ValidTransaction::default(), change_rate(), origin))
	}

	fn prepare(
		self,
		_: (u32, u32),
		_: &Origin,
		_: &RuntimeCall,
		_: &DispatchInfo,
		_: usize,
	) -> Result<(u32, u32), TransactionValidityError> {
		Ok(change_rate())
	}

	fn post_dispatch_details(
		_: (u32, u32),
		_: &DispatchInfo,
		_: &PostDispatchInfo,
		_: usize,
		_: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		let (before, after) = change_rate();
		Ok(Weight::from_parts(before.into(), after.into()))
	}

	fn bare_validate(_: &RuntimeCall, _: &DispatchInfo, _: usize) -> TransactionValidity {
		let (before, after) = change_rate();
		Ok(ValidTransaction {
			priority: before.into(),
			longevity: after.into(),
			..Default::default()
		})
	}

	fn bare_validate_and_prepare(
		_: &RuntimeCall,
		_: &DispatchInfo,
		_: usize,
	) -> Result<(), TransactionValidityError> {
		let (before, after) = change_rate();
		assert_eq!(before, after);
		Ok(())
	}

	fn bare_post_dispatch(
		_: &DispatchInfo,
		post_info: &mut PostDispatchInfo,
		_: usize,
		_: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		let (before, after) = change_rate();
		post_info.actual_weight = Some(Weight::from_parts(before.into(), after.into()));
		Ok(())
	}
}

type Wrapped = CacheTargetBlockRate<Test, ChangesRate>;

#[test]
fn the_rate_is_read_once_before_the_call_and_once_after_it() {
	let limits = Limits { velocity: 20, capacity: 20, target_block_rate: 1 };
	let same = |rate: u32| Weight::from_parts(rate.into(), rate.into());
	new_test_ext_with(limits).execute_with(|| {
		let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
		let info = DispatchInfo::default();
		let wrapped = Wrapped::from(ChangesRate(0));

		let (_, val, origin) = wrapped
			.validate(
				RuntimeOrigin::signed(1),
				&call,
				&info,
				0,
				0,
				&TxBaseImplication(()),
				TransactionSource::External,
			)
			.unwrap();
		assert_eq!((val, rate()), ((Some(1), (1, 1)), 2));
		let pre = wrapped.prepare(val, &origin, &call, &info, 0).unwrap();
		// `prepare` uses the value that `validate` read.
		assert_eq!((pre, rate()), ((1, 1), 3));
		// A change during the call is visible at once.
		assert_eq!(change_rate(), (3, 4));
		let post_info = PostDispatchInfo::default();
		let result = Wrapped::post_dispatch_details(pre, &info, &post_info, 0, &Ok(())).unwrap();
		assert_eq!((result, rate()), (same(4), 5));

		let result = Wrapped::bare_validate(&call, &info, 0).unwrap();
		assert_eq!((result.priority, result.longevity, rate()), (5, 5, 6));
		Wrapped::bare_validate_and_prepare(&call, &info, 0).unwrap();
		assert_eq!(rate(), 7);
		let mut post_info = PostDispatchInfo::default();
		Wrapped::bare_post_dispatch(&info, &mut post_info, 0, &Ok(())).unwrap();
		assert_eq!((post_info.actual_weight, rate()), (Some(same(7)), 8));
	});
}

#[test]
fn the_encoding_and_the_metadata_are_those_of_the_inner_extension() {
	let (inner, wrapped) = (ChangesRate(3), Wrapped::from(ChangesRate(3)));
	assert_eq!(wrapped.encode(), inner.encode());
	assert_eq!(Wrapped::decode(&mut &inner.encode()[..]), Ok(wrapped.clone()));
	assert_eq!(wrapped.implicit(), Ok(7));
	assert_eq!(meta_type::<Wrapped>(), meta_type::<ChangesRate>());
	let identifiers = |metadata: Vec<TransactionExtensionMetadata>| {
		metadata.into_iter().map(|entry| entry.identifier).collect::<Vec<_>>()
	};
	assert_eq!(identifiers(Wrapped::metadata()), ["A", "B"]);
	let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
	assert_eq!(wrapped.weight(&call), Weight::from_parts(3, 0));
	assert_eq!(format!("{wrapped:?}"), format!("{inner:?}"));
}
