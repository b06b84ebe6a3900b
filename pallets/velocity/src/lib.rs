// SPDX-License-Identifier: Apache-2.0

//! How fast a parachain may go: its velocity limits as governed state, and the consensus hook that
//! obeys them.
//!
//! # Goals
//!
//! - A chain's pace is state, not code: governance changes it with a call, without a runtime
//!   upgrade.
//! - Hook, collator and block weights never disagree about the limits, because all three read the
//!   one record [`Limits`](pallet::Limits) of the parent's post-state, and it changes only between
//!   blocks, never between two blocks of a bundle.
//! - For equal limits the pallet accepts exactly the blocks that the SDK's
//!   `FixedVelocityConsensusHook` accepts.
//! - No call, genesis or default leaves limits with which no block could be built.
//!
//! # Data
//!
//! - [`Limits`](pallet::Limits): what the next block must obey.
//! - [`NextLimits`](pallet::NextLimits): what takes their place at the end of the current bundle.
//! - [`Authored`](pallet::Authored): the latest relay slot and the number of blocks built at it.
//!
//! # Use
//!
//! The pallet is the runtime's consensus hook, and answers two of the collator's questions:
//!
//! ```ignore
//! impl cumulus_pallet_parachain_system::Config for Runtime {
//!     type ConsensusHook = Velocity;
//!     // …
//! }
//!
//! impl cumulus_primitives_aura::AuraUnincludedSegmentApi<Block> for Runtime {
//!     fn can_build_upon(included_hash: Hash, relay_slot: Slot) -> bool {
//!         Velocity::can_build_upon(included_hash, relay_slot)
//!     }
//! }
//!
//! impl cumulus_primitives_core::TargetBlockRate<Block> for Runtime {
//!     fn target_block_rate() -> u32 {
//!         Velocity::target_block_rate()
//!     }
//! }
//! ```
//!
//! and its [`TargetBlockRate`] goes wherever `cumulus-pallet-parachain-system` wants to know how
//! many blocks share a relay slot: `MaxParachainBlockWeight` and `DynamicMaxBlockWeight`.
//!
//! # Scenario: a change of the limits
//!
//! 1. The admin calls `set_limits` in block `N`. Limits that a chain cannot live with are refused,
//!    each rule with an error of its own; the others are kept for later and announced in
//!    [`Event::LimitsSet`](pallet::Event::LimitsSet).
//! 2. When the last block of `N`'s bundle is finalised (that is `N` itself without bundling), the
//!    new limits are applied, announced in
//!    [`Event::LimitsApplied`](pallet::Event::LimitsApplied).
//! 3. The next block and everything asked of the state before it see the new limits.
//!
//! Limits below what is already under way do no harm: authoring waits until enough blocks are
//! included.

#![cfg_attr(not(feature = "std"), no_std)]

mod dispatchables;
mod hook;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod weights;

