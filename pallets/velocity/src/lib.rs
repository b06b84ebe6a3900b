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
//! - For equal limits the pallet accepts the blocks that the SDK's `FixedVelocityConsensusHook`
//!   accepts, but for one thing: a bundle is not begun that would not get to its end.
//! - The collator is told why it must not build, in the words in which the block would be refused.
//! - No call, genesis, default or migration leaves limits with which no block could be built.
//!
//! # Data
//!
//! - [`Limits`](pallet::Limits): what the next block must obey.
//! - [`Scheduled`](pallet::Scheduled): what takes their place, and when.
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
//! many blocks share a relay slot: `MaxParachainBlockWeight` and `DynamicMaxBlockWeight`. Around the
//! latter goes [`RateAtHand`], so that it does not read the rate a dozen times per transaction.
//!
//! # Scenario: a change of the limits
//!
//! 1. The admin calls `schedule_limits` in block `N`, for now or for a relay block to come. Limits
//!    that a chain cannot live with are refused, each rule with an error of its own; the others are
//!    kept and announced in [`Event::LimitsScheduled`](pallet::Event::LimitsScheduled), with
//!    warnings if they are only slow or if the relay chain is set up too tightly. Until they are in
//!    force, `cancel_scheduled_limits` takes them back.
//! 2. When the last block is finalised that is built on the relay parent from which on they are due
//!    (for now: on that of `N`), the new limits are applied, announced in
//!    [`Event::LimitsApplied`](pallet::Event::LimitsApplied).
//! 3. The next block and everything asked of the state before it see the new limits.
//!
//! Limits below what is already under way do no harm: authoring waits until enough blocks are
//! included.
//!
//! # Scenario: a bundle
//!
//! 1. A chain with a target of 3 blocks per relay slot has one core, so the collator builds bundles
//!    of 3. Two blocks short of its capacity, the SDK's hook admits a first and a second block and
//!    refuses the third: the collator has imported and announced two blocks, throws the bundle away,
//!    and begins the same bundle again at the next relay slot.
//! 2. This pallet refuses the first block, with
//!    [`Refusal::BundleDoesNotFit`](conveyor_primitives::Refusal::BundleDoesNotFit): 3 blocks are
//!    needed, there is room for 2.
//! 3. When blocks are included, or when the next relay slot begins, the bundle fits. In the middle of
//!    a bundle the answer is that of its beginning: the limits are constant, and each block uses up
//!    one of those that there was room for.
//!
//! A bundle that has begun completes: its first block reads the number of cores from its own digest,
//! where the collator has written it. Before that block, nobody on chain knows the number. At a new
//! relay slot [`Pallet::admission`](pallet::Pallet::admission) assumes as many cores as the parent's
//! collator used, which are at most as many as the target block rate was. The answer can be wrong at
//! two changes:
//!
//! | change | the answer | effect |
//! | --- | --- | --- |
//! | The chain loses cores, for example from 12 to 1 | can be yes for a bundle that does not fit | The block refuses itself with `BundleDoesNotFit`. The collator logs `Unable to build block at slot` and tries again at the next relay slot, until enough blocks are included. No block is wasted |
//! | The chain gets cores, or the target block rate is raised above the number of cores in use, for example from 1 | can be no for a bundle that fits | Up to the new target block rate of blocks must fit at once. Authoring waits until enough blocks are included, at most until none is under way |
//!
//! Both end with the first block that is built on the new number of cores.
//!
//! # Coming from the SDK's hook
//!
//! See [`migration::FromSdkHook`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod dispatchables;
mod hook;
mod integrity;
mod rate;
mod relay_chain;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod migration;
pub mod weights;

