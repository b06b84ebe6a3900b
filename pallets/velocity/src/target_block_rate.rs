// SPDX-License-Identifier: Apache-2.0

//! The target block rate as a type, and a transaction extension that caches it.

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

/// Target block rate in blocks per relay slot, as a `Get<u32>`.
pub struct TargetBlockRate<T>(PhantomData<T>);

impl<T: Config> Get<u32> for TargetBlockRate<T> {
	fn get() -> u32 {
		let read = Pallet::<T>::target_block_rate;
		cached_rate::with(|rate| *rate.get_or_insert_with(read)).unwrap_or_else(read)
	}
}

// The rate during one step of the transaction extensions, after its first read.
environmental::environmental!(cached_rate: Option<u32>);

/// Runs `step`, which reads the target block rate from storage at most once.
fn with_cached_rate<R>(step: impl FnOnce() -> R) -> R {
	cached_rate::using(&mut None, step)
}

/// Transaction extension around all others: they read the target block rate from storage once before
/// the call is dispatched and once after it.
///
/// The SDK's dynamic block weights read the rate whenever an extension reads the maximum block weight,
/// about a dozen times per transaction. With the SDK's consensus hook the rate is a constant; here it is
/// a storage value.
///
/// The rate is cached only while extensions validate, prepare or post-process a transaction, never while
/// a call is dispatched. No extension changes the rate, so authoring (one runtime call per transaction)
/// and execution (one runtime call per block) see the same rate.
///
/// The encoding of a transaction and the metadata are those of `S`.
///
/// It must enclose `DynamicMaxBlockWeight`, which reads the rate as well:
///
/// ```ignore
/// pub type TxExtension = pallet_velocity::CacheTargetBlockRate<
///     Runtime,
///     DynamicMaxBlockWeight<Runtime, OtherExtensions, pallet_velocity::TargetBlockRate<Runtime>>,
/// >;
/// ```
#[derive(Encode, Decode, DecodeWithMemTracking)]
pub struct CacheTargetBlockRate<T, S>(pub S, PhantomData<T>);

impl<T, S> From<S> for CacheTargetBlockRate<T, S> {
	fn from(inner: S) -> Self {
		Self(inner, PhantomData)
	}
}

// Not derived: a derived implementation would require the trait of `T`.
impl<T, S: Clone> Clone for CacheTargetBlockRate<T, S> {
	fn clone(&self) -> Self {
		self.0.clone().into()
	}
}

impl<T, S: PartialEq> PartialEq for CacheTargetBlockRate<T, S> {
	fn eq(&self, other: &Self) -> bool {
		self.0 == other.0
	}
}

impl<T, S: Eq> Eq for CacheTargetBlockRate<T, S> {}

impl<T, S: Default> Default for CacheTargetBlockRate<T, S> {
	fn default() -> Self {
		S::default().into()
	}
}

impl<T, S: fmt::Debug> fmt::Debug for CacheTargetBlockRate<T, S> {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(formatter)
	}
}

impl<T, S: StaticTypeInfo> TypeInfo for CacheTargetBlockRate<T, S>
where
	T: 'static,
{
	type Identity = S::Identity;

	fn type_info() -> Type {
		S::type_info()
	}
}

impl<T, S> TransactionExtension<T::RuntimeCall> for CacheTargetBlockRate<T, S>
where
	T: Config + Send + Sync,
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	S: TransactionExtension<T::RuntimeCall>,
{
	const IDENTIFIER: &'static str = S::IDENTIFIER;

	type Implicit = S::Implicit;
	/// The rate, if it was read, and the value of the inner extensions. Nothing changes the rate between
	/// `validate` and `prepare`.
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
		let (valid, val, origin) = cached_rate::using(&mut rate, || {
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
		cached_rate::using(&mut rate, || self.0.prepare(val, origin, call, info, len))
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		with_cached_rate(|| S::post_dispatch_details(pre, info, post_info, len, result))
	}

	fn post_dispatch(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &mut PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		with_cached_rate(|| S::post_dispatch(pre, info, post_info, len, result))
	}

	fn bare_validate(
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> TransactionValidity {
		with_cached_rate(|| S::bare_validate(call, info, len))
	}

	fn bare_validate_and_prepare(
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> Result<(), TransactionValidityError> {
		with_cached_rate(|| S::bare_validate_and_prepare(call, info, len))
	}

	fn bare_post_dispatch(
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &mut PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		with_cached_rate(|| S::bare_post_dispatch(info, post_info, len, result))
	}
}
