// SPDX-License-Identifier: Apache-2.0

//! Tracks the unincluded segment of a parachain: a record of every block, inclusion lag, stalls, and
//! notifications of inclusion.
//!
//! # Goals
//!
//! - The state of every block shows the unincluded blocks, their age, the inclusion lag and stalls. The
//!   state of block `N` contains the record of block `N`.
//! - Other pallets act when *their* block is included ([`OnIncluded`]), or query its status
//!   ([`InclusionProvider`]).
//! - Inclusion follows from the relay chain's state proofs only. It is as final as the block that reads
//!   the proof.
//! - Tracking never rejects a block. If it disagrees with parachain-system's segment, it reports a
//!   [`Fault`], and the next inclusion makes both equal.
//! - The cost per block does not depend on the capacity, except for two to six bytes per relay parent in
//!   the segment. The README has the figures.
//!
//! # Storage
//!
//! - [`Tracking`]: numbers of the included and notified blocks, and the relay parents of the unincluded
//!   blocks. Every block reads and writes it.
//! - [`InclusionStatistics`]: read and written by blocks that see an inclusion.
//! - [`Records`]: a ring of `MaxCapacity` records. Every block writes one record and reads none, because
//!   inclusion needs the tracker only. So a block proves one path into the ring, and a record exists
//!   until its key is reused, which is longer than its block is unincluded.
//!
//! Block hashes come from `frame_system`.
//!
//! # Use
//!
//! ```ignore
//! impl pallet_unincluded_segment::Config for Runtime {
//!     type MaxCapacity = ConstU32<24>;
//!     // …
//! }
//!
//! impl cumulus_pallet_parachain_system::Config for Runtime {
//!     type OnSystemEvent = UnincludedSegment;
//!     // …
//! }
//! ```
//!
//! The pallet's index must be above parachain-system's, so that its `on_finalize` runs later.
//!
//! # Scenario: a block is included
//!
//! 1. Block `N` on relay parent `R` is executed. `on_finalize` writes its record and adds `R` to the
//!    tracker.
//! 2. Block `M` contains a proof of the state of relay block `R'`, in which `N` is the parachain's latest
//!    included head. parachain-system drops its segment up to `N`, and so does the tracker. The inclusion
//!    lag of `N` is `R' - R` relay blocks. A lag above the normal one deposits
//!    [`Event::InclusionDelayed`].
//! 3. After the inherents of `M` and before its transactions, [`OnIncluded`] is called for `N`, if the
//!    weight suffices. Otherwise a later block calls it, before any block after `N`.
//!
//! # Scenario: the chain stalls
//!
//! 1. A block sees that the oldest unincluded block was built more than `StallAfter` relay blocks
//!    earlier: [`Event::SegmentStalled`], once.
//! 2. A block sees that no unincluded block is that old: [`Event::SegmentRecovered`].
//!
//! With a full segment no block can be built, so one block may deposit both events: the first block
//! after the stall. A chain that pauses deposits them as well. Set `StallAfter` above the length of
//! regular pauses.
//!
//! # Scenario: parachain-system's segment differs
//!
//! Example: a root call cleared it. parachain-system does not find the next included head and drops nothing.
//! The tracker compares the head with the hash in `frame_system` and makes progress. The lengths differ,
//! so the block deposits [`Event::FaultDetected`]. When a block is included that parachain-system knows,
//! the lengths are equal again: [`Event::FaultResolved`].
//!
//! # Example
//!
//! `examples/payout`: a payout that becomes claimable when its block is included.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod fault;
mod notifications;
mod progress;
mod queries;
mod ring;
mod statistics;
mod tracker;
mod tracking;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;

pub mod migration;
pub mod weights;

