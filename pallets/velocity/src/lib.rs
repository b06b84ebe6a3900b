// SPDX-License-Identifier: Apache-2.0

//! Velocity, capacity and target block rate as on-chain limits that governance changes, and the consensus
//! hook that enforces them.
//!
//! # Goals
//!
//! - Governance changes the limits with one call. In the SDK they are compile-time constants.
//! - Hook, collator and block weights use the same limits: all read
//!   [`CurrentLimits`](pallet::CurrentLimits) from the parent's state, and the value changes between
//!   blocks only, never within a bundle.
//! - For equal limits the pallet admits the same blocks as the SDK's `FixedVelocityConsensusHook`, except
//!   that it rejects the first block of a bundle that does not fit completely.
//! - The collator gets the reason why no block may be built. A rejected block fails with the same text.
//! - No call, genesis, default or migration can store limits that stall the chain.
//!
//! # Storage
//!
//! - [`CurrentLimits`](pallet::CurrentLimits): limits for the next block.
//! - [`Scheduled`](pallet::Scheduled): limits that replace them, and when.
//! - [`Authored`](pallet::Authored): latest relay slot, and number of blocks built at it.
//!
//! # Use
//!
//! The pallet is the runtime's consensus hook and implements two of the collator's runtime APIs:
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
//! Pass [`TargetBlockRate`] to parachain-system's `MaxParachainBlockWeight` and `DynamicMaxBlockWeight`.
//! Wrap the transaction extensions in [`CacheTargetBlockRate`], so that a transaction reads the rate
//! twice and not a dozen times.
//!
//! # Scenario: a change of the limits
//!
//! 1. The admin calls `schedule_limits` in block `N`. Invalid limits are rejected; every rule has its own
//!    error. Valid limits are stored and announced in
//!    [`Event::LimitsScheduled`](pallet::Event::LimitsScheduled), with warnings about slow limits and about
//!    the relay chain's configuration. `cancel_scheduled_limits` removes them before they apply.
//! 2. After the last block on the due relay parent (for `Now`: the relay parent of `N`) the new limits
//!    apply: [`Event::LimitsApplied`](pallet::Event::LimitsApplied).
//! 3. The next block, and every query of the state before it, uses the new limits.
//!
//! A capacity below the current length of the segment is allowed: authoring waits until enough blocks are
//! included.
//!
//! # Scenario: a bundle
//!
//! 1. A chain with a target of 3 blocks per relay slot has one core, so its collators build bundles of 3.
//!    The segment has room for two blocks. The SDK's hook admits two blocks and rejects the third. The
//!    collator has imported and announced two blocks, discards the bundle, and builds it again at the next
//!    relay slot.
//! 2. This pallet rejects the first block with
//!    [`Refusal::BundleDoesNotFit`](conveyor_primitives::Refusal::BundleDoesNotFit): the bundle needs 3
//!    blocks, there is room for 2.
//! 3. When blocks are included or the next relay slot starts, the bundle fits. Within a bundle every block
//!    is admitted: the limits are constant, and every block uses one block of the room.
//!
//! The first block of a bundle reads the number of cores from its digest. The state before it does not
//! contain the number. At a new relay slot [`Pallet::admission`](pallet::Pallet::admission) assumes as many
//! cores as the parent's collator used, at most the target block rate. The result can be wrong in two cases:
//!
//! | change | result | effect |
//! | --- | --- | --- |
//! | The chain loses cores, for example from 12 to 1 | can be `Ok` for a bundle that does not fit | The block rejects itself with `BundleDoesNotFit`. The collator logs `Unable to build block at slot` and tries again at the next relay slot. No block is wasted |
//! | The chain gets cores, or the target block rate rises above the number of used cores, for example from 1 | can be `Err` for a bundle that fits | More room is required than needed. Authoring waits until enough blocks are included, at most until the segment is empty |
//!
//! Both end with the first block on the new number of cores.
//!
//! # Migration from the SDK's hook
//!
//! See [`migration::FromSdkHook`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod dispatchables;
mod hook;
mod integrity;
mod relay_chain;
mod target_block_rate;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod migration;
pub mod weights;

