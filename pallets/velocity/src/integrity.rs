// SPDX-License-Identifier: Apache-2.0

//! Integrity test: checks the runtime's configuration around this pallet.
//!
//! A runtime that breaks a rule compiles, and its chain stalls later, often without an error. Every
//! message names the remedy. Not checked: the transaction extension of the dynamic block weights, the
//! implementation of the runtime APIs (only their presence), and the collator.

use crate::pallet::*;
use conveyor_primitives::{limits::MAX_BLOCKS_PER_CORE, Limits};
use core::any::type_name;
use cumulus_pallet_parachain_system as parachain_system;
use frame_support::{traits::Get, weights::Weight};

impl<T: Config> Pallet<T> {
	/// Checks all rules.
	///
	/// # Panics
	///
	/// Panics with the remedy if the runtime breaks a rule.
	pub(crate) fn check_integrity() {
		Self::check_own_constants();
		Self::check_para_slot();
		Self::check_blocks_per_para_slot();
		Self::check_timestamp();
		Self::check_consensus_hook();
		Self::check_block_weights();
		Self::check_pre_inherents();
		#[cfg(feature = "std")]
		{
			Self::check_relay_numbers();
			Self::check_relay_parent_offset();
			Self::check_runtime_apis();
		}
	}

	pub(crate) fn check_own_constants() {
		let max_rate = T::MaxTargetBlockRate::get();
		assert!(
			(1..=MAX_BLOCKS_PER_CORE).contains(&max_rate),
			"pallet-velocity: `MaxTargetBlockRate` is {max_rate} blocks per relay slot; set it to 1 to \
			 {MAX_BLOCKS_PER_CORE}, the maximum length of a bundle",
		);
		let initial = T::InitialLimits::get();
		if let Err(reason) = initial.validate(&Self::max_limits()) {
			panic!("pallet-velocity: `InitialLimits` are not valid: {reason}");
		}
		assert!(
			T::RelaySlotDuration::get() > 0,
			"pallet-velocity: `RelaySlotDuration` is 0; set it to the relay chain's slot duration in \
			 milliseconds, 6000",
		);
		assert!(
			T::MaxScheduleAhead::get() > 0,
			"pallet-velocity: `MaxScheduleAhead` is 0 relay blocks, so limits can only be \
			 scheduled for `Now`; set it to at least 1",
		);
	}

	/// The para slot follows from the relay slot.
	pub(crate) fn check_para_slot() {
		let para_slot: u64 = pallet_aura::Pallet::<T>::slot_duration().into();
		let relay_slot = T::RelaySlotDuration::get();
		assert!(
			para_slot > 0 && para_slot.is_multiple_of(relay_slot),
			"pallet-velocity: a para slot of {para_slot} ms is not a multiple of the relay slot of \
			 {relay_slot} ms: set `pallet_aura::Config::SlotDuration` to a multiple. For more blocks, \
			 raise the limits instead of shortening the slot",
		);
	}

	/// A para slot can have several blocks.
	pub(crate) fn check_blocks_per_para_slot() {
		assert!(
			<T as pallet_aura::Config>::AllowMultipleBlocksPerSlot::get(),
			"pallet-velocity: the limits allow several blocks per para slot, Aura does not: set \
			 `pallet_aura::Config::AllowMultipleBlocksPerSlot` to `ConstBool<true>`",
		);
	}

	/// Blocks of one para slot have the same timestamp.
	pub(crate) fn check_timestamp() {
		let minimum_period: u64 = <T as pallet_timestamp::Config>::MinimumPeriod::get().into();
		assert!(
			minimum_period == 0,
			"pallet-velocity: blocks of one para slot have the same timestamp, but it must increase by \
			 {minimum_period} ms: set `pallet_timestamp::Config::MinimumPeriod` to `ConstU64<0>`",
		);
	}

	/// The consensus hook is not one of the SDK's.
	pub(crate) fn check_consensus_hook() {
		// Only the type's name is known. A custom hook may call this pallet, so only the SDK's hooks are
		// rejected.
		let hook = type_name::<<T as parachain_system::Config>::ConsensusHook>();
		let sdk_hooks = [
			"FixedVelocityConsensusHook",
			"FixedCapacityUnincludedSegment",
			"ExpectParentIncluded",
			"RequireParentIncluded",
		];
		assert!(
			!sdk_hooks.iter().any(|name| hook.contains(name)),
			"pallet-velocity: the limits are not enforced, the consensus hook is {hook}: set \
			 `cumulus_pallet_parachain_system::Config::ConsensusHook` to this pallet",
		);
	}