pub use conveyor_primitives::{InclusionProvider, OnIncluded};
pub use fault::Fault;
pub use pallet::*;
pub use statistics::{LagHistogram, RecentLags, Statistics};
pub use tracker::{BlocksOnRelayParent, Tracker};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::unincluded-segment";

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{ring::MAX_RING_CAPACITY, statistics::MAX_WINDOW};
	use alloc::vec::Vec;
	use conveyor_primitives::{
		BlockRecord, InclusionStats, InclusionStatus, NotTracked, OldestUnincluded, UnincludedBlock,
	};
	use frame_support::{pallet_prelude::*, traits::PalletInfoAccess, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use sp_runtime::SaturatedConversion;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ cumulus_pallet_parachain_system::Config
	{
		/// Number of block records, at most 65,536: the maximum length of the unincluded segment.
		///
		/// If the segment is longer, the oldest blocks have no records. If a runtime upgrade changes
		/// the value, the migration moves the records.
		#[pallet::constant]
		type MaxCapacity: Get<u32>;

		/// Number of latest included blocks whose inclusion lag is stored, at most 256.
		#[pallet::constant]
		type InclusionWindow: Get<u32>;

		/// Maximum age of the oldest unincluded block, in relay blocks. Above it the segment counts as
		/// stalled.
		#[pallet::constant]
		type StallAfter: Get<u32>;

		/// Called once for every included block, in order.
		type OnIncluded: OnIncluded;

		/// Maximum weight per block for calls of `OnIncluded`. A block with less weight left uses what
		/// is left.
		#[pallet::constant]
		type OnIncludedWeight: Get<Weight>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// State of tracking. Empty before the first tracked block.
	#[pallet::storage]
	pub type Tracking<T: Config> =
		StorageValue<_, Tracker<<T as Config>::MaxCapacity>, OptionQuery>;

	/// Inclusion statistics. The runtime API `UnincludedSegmentApi_stats` returns them with lags
	/// and units.
	#[pallet::storage]
	pub type InclusionStatistics<T: Config> = StorageValue<_, Statistics, ValueQuery>;

	/// Records of the latest `MaxCapacity` blocks. The key is not the block number: to find the
	/// record of a block, call the runtime API `UnincludedSegmentApi_segment`, or look for its
	/// number in the values.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Identity, u32, BlockRecord, OptionQuery>;

	/// Events that need attention. Inclusion with a normal lag deposits no event.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Blocks were included late: a candidate missed an attempt.
		InclusionDelayed {
			/// Number of the first block that was included.
			first: u32,
			/// Number of the last block that was included.
			last: u32,
			/// Relay parent of the block that saw the inclusion.
			relay_parent: u32,
			/// Longest inclusion lag of these blocks, in relay blocks.
			max_lag: u32,
		},
		/// The oldest unincluded block is older than `StallAfter` relay blocks.
		SegmentStalled {
			/// Relay parent of the oldest unincluded block.
			oldest_relay_parent: u32,
			/// Length of the unincluded segment, in blocks.
			length: u32,
		},
		/// No unincluded block is older than `StallAfter` relay blocks any more.
		SegmentRecovered {
			/// Value from the event `SegmentStalled`.
			oldest_relay_parent: u32,
			/// Relay parent of the block that saw the recovery.
			relay_parent: u32,
		},
		/// Tracking is inconsistent.
		FaultDetected {
			/// Kind of the fault.
			fault: Fault,
		},
		/// Tracking is consistent again.
		FaultResolved,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// Maximum weight of `on_finalize`.
			<T as Config>::WeightInfo::record_block(<T as Config>::MaxCapacity::get())
		}

		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::notify(meter);
		}

		fn on_finalize(number: BlockNumberFor<T>) {
			Self::record_block(number.saturated_into());
		}

		fn on_runtime_upgrade() -> Weight {
			migration::migrate::<T>()
		}

		#[cfg(feature = "try-runtime")]
		fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
			Ok(migration::before_upgrade::<T>())
		}

		#[cfg(feature = "try-runtime")]
		fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
			migration::check_upgrade::<T>(state)
		}

		fn integrity_test() {
			let capacity = <T as Config>::MaxCapacity::get();
			assert!(
				(1..=MAX_RING_CAPACITY).contains(&capacity),
				"pallet-unincluded-segment: `MaxCapacity` is {capacity}; set it to the maximum \
				 length of the unincluded segment, 1 to {MAX_RING_CAPACITY} blocks",
			);
			let hashes: u32 = <T as frame_system::Config>::BlockHashCount::get().saturated_into();
			assert!(
				capacity < hashes,
				"pallet-unincluded-segment: `frame_system` stores {hashes} block hashes, which must be \
				 more than `MaxCapacity` ({capacity}); raise `BlockHashCount`",
			);
			assert!(
				T::InclusionWindow::get() <= MAX_WINDOW,
				"pallet-unincluded-segment: `InclusionWindow` is {}; set it to at most {MAX_WINDOW}",
				T::InclusionWindow::get(),
			);
			assert!(
				Self::min_notification_weight().all_lte(T::OnIncludedWeight::get()),
				"pallet-unincluded-segment: `OnIncludedWeight` is {}, which does not suffice for one \
				 notification; set it to at least {}",
				T::OnIncludedWeight::get(),
				Self::min_notification_weight(),
			);
			assert!(
				cumulus_pallet_parachain_system::Pallet::<T>::index() < Self::index(),
				"pallet-unincluded-segment: the pallet index must be above parachain-system's; raise \
				 it in `construct_runtime`",
			);
			// Detects the most likely mistake only: any other type may call this pallet or not.
			let events = core::any::type_name::<
				<T as cumulus_pallet_parachain_system::Config>::OnSystemEvent,
			>();
			assert!(
				events != "()",
				"pallet-unincluded-segment: the pallet does not receive the relay chain's state; set \
				 `cumulus_pallet_parachain_system::Config::OnSystemEvent` to this pallet",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::check_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Returns the unincluded blocks, oldest first. The latest block is the last one.
		pub fn segment() -> Result<Vec<UnincludedBlock<T::Hash>>, NotTracked> {
			Self::unincluded_blocks()
		}

		/// Returns whether block `number` is included, and its inclusion lag or age.
		pub fn inclusion(number: u32) -> Result<InclusionStatus, NotTracked> {
			Self::inclusion_of(number)
		}

		/// Returns the inclusion statistics since tracking started.
		pub fn stats() -> Result<InclusionStats, NotTracked> {
			Self::inclusion_stats()
		}

		/// Returns the oldest unincluded block and its age. `None` if the segment is empty.
		pub fn oldest_age() -> Result<Option<OldestUnincluded>, NotTracked> {
			Self::oldest_unincluded()
		}
	}
}