pub use pallet::*;
pub use target_block_rate::{CacheTargetBlockRate, TargetBlockRate};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::velocity";

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use conveyor_primitives::{
		capacity::Pipeline, Admission, Advice, ApplyAt, AuthoredInSlot, InvalidLimits, Limits,
		NextBlock, Refusal, ScheduledLimits, Warning,
	};
	use cumulus_primitives_core::VerifySchedulingSignature;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_consensus_aura::Slot;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_aura::Config
		+ pallet_timestamp::Config<Moment: Into<u64>>
		+ cumulus_pallet_parachain_system::Config
	{
		/// Origin that may change the limits.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Slot duration of the relay chain, in milliseconds. 6,000 on all public relay chains.
		#[pallet::constant]
		type RelaySlotDuration: Get<u64>;

		/// Maximum capacity, in blocks. Bounds the proof size of every block, because
		/// parachain-system stores the segment in one value.
		#[pallet::constant]
		type MaxCapacity: Get<u32>;

		/// Maximum target block rate, in blocks per relay slot: 1 to 255.
		///
		/// Set it to a rate that collators and validators of this chain reach. At a higher rate all
		/// candidates may miss all attempts. Then no block is included, not even one that lowers
		/// the rate. A runtime upgrade that lowers this value does not change stored limits: lower
		/// the limits first.
		#[pallet::constant]
		type MaxTargetBlockRate: Get<u32>;

		/// Maximum distance of scheduled limits, in relay blocks.
		#[pallet::constant]
		type MaxScheduleAhead: Get<u32>;

		/// Limits of a chain that has not set any. The integrity test rejects invalid ones.
		///
		/// A chain that adds the pallet in a runtime upgrade starts with them. Such a chain sets them
		/// to the constants of its previous consensus hook.
		#[pallet::constant]
		type InitialLimits: Get<Limits>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Limits for the next block. Constant during a block and during a bundle.
	#[pallet::storage]
	pub type CurrentLimits<T: Config> = StorageValue<_, Limits, ValueQuery, T::InitialLimits>;

	/// Limits that replace the current ones, and the relay block from which on they apply.
	#[pallet::storage]
	pub type Scheduled<T: Config> = StorageValue<_, ScheduledLimits, OptionQuery>;

	/// Latest relay slot at which a block was built, and number of blocks built at it.
	#[pallet::storage]
	pub type Authored<T: Config> = StorageValue<_, AuthoredInSlot, OptionQuery>;

	/// Genesis configuration.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Limits of the first block.
		pub limits: Limits,
		/// Binds the runtime type.
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
				panic!("pallet-velocity: invalid limits in the genesis configuration: {reason}");
			}
			CurrentLimits::<T>::put(self.limits);
		}
	}

	/// Changes of the limits.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// New limits were scheduled.
		LimitsScheduled {
			/// New limits.
			limits: Limits,
			/// Relay block from which on they apply: after the last block on this relay parent, or
			/// on a later one if it has no block.
			due_relay_block: u32,
			/// Minimum capacity at which the chain reaches the new velocity, in blocks.
			recommended_capacity: u32,
			/// Problems of the new limits. Warnings about the relay chain are missing if its
			/// configuration is unknown, as before the block's inherents. `check_limits` returns
			/// all warnings.
			warnings: Vec<Warning>,
			/// Scheduled limits that were replaced.
			replaced: Option<ScheduledLimits>,
		},
		/// Scheduled limits were cancelled.
		ScheduledLimitsCancelled {
			/// Cancelled limits.
			limits: Limits,
			/// Relay block from which on they would have applied.
			due_relay_block: u32,
		},
		/// Scheduled limits apply from the next block on.
		LimitsApplied {
			/// New current limits.
			limits: Limits,
		},
	}

	/// Reason why a call was rejected. A rejected call changes nothing.
	#[pallet::error]
	#[derive(PartialEq, Eq)]
	pub enum Error<T> {
		/// The target block rate is 0, so the chain would stall. Set it to at least 1.
		TargetBlockRateZero,
		/// The target block rate exceeds the velocity: blocks would be built that are rejected. Raise
		/// the velocity or lower the target block rate.
		TargetBlockRateAboveVelocity,
		/// The target block rate exceeds the constant `MaxTargetBlockRate`. Lower it.
		TargetBlockRateTooHigh,
		/// The capacity is below the target block rate: a bundle on a single core would not fit, and
		/// the chain would stall. Raise the capacity to at least the target block rate.
		CapacityBelowBundle,
		/// The capacity exceeds the constant `MaxCapacity`. Lower it.
		CapacityTooHigh,
		/// The relay block is not above the relay parent of this block. Choose a later one, or `Now`.
		RelayBlockPassed,
		/// The relay block is more than `MaxScheduleAhead` relay blocks ahead. Choose an earlier one.
		RelayBlockTooFarAhead,
		/// No limits are scheduled. They were cancelled or apply already.
		NothingScheduled,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// Maximum weight of `on_finalize`.
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
		/// Schedules new limits. Replaces limits that are already scheduled.
		///
		/// - `limits`: valid if `1 <= target_block_rate <= velocity`,
		///   `target_block_rate <= MaxTargetBlockRate` and
		///   `target_block_rate <= capacity <= MaxCapacity`. Every rule has its own error.
		/// - `at`: `Now`, or a relay block above the relay parent of this block, at most
		///   `MaxScheduleAhead` ahead. The limits apply after the last block on that relay parent, or
		///   on a later one if it has no block. With `Now` they apply after the last block on the relay
		///   parent of this block. A bundle keeps the limits of its first block.
		///
		/// Needs `AdminOrigin`. Deposits `LimitsScheduled`, and `LimitsApplied` when they apply.
		#[pallet::call_index(0)]
		#[pallet::weight((<T as Config>::WeightInfo::schedule_limits(), DispatchClass::Operational))]
		pub fn schedule_limits(
			origin: OriginFor<T>,
			limits: Limits,
			at: ApplyAt,
		) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_schedule_limits(limits, at)
		}

		/// Cancels the scheduled limits. Fails if there are none.
		///
		/// Needs `AdminOrigin`. Deposits `ScheduledLimitsCancelled`.
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

	/// The same queries as in `VelocityApi`.
	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Returns the limits for the next block.
		pub fn limits() -> Limits {
			Self::read_limits()
		}

		/// Returns the limits that are scheduled and do not apply yet.
		pub fn scheduled_limits() -> Option<ScheduledLimits> {
			Scheduled::<T>::get()
		}

		/// Returns the minimum capacity, in blocks, at which this chain reaches `velocity` blocks per
		/// relay slot.
		pub fn recommended_capacity(velocity: u32) -> u32 {
			Self::pipeline().recommended_capacity(velocity)
		}

		/// Returns the advice on `limits`, or the rule that they break. Changes nothing.
		pub fn check_limits(limits: Limits) -> Result<Advice, InvalidLimits> {
			Self::advise(&limits)
		}

		/// Returns whether the next block may be built now. If not: the reason, and what must happen
		/// first. "Now" is the relay slot of the latest block.
		pub fn next_block() -> NextBlock {
			Self::admission_of_next_block()
		}

		/// Returns whether a block may be built on the current one at `relay_slot`, for a collator.
		/// `included_hash`: latest included block as of the new relay parent.
		///
		/// After the last block of a bundle, the complete next bundle must fit. A block does not know
		/// its own hash: if `included_hash` is the current block, the unincluded segment is empty, and
		/// the collator does not call this function.
		pub fn admission(included_hash: T::Hash, relay_slot: Slot) -> Result<Admission, Refusal> {
			Self::admission_of_child(included_hash, relay_slot)
		}
	}

	impl<T: Config> Pallet<T> {
		/// Reads [`CurrentLimits`] with one allocation instead of two. The SDK's dynamic block weights
		/// read the limits many times per block, and an allocation is a host call.
		pub(crate) fn read_limits() -> Limits {
			let mut bytes = [0; Limits::ENCODED_LENGTH];
			match sp_io::storage::read(&CurrentLimits::<T>::hashed_key(), &mut bytes, 0) {
				// `CurrentLimits::get` would return the same after a second read.
				None => T::InitialLimits::get(),
				Some(length) => {
					let read = bytes.len().min(length as usize);
					Limits::decode(&mut &bytes[..read])
						.unwrap_or_else(|_| CurrentLimits::<T>::get())
				},
			}
		}

		/// Returns [`Self::admission`] as the result of `can_build_upon`.
		pub fn can_build_upon(included_hash: T::Hash, relay_slot: Slot) -> bool {
			Self::admission(included_hash, relay_slot).is_ok()
		}

		/// Returns the number of blocks per relay slot that a collator tries to build. At least 1.
		pub fn target_block_rate() -> u32 {
			// The collator divides by it.
			Self::limits().target_block_rate.max(1)
		}

		/// Returns the runtime's constants that determine how long inclusion takes.
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