	/// The maximum block weight follows the target block rate, so that a bundle fits into its core.
	pub(crate) fn check_block_weights() {
		const BUNDLE: u32 = 12;
		let max_block = |target_block_rate: u32| -> Weight {
			let previous = CurrentLimits::<T>::get();
			CurrentLimits::<T>::put(Limits { target_block_rate, ..previous });
			let weights = <T as frame_system::Config>::BlockWeights::get();
			CurrentLimits::<T>::put(previous);
			weights.max_block
		};
		let (core, bundled) = (max_block(1), max_block(BUNDLE));
		assert!(
			bundled.saturating_mul(BUNDLE.into()).all_lte(core),
			"pallet-velocity: the maximum block weight is {core:?} at one block per relay slot and \
			 {bundled:?} at {BUNDLE}, so a bundle of {BUNDLE} does not fit into a core: take \
			 `max_block` of `frame_system::Config::BlockWeights` from \
			 `MaxParachainBlockWeight<Runtime, pallet_velocity::TargetBlockRate<Runtime>>`, in a \
			 `parameter_types!` item without `const`",
		);
	}

	/// The first block of a bundle can use the full core.
	pub(crate) fn check_pre_inherents() {
		let hook = type_name::<<T as frame_system::Config>::PreInherents>();
		assert!(
			hook != "()",
			"pallet-velocity: the first block of a bundle could not use the full core: set `frame_system::Config::PreInherents` to `DynamicMaxBlockWeightHooks<Runtime, \
			 pallet_velocity::TargetBlockRate<Runtime>>`, and add `DynamicMaxBlockWeight` to the \
			 transaction extensions",
		);
	}

	/// A relay parent can have several blocks.
	#[cfg(feature = "std")]
	pub(crate) fn check_relay_numbers() {
		use parachain_system::CheckAssociatedRelayNumber;
		type Check<T> = <T as parachain_system::Config>::CheckAssociatedRelayNumber;
		let same_twice =
			std::panic::catch_unwind(|| Check::<T>::check_associated_relay_number(5, 5));
		assert!(
			same_twice.is_ok(),
			"pallet-velocity: the limits allow several blocks per relay parent, the check of \
			 relay numbers does not: set \
			 `cumulus_pallet_parachain_system::Config::CheckAssociatedRelayNumber` to \
			 `RelayNumberMonotonicallyIncreases`",
		);
	}

	/// The relay parent offset is a constant.
	#[cfg(feature = "std")]
	pub(crate) fn check_relay_parent_offset() {
		// As in `validate_block`: a new thread has no externalities.
		let offset = <<T as parachain_system::Config>::RelayParentOffset as Get<u32>>::get;
		assert!(
			std::thread::spawn(offset).join().is_ok(),
			"pallet-velocity: the relay parent offset is read from the state. `validate_block` reads \
			 it without a state, so no candidate would be valid: set \
			 `cumulus_pallet_parachain_system::Config::RelayParentOffset` to a constant",
		);
	}

	/// The runtime implements the APIs that the collator calls.
	#[cfg(feature = "std")]
	pub(crate) fn check_runtime_apis() {
		use sp_api::RuntimeApiInfo;
		type BlockOf<T> = <T as frame_system::Config>::Block;
		fn api<A: RuntimeApiInfo + ?Sized>(name: &'static str) -> (&'static str, [u8; 8], u32) {
			(name, A::ID, A::VERSION)
		}
		let version = <T as frame_system::Config>::Version::get();
		// A runtime without APIs is a mock.
		if version.apis.is_empty() {
			return;
		}
		let needed = [
			api::<dyn cumulus_primitives_aura::AuraUnincludedSegmentApi<BlockOf<T>>>(
				"AuraUnincludedSegmentApi",
			),
			api::<dyn cumulus_primitives_core::RelayParentOffsetApi<BlockOf<T>>>(
				"RelayParentOffsetApi",
			),
			api::<dyn cumulus_primitives_core::TargetBlockRate<BlockOf<T>>>("TargetBlockRate"),
			api::<dyn conveyor_primitives::apis::VelocityApi<BlockOf<T>>>("VelocityApi"),
		];
		for (name, id, wanted) in needed {
			let present = version
				.apis
				.iter()
				.find(|(present, _)| *present == id)
				.map(|(_, version)| *version);
			assert!(
				present.is_some_and(|present| present >= wanted),
				"pallet-velocity: the runtime has version {present:?} of `{name}`, the collator needs \
				 version {wanted}: implement it in `impl_runtime_apis!` as in this pallet's \
				 documentation",
			);
		}
	}
}
