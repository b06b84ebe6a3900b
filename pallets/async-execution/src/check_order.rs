// SPDX-License-Identifier: Apache-2.0

//! Transaction extension that admits orders.

use crate::{pallet::*, types::CallOf, Refusal, WeightInfo};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
	dispatch::{DispatchInfo, PostDispatchInfo},
	traits::IsSubType,
	weights::Weight,
};
use scale_info::{StaticTypeInfo, Type, TypeInfo};
use sp_runtime::{
	traits::{
		AsSystemOriginSigner, DispatchInfoOf, DispatchOriginOf, Dispatchable, Implication,
		PostDispatchInfoOf, TransactionExtension, TransactionExtensionMetadata, ValidateResult,
	},
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	DispatchResult,
};

/// Transaction extension around all others: it checks `order` before anything is charged.
///
/// | refusal | result | consequence |
/// | --- | --- | --- |
/// | temporary | `ExhaustsResources` while a block is built | the transaction stays in the pool and costs nothing |
/// | permanent | `Custom(code)`, codes in [`Refusal::code`] | the transaction leaves the pool and costs nothing |
/// | the account cannot pay | `Payment` | the same |
///
/// The encoding of a transaction and the metadata are those of `S`.
#[derive(Encode, Decode, DecodeWithMemTracking)]
pub struct CheckOrder<T, S>(pub S, PhantomData<T>);

impl<T, S> From<S> for CheckOrder<T, S> {
	fn from(inner: S) -> Self {
		Self(inner, PhantomData)
	}
}

// Not derived: a derived implementation would require the trait of `T`.
impl<T, S: Clone> Clone for CheckOrder<T, S> {
	fn clone(&self) -> Self {
		self.0.clone().into()
	}
}

impl<T, S: PartialEq> PartialEq for CheckOrder<T, S> {
	fn eq(&self, other: &Self) -> bool {
		self.0 == other.0
	}
}

impl<T, S: Eq> Eq for CheckOrder<T, S> {}

impl<T, S: Default> Default for CheckOrder<T, S> {
	fn default() -> Self {
		S::default().into()
	}
}

impl<T, S: fmt::Debug> fmt::Debug for CheckOrder<T, S> {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(formatter)
	}
}

impl<T, S: StaticTypeInfo> TypeInfo for CheckOrder<T, S>
where
	T: 'static,
{
	type Identity = S::Identity;

	fn type_info() -> Type {
		S::type_info()
	}
}

impl From<Refusal> for TransactionValidityError {
	fn from(refusal: Refusal) -> Self {
		let invalid = refusal
			.code()
			.map_or(InvalidTransaction::ExhaustsResources, InvalidTransaction::Custom);
		invalid.into()
	}
}

impl<T, S> TransactionExtension<CallOf<T>> for CheckOrder<T, S>
where
	T: Config + Send + Sync,
	CallOf<T>: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	DispatchOriginOf<CallOf<T>>: AsSystemOriginSigner<T::AccountId> + Clone,
	S: TransactionExtension<CallOf<T>>,
{
	const IDENTIFIER: &'static str = S::IDENTIFIER;

	type Implicit = S::Implicit;
	/// Weight of the ticket, if the call is `order`, and the value of the inner extensions.
	type Val = (Option<Weight>, S::Val);
	/// Whether the call is `order`, and the value of the inner extensions.
	type Pre = (bool, S::Pre);

	fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
		self.0.implicit()
	}

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		S::metadata()
	}

	fn weight(&self, call: &CallOf<T>) -> Weight {
		let check = match call.is_sub_type() {
			Some(Call::order { .. }) => T::WeightInfo::check_order(),
			_ => Weight::zero(),
		};
		self.0.weight(call).saturating_add(check)
	}

	fn validate(
		&self,
		origin: DispatchOriginOf<CallOf<T>>,
		call: &CallOf<T>,
		info: &DispatchInfoOf<CallOf<T>>,
		len: usize,
		self_implicit: Self::Implicit,
		inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, CallOf<T>> {
		let (valid, val, origin) = self.0.validate(
			origin,
			call,
			info,
			len,
			self_implicit,
			inherited_implication,
			source,
		)?;
		let weight = match call.is_sub_type() {
			Some(Call::order { call }) => {
				let orderable = Pallet::<T>::check_orderable(&Lane::<T>::get(), call)?;
				// Other extensions decide what an unsigned order is worth; its dispatch fails.
				if let Some(who) = origin.as_system_origin_signer() {
					if !Pallet::<T>::can_pay(who, orderable.weight) {
						return Err(InvalidTransaction::Payment.into());
					}
				}
				Some(orderable.weight)
			},
			_ => None,
		};
		Ok((valid, (weight, val), origin))
	}

	fn prepare(
		self,
		(weight, val): Self::Val,
		origin: &DispatchOriginOf<CallOf<T>>,
		call: &CallOf<T>,
		info: &DispatchInfoOf<CallOf<T>>,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		if let Some(weight) = weight {
			// Before the other extensions withdraw the fee.
			Pallet::<T>::check_now(&Lane::<T>::get(), weight)?;
		}
		let pre = self.0.prepare(val, origin, call, info, len)?;
		if weight.is_some() {
			Lane::<T>::mutate(|lane| lane.admitted = true);
		}
		Ok((weight.is_some(), pre))
	}

	fn post_dispatch_details(
		(is_order, pre): Self::Pre,
		info: &DispatchInfoOf<CallOf<T>>,
		post_info: &PostDispatchInfoOf<CallOf<T>>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		close_admission::<T>(is_order, result);
		S::post_dispatch_details(pre, info, post_info, len, result)
	}

	fn post_dispatch(
		(is_order, pre): Self::Pre,
		info: &DispatchInfoOf<CallOf<T>>,
		post_info: &mut PostDispatchInfoOf<CallOf<T>>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		close_admission::<T>(is_order, result);
		S::post_dispatch(pre, info, post_info, len, result)
	}

	fn bare_validate(
		call: &CallOf<T>,
		info: &DispatchInfoOf<CallOf<T>>,
		len: usize,
	) -> TransactionValidity {
		S::bare_validate(call, info, len)
	}

	fn bare_validate_and_prepare(
		call: &CallOf<T>,
		info: &DispatchInfoOf<CallOf<T>>,
		len: usize,
	) -> Result<(), TransactionValidityError> {
		S::bare_validate_and_prepare(call, info, len)
	}

	fn bare_post_dispatch(
		info: &DispatchInfoOf<CallOf<T>>,
		post_info: &mut PostDispatchInfoOf<CallOf<T>>,
		len: usize,
		result: &DispatchResult,
	) -> Result<(), TransactionValidityError> {
		S::bare_post_dispatch(info, post_info, len, result)
	}
}

/// Ends the admission of an order whose dispatch failed, because the failure reverted it.
fn close_admission<T: Config>(is_order: bool, result: &DispatchResult) {
	if is_order && result.is_err() {
		Lane::<T>::mutate(|lane| lane.admitted = false);
	}
}
