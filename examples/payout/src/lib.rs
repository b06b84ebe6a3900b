// SPDX-License-Identifier: Apache-2.0

//! Example: a payout that becomes claimable when its block is included.
//!
//! An unincluded block can be lost with its segment. A payout that has left the chain by then, for
//! example as a withdrawal or as a message to another chain, cannot be undone. Therefore:
//!
//! 1. `earn` stores the amount under the number of the current block. It is not claimable yet.
//! 2. [`OnIncluded`] is called for that number: the amount becomes claimable.
//! 3. `claim` pays the claimable amount.
//!
//! In the runtime:
//!
//! ```ignore
//! impl pallet_unincluded_segment::Config for Runtime {
//!     type OnIncluded = Payout;
//!     // At least the weight of one call.
//!     type OnIncludedWeight = OnIncludedWeight;
//!     // …
//! }
//!
//! impl pallet_payout_example::Config for Runtime {
//!     type Inclusion = UnincludedSegment;
//! }
//! ```

#![cfg_attr(not(feature = "std"), no_std)]

use conveyor_primitives::{InclusionProvider, OnIncluded};
use frame_support::{pallet_prelude::*, weights::Weight};
use frame_system::pallet_prelude::*;
use sp_runtime::SaturatedConversion;

pub use pallet::*;

/// Maximum number of payouts per block. Bounds the work of one [`OnIncluded`] call.
pub const MAX_PAYOUTS: u32 = 16;

#[frame_support::pallet]
#[allow(missing_docs, reason = "the macros write items without docs")]
pub mod pallet {
	use super::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Provider of inclusion status.
		type Inclusion: InclusionProvider;
	}

	/// Payouts that are not claimable yet, by the number of the block that earned them. Entries exist
	/// for unincluded blocks and for blocks with a pending notification.
	#[pallet::storage]
	pub type Earned<T: Config> = StorageMap<
		_,
		Twox64Concat,
		u32,
		BoundedVec<(T::AccountId, u128), ConstU32<MAX_PAYOUTS>>,
		ValueQuery,
	>;

	/// Claimable amount per account.
	#[pallet::storage]
	pub type Claimable<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u128, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A payout was claimed.
		Paid {
			/// Claiming account.
			who: T::AccountId,
			/// Amount.
			amount: u128,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The block already has 16 payouts. Try again in the next block.
		TooManyPayouts,
		/// The account has no claimable amount. An earned amount becomes claimable when its block is
		/// included.
		NothingToClaim,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Earns `amount`. It becomes claimable when the current block is included.
		#[pallet::call_index(0)]
		#[pallet::weight(T::DbWeight::get().reads_writes(1, 1))]
		pub fn earn(origin: OriginFor<T>, amount: u128) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let number: u32 = frame_system::Pallet::<T>::block_number().saturated_into();
			Earned::<T>::try_mutate(number, |payouts| payouts.try_push((who, amount)))
				.map_err(|_| Error::<T>::TooManyPayouts)?;
			Ok(())
		}

		/// Claims the claimable amount.
		#[pallet::call_index(1)]
		#[pallet::weight(T::DbWeight::get().reads_writes(1, 1))]
		pub fn claim(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let amount = Claimable::<T>::take(&who);
			ensure!(amount > 0, Error::<T>::NothingToClaim);
			// A real pallet transfers the tokens here.
			Self::deposit_event(Event::Paid { who, amount });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Returns whether block `number` is included, so that its payouts can no longer be lost.
		pub fn is_settled(number: u32) -> bool {
			T::Inclusion::inclusion_status(number).is_some_and(|status| status.is_included())
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