pub use pallet::*;
pub use rate::{RateAtHand, TargetBlockRate};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::velocity";

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use conveyor_primitives::{
		capacity::Pipeline, Admission, Advice, AuthoredInSlot, InvalidLimits,
		Limits as LimitsRecord, Refusal, ScheduledLimits, Start, Warning,
	};
	use cumulus_primitives_core::VerifySchedulingSignature;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_consensus_aura::Slot;

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

		/// Highest target block rate that may ever be allowed, in blocks per relay slot: 1 to 255.
		///
		/// Set it to a rate at which collators and validators of this chain are known to keep up. At
		/// a rate that is too high, bundles can miss every chance to be backed. Then no block is
		/// included any more, not even the one that would lower the rate. A new runtime with a lower
		/// value does not change limits in storage: lower the limits first.
		#[pallet::constant]
		type MaxTargetBlockRate: Get<u32>;

		/// How far ahead limits may be scheduled, in relay blocks.
		#[pallet::constant]
		type MaxScheduleAhead: Get<u32>;

		/// The limits of a chain that never set any. They must be valid; the runtime's integrity
		/// test says so if they are not.
		///
		/// A chain that gets the pallet by a runtime upgrade goes on with them, so for such a chain
		/// they are what it was compiled with before.
		#[pallet::constant]
		type InitialLimits: Get<LimitsRecord>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// What the next block must obey.
	///
	/// Constant while a block is executed, and while a bundle is built.
	#[pallet::storage]
	pub type Limits<T: Config> = StorageValue<_, LimitsRecord, ValueQuery, T::InitialLimits>;

	/// What takes the limits' place, and when.
	#[pallet::storage]
	pub type Scheduled<T: Config> = StorageValue<_, ScheduledLimits, OptionQuery>;

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
			Self { limits: T::InitialLimits::get(), _runtime: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(reason) = self.limits.validate(&Pallet::<T>::max_limits()) {
				panic!("genesis cannot be built, invalid velocity limits: {reason}");
			}
			Limits::<T>::put(self.limits);
		}
	}

	/// What happened to the limits.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// New limits were scheduled.
		LimitsScheduled {
			/// The new limits.
			limits: LimitsRecord,
			/// The relay block from which on they are due. They are in force when the last block
			/// built on it is, or on a later one if none is.
			due: u32,
			/// The shortest capacity in blocks with which the chain keeps the new velocity.
			recommended_capacity: u32,
			/// What the new limits leave to be desired. Those warnings that depend on the relay
			/// chain are left out if its configuration is unknown, as it is before the block's
			/// inherents: `check_limits` tells them beforehand.
			warnings: Vec<Warning>,
			/// What was scheduled before and is now forgotten.
			replaced: Option<ScheduledLimits>,
		},
		/// Limits that were scheduled will not come into force.
		ScheduledLimitsCancelled {
			/// The limits.
			limits: LimitsRecord,
			/// The relay block from which on they would have been due.
			due: u32,
		},
		/// The limits scheduled before are in force from the next block on.
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
		/// The target block rate exceeds the constant `MaxTargetBlockRate` of this pallet. Lower it.
		TargetBlockRateTooHigh,
		/// The capacity is below the target block rate, so that a bundle built on a single core
		/// would not fit and the chain would stand still. Raise the capacity to the target block
		/// rate at least.
		CapacityBelowBundle,
		/// The capacity exceeds the constant `MaxCapacity` of this pallet. Lower it.
		CapacityTooHigh,
		/// The relay block is not above the relay parent of this block, so that its time has
		/// passed. Choose a later one, or `Now`.
		RelayBlockPassed,
		/// The relay block is further ahead than the constant `MaxScheduleAhead` of this pallet.
		/// Choose an earlier one.
		RelayBlockTooFarAhead,
		/// There are no scheduled limits to cancel. Nothing needs to be done, or they are in force
		/// already.
		NothingScheduled,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// What `on_finalize` will need at most.
			<T as Config>::WeightInfo::apply_scheduled_limits()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::apply_scheduled_limits();
		}

		fn integrity_test() {
			Self::check_integrity();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::check_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Schedule limits: for now, or for a relay block to come. A second call before they are in
		/// force replaces the first.
		///
		/// - `limits`: refused, each rule with its own error, unless
		///   `1 <= target_block_rate <= velocity`, `target_block_rate <= MaxTargetBlockRate` and
		///   `target_block_rate <= capacity <= MaxCapacity`.
		/// - `at`: a relay block must be above the relay parent of this block, by `MaxScheduleAhead`
		///   at most. The limits are in force when the last block built on it is, or on a later one
		///   if none is; with `Now`, when the last block built on the relay parent of this one is. A
		///   bundle keeps the limits that it began with.
		///
		/// Needs `AdminOrigin`. Emits `LimitsScheduled`, and `LimitsApplied` when they are in force.
		#[pallet::call_index(0)]
		#[pallet::weight((<T as Config>::WeightInfo::schedule_limits(), DispatchClass::Operational))]
		pub fn schedule_limits(
			origin: OriginFor<T>,
			limits: LimitsRecord,
			at: Start,
		) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_schedule_limits(limits, at)
		}

		/// Forget the scheduled limits. Refused if there are none.
		///
		/// Needs `AdminOrigin`. Emits `ScheduledLimitsCancelled`.
		#[pallet::call_index(1)]
		#[pallet::weight((
			<T as Config>::WeightInfo::cancel_scheduled_limits(),
			DispatchClass::Operational,
		))]
		pub fn cancel_scheduled_limits(origin: OriginFor<T>) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_cancel_scheduled_limits()
		}
	}

	/// What can be asked of the state, in the same words as through
	/// [`conveyor_primitives::apis::VelocityApi`].
	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The limits that the next block must obey.
		pub fn limits() -> LimitsRecord {
			Self::read_limits()
		}

		/// The limits that wait for their time, if any.
		pub fn scheduled_limits() -> Option<ScheduledLimits> {
			Scheduled::<T>::get()
		}

		/// The shortest capacity in blocks with which this chain keeps a velocity of `velocity`
		/// blocks per relay slot.
		pub fn recommended_capacity(velocity: u32) -> u32 {
			Self::pipeline().recommended_capacity(velocity)
		}

		/// What to expect of `limits` on this chain and its relay chain, or why they would be
		/// refused. Changes nothing.
		pub fn check_limits(limits: LimitsRecord) -> Result<Advice, InvalidLimits> {
			Self::advise(&limits)
		}

		/// Whether a block may be built on the current one at `relay_slot`, when `included_hash` is
		/// the latest included block as of the relay parent. Answers how many blocks there is room
		/// for, or why there is none. At the end of a bundle, the next one must fit as a whole.
		///
		/// A block does not know its own hash: if `included_hash` is that of the current block,
		/// nothing is under way, and there is no need to ask.
		pub fn admission(included_hash: T::Hash, relay_slot: Slot) -> Result<Admission, Refusal> {
			Self::verdict_on_child(included_hash, relay_slot)
		}
	}

	impl<T: Config> Pallet<T> {
		/// [`Self::admission`] as the collator asks for it.
		pub fn can_build_upon(included_hash: T::Hash, relay_slot: Slot) -> bool {
			Self::admission(included_hash, relay_slot).is_ok()
		}

		/// The number of blocks that a collator should try to build per relay slot. Never 0.
		pub fn target_block_rate() -> u32 {
			// The collator divides by it.
			Self::limits().target_block_rate.max(1)
		}

		/// The way of this chain's blocks from their relay parents to their inclusion.
		pub(crate) fn pipeline() -> Pipeline {
			use cumulus_pallet_parachain_system as parachain_system;
			type Verifier<T> = <T as parachain_system::Config>::SchedulingSignatureVerifier;
			Pipeline {
				relay_parent_offset: <T as parachain_system::Config>::RelayParentOffset::get(),
				claim_queue_offset: parachain_system::Pallet::<T>::max_claim_queue_offset().into(),
				descriptors_v3: Verifier::<T>::V3_SCHEDULING_ENABLED,
			}
		}
	}
}
