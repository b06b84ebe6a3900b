// SPDX-License-Identifier: Apache-2.0

//! The target block rate as a type, and how often the extensions of a transaction read it.

use crate::{mock::*, Limits as StoredLimits, RateAtHand, TargetBlockRate};
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

/// An extension that changes the limits in each step, as none may, and asks for the rate before and
/// after. Answers what it was told by its weight.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
struct Meddler(u64);

fn meddle() -> (u32, u32) {
	let before = rate();
	StoredLimits::<Test>::mutate(|limits| limits.target_block_rate += 1);
	(before, rate())
}

impl TransactionExtension<RuntimeCall> for Meddler {
	const IDENTIFIER: &'static str = "Meddler";
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
		Ok((ValidTransaction::default(), meddle(), origin))
	}

	fn prepare(
		self,
		_: (u32, u32),
		_: &Origin,
		_: &RuntimeCall,
		_: &DispatchInfo,
		_: usize,
	) -> Result<(u32, u32), TransactionValidityError> {
		Ok(meddle())
	}

	fn post_dispatch_details(
		_: (u32, u32),
		_: &DispatchInfo,
		_: &PostDispatchInfo,
		_: usize,
		_: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		let (before, after) = meddle();
		Ok(Weight::from_parts(before.into(), after.into()))
	}

	fn bare_validate(_: &RuntimeCall, _: &DispatchInfo, _: usize) -> TransactionValidity {
		let (before, after) = meddle();
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
		let (before, after) = meddle();
		assert_eq!(before, after);
		Ok(())
	}

	fn bare_post_dispatch(
		_: &DispatchInfo,
		post_info: &mut PostDispatchInfo,
		_: usize,
		_: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		let (before, after) = meddle();
		post_info.actual_weight = Some(Weight::from_parts(before.into(), after.into()));
		Ok(())
	}
}

type Wrapped = RateAtHand<Test, Meddler>;

#[test]
fn the_extensions_read_the_rate_once_before_the_call_and_once_after_it() {
	let limits = Limits { velocity: 20, capacity: 20, target_block_rate: 1 };
	let same = |rate: u32| Weight::from_parts(rate.into(), rate.into());
	new_test_ext_with(limits).execute_with(|| {
		let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
		let info = DispatchInfo::default();
		let wrapped = Wrapped::from(Meddler(0));

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
		// Still the one of `validate`: a transaction is validated and prepared in one go.
		assert_eq!((pre, rate()), ((1, 1), 3));
		// What a call does is seen at once.
		assert_eq!(meddle(), (3, 4));
		let post_info = PostDispatchInfo::default();
		let told = Wrapped::post_dispatch_details(pre, &info, &post_info, 0, &Ok(())).unwrap();
		assert_eq!((told, rate()), (same(4), 5));

		let told = Wrapped::bare_validate(&call, &info, 0).unwrap();
		assert_eq!((told.priority, told.longevity, rate()), (5, 5, 6));
		Wrapped::bare_validate_and_prepare(&call, &info, 0).unwrap();
		assert_eq!(rate(), 7);
		let mut post_info = PostDispatchInfo::default();
		Wrapped::bare_post_dispatch(&info, &mut post_info, 0, &Ok(())).unwrap();
		assert_eq!((post_info.actual_weight, rate()), (Some(same(7)), 8));
	});
}

#[test]
fn the_wrapper_does_not_show_on_the_wire_nor_in_the_metadata() {
	let (inner, wrapped) = (Meddler(3), Wrapped::from(Meddler(3)));
	assert_eq!(wrapped.encode(), inner.encode());
	assert_eq!(Wrapped::decode(&mut &inner.encode()[..]), Ok(wrapped.clone()));
	assert_eq!(wrapped.implicit(), Ok(7));
	assert_eq!(meta_type::<Wrapped>(), meta_type::<Meddler>());
	let identifiers = |metadata: Vec<TransactionExtensionMetadata>| {
		metadata.into_iter().map(|entry| entry.identifier).collect::<Vec<_>>()
	};
	assert_eq!(identifiers(Wrapped::metadata()), ["A", "B"]);
	let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
	assert_eq!(wrapped.weight(&call), Weight::from_parts(3, 0));
	assert_eq!(format!("{wrapped:?}"), format!("{inner:?}"));
}
