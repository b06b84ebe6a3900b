// SPDX-License-Identifier: Apache-2.0

//! The target block rate, for whatever takes it as a type, and a way to read it less often.

use crate::pallet::*;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
	dispatch::{DispatchInfo, PostDispatchInfo},
	traits::Get,
	weights::Weight,
};
use scale_info::{StaticTypeInfo, Type, TypeInfo};
use sp_runtime::{
	traits::{
		DispatchInfoOf, DispatchOriginOf, Dispatchable, Implication, PostDispatchInfoOf,
		TransactionExtension, TransactionExtensionMetadata, ValidateResult,
	},
	transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
	DispatchResult,
};

/// The number of blocks per relay slot, for whatever takes it as a type.
pub struct TargetBlockRate<T>(PhantomData<T>);

impl<T: Config> Get<u32> for TargetBlockRate<T> {
	fn get() -> u32 {
		let read = Pallet::<T>::target_block_rate;
		at_hand::with(|rate| *rate.get_or_insert_with(read)).unwrap_or_else(read)
	}
}

// The rate while a step of a transaction's extensions goes on, once it was asked for.
environmental::environmental!(at_hand: Option<u32>);

/// Do `step`, and read the target block rate once at most meanwhile.
fn with_rate_at_hand<R>(step: impl FnOnce() -> R) -> R {
	at_hand::using(&mut None, step)
}

/// A transaction extension around all others, so that they read the target block rate once before the
/// call is dispatched and once after it.
///
/// The SDK's dynamic block weights ask for the rate whenever anything asks for the weight of a block,
/// and the extensions of a transaction do that a dozen times. With the SDK's consensus hook the rate is
/// a constant. Here it is state, so the answer is kept, but only while extensions validate or prepare a
/// transaction, or look at what became of it, and never while a call is dispatched: no extension can
/// change the rate. So a block that is built, by a call into the runtime for each transaction, and the
/// same block executed, by a single one, see the same rate at every place.
///
/// On the wire and in the metadata it does not appear: a transaction is encoded as with `S` alone.
///
/// It belongs outside of `DynamicMaxBlockWeight`, which asks as well:
///
/// ```ignore
/// pub type TxExtension = pallet_velocity::RateAtHand<
///     Runtime,
///     DynamicMaxBlockWeight<Runtime, OtherExtensions, pallet_velocity::TargetBlockRate<Runtime>>,
/// >;
/// ```
#[derive(Encode, Decode, DecodeWithMemTracking)]
pub struct RateAtHand<T, S>(pub S, PhantomData<T>);

impl<T, S> From<S> for RateAtHand<T, S> {
	fn from(inner: S) -> Self {
		Self(inner, PhantomData)
	}
}

// By hand, because derived ones would want the same of `T`.
impl<T, S: Clone> Clone for RateAtHand<T, S> {
	fn clone(&self) -> Self {
		self.0.clone().into()
	}
}

impl<T, S: PartialEq> PartialEq for RateAtHand<T, S> {
	fn eq(&self, other: &Self) -> bool {
		self.0 == other.0
	}
}

impl<T, S: Eq> Eq for RateAtHand<T, S> {}

impl<T, S: Default> Default for RateAtHand<T, S> {
	fn default() -> Self {
		S::default().into()
	}
}

impl<T, S: fmt::Debug> fmt::Debug for RateAtHand<T, S> {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(formatter)
	}
}

impl<T, S: StaticTypeInfo> TypeInfo for RateAtHand<T, S>
where
	T: 'static,
{
	type Identity = S::Identity;

	fn type_info() -> Type {
		S::type_info()
	}
}

impl<T, S> TransactionExtension<T::RuntimeCall> for RateAtHand<T, S>
where
	T: Config + Send + Sync,
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	S: TransactionExtension<T::RuntimeCall>,
{
	const IDENTIFIER: &'static str = S::IDENTIFIER;

	type Implicit = S::Implicit;
	/// The rate, if it was asked for, and what the inner extensions hand over: between the two steps
	/// nothing happens that could change it.
	type Val = (Option<u32>, S::Val);
	type Pre = S::Pre;

	fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
		self.0.implicit()
	}

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		S::metadata()
	}

	fn weight(&self, call: &T::RuntimeCall) -> Weight {
		self.0.weight(call)
	}

	fn validate(
		&self,
		origin: DispatchOriginOf<T::RuntimeCall>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
		self_implicit: Self::Implicit,
		inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, T::RuntimeCall> {
		let (inner, mut rate) = (&self.0, None);
		let (valid, val, origin) = at_hand::using(&mut rate, || {
			inner.validate(origin, call, info, len, self_implicit, inherited_implication, source)
		})?;
		Ok((valid, (rate, val), origin))
	}

	fn prepare(
		self,
		(mut rate, val): Self::Val,
		origin: &DispatchOriginOf<T::RuntimeCall>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		at_hand::using(&mut rate, || self.0.prepare(val, origin, call, info, len))
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		with_rate_at_hand(|| S::post_dispatch_details(pre, info, post_info, len, result))
	}

	fn post_dispatch(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &mut PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		with_rate_at_hand(|| S::post_dispatch(pre, info, post_info, len, result))
	}

	fn bare_validate(
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> TransactionValidity {
		with_rate_at_hand(|| S::bare_validate(call, info, len))
	}

	fn bare_validate_and_prepare(
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> Result<(), TransactionValidityError> {
		with_rate_at_hand(|| S::bare_validate_and_prepare(call, info, len))
	}

	fn bare_post_dispatch(
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &mut PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		with_rate_at_hand(|| S::bare_post_dispatch(info, post_info, len, result))
	}
}
