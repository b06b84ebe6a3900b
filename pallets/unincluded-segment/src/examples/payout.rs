// SPDX-License-Identifier: Apache-2.0

//! A payout that can be claimed only when the block that earned it is included.
//!
//! Why one would want that: a block under way may still be lost with its whole segment, and whatever
//! has left the chain by then, a withdrawal at an exchange or a message to another chain, stays out.
//!
//! 1. `earn` puts the amount under the number of the current block. Nobody can have it yet.
//! 2. [`OnIncluded`] is told of that number: the amount becomes claimable.
//! 3. `claim` pays what is claimable.
//!
//! In the runtime, the pallet is one of those who are told:
//!
//! ```ignore
//! impl pallet_unincluded_segment::Config for Runtime {
//!     type OnIncluded = Payout;
//!     // Enough for one block at least. More are told in one block if there are more.
//!     type OnIncludedWeight = OnIncludedWeight;
//!     // …
//! }
//!
//! impl pallet_payout::Config for Runtime {
//!     type Included = UnincludedSegment;
//! }
//! ```

use conveyor_primitives::{Included, OnIncluded};
use frame_support::{pallet_prelude::*, weights::Weight};
use frame_system::pallet_prelude::*;
use sp_runtime::SaturatedConversion;

pub use pallet::*;

/// Payouts that one block may bring, at most. It bounds the work of [`OnIncluded`] for a block.
pub const MAX_PAYOUTS: u32 = 16;

#[frame_support::pallet]
#[allow(missing_docs, reason = "the macros write items that have none")]
pub mod pallet {
	use super::*;

	/// The pallet.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// What a runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who knows whether a block is included.
		type Included: Included;
	}

	/// Payouts earned in blocks that are not known to be included, under the block's number. There
	/// are as many entries as blocks under way or waiting to be told, and none is empty.
	#[pallet::storage]
	pub type Earned<T: Config> = StorageMap<
		_,
		Twox64Concat,
		u32,
		BoundedVec<(T::AccountId, u128), ConstU32<MAX_PAYOUTS>>,
		ValueQuery,
	>;

	/// What an account may claim now.
	#[pallet::storage]
	pub type Claimable<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u128, ValueQuery>;

	/// What happened to payouts.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A payout was claimed.
		Paid {
			/// By whom.
			who: T::AccountId,
			/// How much.
			amount: u128,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The block has as many payouts as it may have. Try in the next one.
		TooManyPayouts,
		/// Nothing can be claimed now. What was earned becomes claimable when its block is included.
		NothingToClaim,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Earn `amount`, to be claimed when the current block is included.
		#[pallet::call_index(0)]
		#[pallet::weight(T::DbWeight::get().reads_writes(1, 1))]
		pub fn earn(origin: OriginFor<T>, amount: u128) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let number: u32 = frame_system::Pallet::<T>::block_number().saturated_into();
			Earned::<T>::try_mutate(number, |payouts| payouts.try_push((who, amount)))
				.map_err(|_| Error::<T>::TooManyPayouts)?;
			Ok(())
		}

		/// Claim whatever can be claimed.
		#[pallet::call_index(1)]
		#[pallet::weight(T::DbWeight::get().reads_writes(1, 1))]
		pub fn claim(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let amount = Claimable::<T>::take(&who);
			ensure!(amount > 0, Error::<T>::NothingToClaim);
			// Here the tokens would be paid out.
			Self::deposit_event(Event::Paid { who, amount });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Whether what was earned in block `number` can no longer be lost with the segment. This is
		/// how to ask instead of being told.
		pub fn is_settled(number: u32) -> bool {
			T::Included::of(number).is_some_and(|status| status.is_included())
		}
	}
}

impl<T: Config> OnIncluded for Pallet<T> {
	fn max_weight() -> Weight {
		let payouts = u64::from(MAX_PAYOUTS);
		T::DbWeight::get().reads_writes(1 + payouts, 1 + payouts)
	}

	fn on_included(number: u32) -> Weight {
		let payouts = Earned::<T>::take(number);
		let count = payouts.len() as u64;
		for (who, amount) in payouts {
			Claimable::<T>::mutate(who, |claimable| *claimable = claimable.saturating_add(amount));
		}
		T::DbWeight::get().reads_writes(1 + count, 1 + count)
	}
}
