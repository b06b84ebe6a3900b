// SPDX-License-Identifier: Apache-2.0

//! Whether the runtime around this pallet is wired so that its blocks are accepted. Each rule names
//! the remedy, because what breaks otherwise is a running chain, often without a word. The numbers
//! are those of the project's notes on asynchronous backing, section 4.
//!
//! A pallet does not see all of its runtime. Not checked: the transaction extension that belongs to
//! the dynamic block weights, what the runtime APIs do (only that they are there), and the collator.

use crate::pallet::*;
use conveyor_primitives::{limits::MAX_BLOCKS_PER_CORE, Limits as LimitsRecord};
use core::any::type_name;
use cumulus_pallet_parachain_system as parachain_system;
use frame_support::{traits::Get, weights::Weight};

impl<T: Config> Pallet<T> {
	/// # Panics
	///
	/// With the remedy, if the runtime breaks a rule.
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
			 {MAX_BLOCKS_PER_CORE}, the longest bundle that one core can hold",
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
			"pallet-velocity: `MaxScheduleAhead` is 0 relay blocks, so that limits can only be \
			 scheduled for now; set it to at least 1",
		);
	}

	/// Rule 5: the para slot is told from the relay slot.
	pub(crate) fn check_para_slot() {
		let para_slot: u64 = pallet_aura::Pallet::<T>::slot_duration().into();
		let relay_slot = T::RelaySlotDuration::get();
		assert!(
			para_slot > 0 && para_slot.is_multiple_of(relay_slot),
			"pallet-velocity: a para slot of {para_slot} ms is not a multiple of the relay slot of \
			 {relay_slot} ms: set `pallet_aura::Config::SlotDuration` to one; more blocks come from \
			 the limits, not from shorter slots",
		);
	}

	/// Rule 6: several blocks share a para slot.
	pub(crate) fn check_blocks_per_para_slot() {
		assert!(
			<T as pallet_aura::Config>::AllowMultipleBlocksPerSlot::get(),
			"pallet-velocity: the limits allow for several blocks in a para slot, Aura does not: set \
			 `pallet_aura::Config::AllowMultipleBlocksPerSlot` to `ConstBool<true>`",
		);
	}

	/// Rule 8: they have the same time.
	pub(crate) fn check_timestamp() {
		let minimum_period: u64 = <T as pallet_timestamp::Config>::MinimumPeriod::get().into();
		assert!(
			minimum_period == 0,
			"pallet-velocity: blocks of one para slot have the same time, the timestamp must move by \
			 {minimum_period} ms: set `pallet_timestamp::Config::MinimumPeriod` to `ConstU64<0>`",
		);
	}

	/// Rule 10, as far as it can be seen: the hook is not one of the SDK's.
	pub(crate) fn check_consensus_hook() {
		// By its name, which is all that there is: a hook of the runtime's own may well ask this
		// pallet, so only those are refused that are known not to.
		let hook = type_name::<<T as parachain_system::Config>::ConsensusHook>();
		let of_the_sdk = [
			"FixedVelocityConsensusHook",
			"FixedCapacityUnincludedSegment",
			"ExpectParentIncluded",
			"RequireParentIncluded",
		];
		assert!(
			!of_the_sdk.iter().any(|name| hook.contains(name)),
			"pallet-velocity: the limits are not enforced, the consensus hook is {hook}: set \
			 `cumulus_pallet_parachain_system::Config::ConsensusHook` to this pallet",
		);
	}

	/// Rule 9: what a block may weigh follows the target block rate, so that a bundle fits into its
	/// core.
	pub(crate) fn check_block_weights() {
		const BUNDLE: u32 = 12;
		let max_block = |target_block_rate: u32| -> Weight {
			let before = Limits::<T>::get();
			Limits::<T>::put(LimitsRecord { target_block_rate, ..before });
			let weights = <T as frame_system::Config>::BlockWeights::get();
			Limits::<T>::put(before);
			weights.max_block
		};
		let (core, bundled) = (max_block(1), max_block(BUNDLE));
		assert!(
			bundled.saturating_mul(BUNDLE.into()).all_lte(core),
			"pallet-velocity: a block may weigh {core:?} with one block per relay slot and \
			 {bundled:?} with {BUNDLE}, so that a bundle of {BUNDLE} does not fit into a core: let \
			 `frame_system::Config::BlockWeights` take `max_block` from \
			 `MaxParachainBlockWeight<Runtime, pallet_velocity::TargetBlockRate<Runtime>>`, in a \
			 `parameter_types!` item without `const`",
		);
	}

	/// Rule 9, the rest of it that can be seen.
	pub(crate) fn check_pre_inherents() {
		let hook = type_name::<<T as frame_system::Config>::PreInherents>();
		assert!(
			hook != "()",
			"pallet-velocity: the first block of a bundle would not get the whole core when it needs \
			 it: set `frame_system::Config::PreInherents` to `DynamicMaxBlockWeightHooks<Runtime, \
			 pallet_velocity::TargetBlockRate<Runtime>>`, and add `DynamicMaxBlockWeight` to the \
			 transaction extensions",
		);
	}

	/// Rule 7: several blocks share a relay parent.
	#[cfg(feature = "std")]
	pub(crate) fn check_relay_numbers() {
		use parachain_system::CheckAssociatedRelayNumber;
		type Check<T> = <T as parachain_system::Config>::CheckAssociatedRelayNumber;
		let same_twice =
			std::panic::catch_unwind(|| Check::<T>::check_associated_relay_number(5, 5));
		assert!(
			same_twice.is_ok(),
			"pallet-velocity: the limits allow for several blocks on a relay parent, the check of \
			 relay numbers does not: set \
			 `cumulus_pallet_parachain_system::Config::CheckAssociatedRelayNumber` to \
			 `RelayNumberMonotonicallyIncreases`",
		);
	}

	/// Rule 12: it is at a constant distance from the relay chain's tip.
	#[cfg(feature = "std")]
	pub(crate) fn check_relay_parent_offset() {
		// As in `validate_block`: on a thread of its own there is no state to read from.
		let offset = <<T as parachain_system::Config>::RelayParentOffset as Get<u32>>::get;
		assert!(
			std::thread::spawn(offset).join().is_ok(),
			"pallet-velocity: the relay parent offset is read from the state, which `validate_block` \
			 does not have when it asks, so that no candidate would be valid: set \
			 `cumulus_pallet_parachain_system::Config::RelayParentOffset` to a constant",
		);
	}

	/// Rule 11: the collator finds the runtime APIs that it asks.
	#[cfg(feature = "std")]
	pub(crate) fn check_runtime_apis() {
		use sp_api::RuntimeApiInfo;
		type BlockOf<T> = <T as frame_system::Config>::Block;
		fn api<A: RuntimeApiInfo + ?Sized>(name: &'static str) -> (&'static str, [u8; 8], u32) {
			(name, A::ID, A::VERSION)
		}
		let version = <T as frame_system::Config>::Version::get();
		// A runtime without any is a mock.
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
			let there =
				version.apis.iter().find(|(there, _)| *there == id).map(|(_, there)| *there);
			assert!(
				there.is_some_and(|there| there >= wanted),
				"pallet-velocity: the runtime has version {there:?} of `{name}`, the collator asks \
				 version {wanted}: implement it in `impl_runtime_apis!`, as this pallet's \
				 documentation shows",
			);
		}
	}
}