pub use hook::TargetBlockRate;
pub use pallet::*;
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::velocity";

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use conveyor_primitives::{capacity, AuthoredInSlot, Limits as LimitsRecord};
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// The version of the storage's layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What a runtime decides.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_aura::Config
		+ pallet_timestamp::Config<Moment: Into<u64>>
		+ cumulus_pallet_parachain_system::Config
	{
		/// Who may change the limits.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Duration of a relay chain's slot in milliseconds: 6,000 on every relay chain there is.
		#[pallet::constant]
		type RelaySlotDuration: Get<u64>;

		/// The longest unincluded segment that may ever be allowed, in blocks. It bounds what every
		/// block reads, since `cumulus-pallet-parachain-system` keeps the segment in one value.
		#[pallet::constant]
		type MaxCapacity: Get<u32>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Limits of a chain that never set any: one block per relay slot, at full pace.
	#[pallet::type_value]
	pub fn InitialLimits<T: Config>() -> LimitsRecord {
		LimitsRecord {
			velocity: 1,
			capacity: Pallet::<T>::recommended_capacity(1).min(T::MaxCapacity::get()),
			target_block_rate: 1,
		}
	}

	/// What the next block must obey.
	///
	/// Constant while a block is executed, and while a bundle is built.
	#[pallet::storage]
	pub type Limits<T: Config> = StorageValue<_, LimitsRecord, ValueQuery, InitialLimits<T>>;

	/// What takes the limits' place at the end of the current bundle.
	#[pallet::storage]
	pub type NextLimits<T: Config> = StorageValue<_, LimitsRecord, OptionQuery>;

	/// The latest relay slot at which a block was built, and how many were built at it.
	#[pallet::storage]
	pub type Authored<T: Config> = StorageValue<_, AuthoredInSlot, OptionQuery>;

	/// The limits that a chain starts with.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The limits of the first block.
		pub limits: LimitsRecord,
		/// Names the runtime.
		#[serde(skip)]
		pub _runtime: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { limits: InitialLimits::<T>::get(), _runtime: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(reason) = self.limits.validate(T::MaxCapacity::get()) {
				panic!("genesis cannot be built, invalid velocity limits: {reason}");
			}
			Limits::<T>::put(self.limits);
		}
	}

	/// What happened to the limits.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// New limits were set. They apply from the end of the current bundle on.
		LimitsSet {
			/// The new limits.
			limits: LimitsRecord,
			/// The shortest capacity in blocks with which the chain keeps the new velocity. If the
			/// new capacity is below it, blocks will wait for the inclusion of others.
			recommended_capacity: u32,
		},
		/// The limits set before are in force from the next block on.
		LimitsApplied {
			/// The limits now in force.
			limits: LimitsRecord,
		},
	}

	/// Why limits were refused. Nothing is changed by a refused call.
	#[pallet::error]
	#[derive(PartialEq, Eq)]
	pub enum Error<T> {
		/// The target block rate is 0: no block would ever be built. Set it to 1 at least.
		TargetBlockRateZero,
		/// The target block rate exceeds the velocity: blocks would be built that are not
		/// accepted. Raise the velocity or lower the target block rate.
		TargetBlockRateAboveVelocity,
		/// The target block rate exceeds 255, the longest bundle of a core. Lower it.
		TargetBlockRateAboveBundle,
		/// The capacity is below the target block rate, so that a bundle built on a single core
		/// would not fit and the chain would stand still. Raise the capacity to the target block
		/// rate at least.
		CapacityBelowBundle,
		/// The capacity exceeds the constant `MaxCapacity` of this pallet. Lower it.
		CapacityTooHigh,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// What `on_finalize` will need at most.
			<T as Config>::WeightInfo::apply_next_limits()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::apply_next_limits();
		}

		fn integrity_test() {
			let initial = InitialLimits::<T>::get();
			assert_eq!(
				initial.validate(T::MaxCapacity::get()),
				Ok(()),
				"pallet-velocity: `MaxCapacity` leaves no room for a single block; set it to at \
				 least {}",
				Self::recommended_capacity(1),
			);
			assert!(
				T::RelaySlotDuration::get() > 0,
				"pallet-velocity: `RelaySlotDuration` is 0; set it to the relay chain's slot \
				 duration in milliseconds, 6000",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::check_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Set the limits, from the end of the current bundle on (without bundling: from the end of
		/// this block on). A second call before that replaces the first.
		///
		/// Needs `AdminOrigin`. Refused, each rule with its own error, unless
		/// `1 <= target_block_rate <= velocity`, `target_block_rate <= 255` and
		/// `target_block_rate <= capacity <= MaxCapacity`.
		///
		/// Emits `LimitsSet`, and `LimitsApplied` when they come into force.
		#[pallet::call_index(0)]
		#[pallet::weight((<T as Config>::WeightInfo::set_limits(), DispatchClass::Operational))]
		pub fn set_limits(origin: OriginFor<T>, limits: LimitsRecord) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_limits(limits)
		}
	}

	impl<T: Config> Pallet<T> {
		/// The limits that the next block must obey.
		pub fn limits() -> LimitsRecord {
			Limits::<T>::get()
		}

		/// The number of blocks that a collator should try to build per relay slot. Never 0.
		pub fn target_block_rate() -> u32 {
			// The collator divides by it.
			Self::limits().target_block_rate.max(1)
		}

		/// The shortest capacity in blocks with which this chain keeps `velocity`.
		pub fn recommended_capacity(velocity: u32) -> u32 {
			capacity::recommended(
				velocity,
				<T as cumulus_pallet_parachain_system::Config>::RelayParentOffset::get(),
				cumulus_pallet_parachain_system::Pallet::<T>::max_claim_queue_offset().into(),
			)
		}
	}
}
