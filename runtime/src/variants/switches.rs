// SPDX-License-Identifier: Apache-2.0

//! The switches of the variant `test`.
//!
//! A switch is a value in storage, `false` unless genesis or root sets it. With all switches off, the variant behaves as
//! the runtime. In the genesis config:
//!
//! ```json
//! { "switches": { "invalidCandidates": true } }
//! ```

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// The pallet `Switches`.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Empty configuration.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Whether `validate_block` rejects every candidate. Collators and full nodes still accept the blocks.
	#[pallet::storage]
	pub type InvalidCandidates<T> = StorageValue<_, bool, ValueQuery>;

	/// Genesis values of the switches.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Initial value of [`InvalidCandidates`].
		pub invalid_candidates: bool,
		/// Phantom data.
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			InvalidCandidates::<T>::put(self.invalid_candidates);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Reads the switches that `validate_block` needs, so that every proof contains them.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let _ = InvalidCandidates::<T>::get();
			T::DbWeight::get().reads(1)
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sets the switch `invalid_candidates` from the next block on. Requires root.
		#[pallet::call_index(0)]
		#[pallet::weight(T::DbWeight::get().writes(1))]
		pub fn set_invalid_candidates(origin: OriginFor<T>, on: bool) -> DispatchResult {
			ensure_root(origin)?;
			InvalidCandidates::<T>::put(on);
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns whether the switch `invalid_candidates` is on.
		pub fn invalid_candidates() -> bool {
			InvalidCandidates::<T>::get()
		}
	}
}

#[cfg(feature = "variant-test")]
impl Config for crate::Runtime {}
