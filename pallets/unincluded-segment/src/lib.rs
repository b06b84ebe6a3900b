// SPDX-License-Identifier: Apache-2.0

//! What a parachain has under way: a record of every block from authored to included, and how
//! inclusion goes.
//!
//! # Goals
//!
//! - The chain itself answers what is under way, how old it is, how long inclusion takes and whether
//!   it is stuck, in every state and provably: the state of block `N` has the record of block `N`.
//! - Other pallets can act when *their* block is included ([`OnIncluded`]), or ask whether it is
//!   ([`Included`]).
//! - Inclusion follows from the relay chain's state proofs and from nothing else. What a block says
//!   of its ancestors' inclusion is as final as the block is.
//! - Tracking never rejects a block. Where it disagrees with parachain-system's own segment it says
//!   so, and the next inclusion puts both right ([`Fault`]).
//! - The cost in a block does not grow with the capacity, but for two to six bytes for each relay
//!   parent under way. The README has the figures.
//!
//! # Data
//!
//! - [`Tracker`]: what is under way, in numbers: which block is included, which is
//!   told, the relay parents of those after it. Every block reads and writes it.
//! - [`Statistics`]: how inclusion went. Read and written when something is
//!   included.
//! - [`Records`]: a ring of records, of `MaxCapacity` places. Every block writes one
//!   place and reads none: what inclusion needs to know of a block is in the tracker. So a block
//!   proves one path into the ring, however long the ring is, and a record stays until its place is
//!   needed again, that is longer than its block is under way.
//!
//! Hashes are not kept: `frame_system` has them, filled by the child as parachain-system does.
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
//! The pallet's index must be above parachain-system's, so that its `on_finalize` sees what
//! parachain-system's has done.
//!
//! # Scenario: a block's life
//!
//! 1. Block `N` is executed. When it is finalised, its record is written, and its relay parent `R` is
//!    added to the tracker.
//! 2. Block `M` brings a proof of the state of relay block `R'` in which the parachain's latest
//!    included head is `N`. parachain-system drops its ancestors up to `N`. So does the tracker, with
//!    an inclusion lag of `R' - R` relay blocks for block `N`, announced in
//!    [`Event::BlocksIncluded`].
//! 3. After `M`'s inherents and before its transactions, [`OnIncluded`] is told of `N`, if the weight
//!    for that suffices. If not, then in the next block, before any block after `N`.
//!
//! # Scenario: nothing is included any more
//!
//! 1. A block finds that the oldest block under way was built more than `StallAfter` relay blocks
//!    before: [`Event::SegmentStalled`], once.
//! 2. When the oldest is younger again, or nothing is under way:
//!    [`Event::SegmentRecovered`].
//!
//! A chain whose segment is full builds no blocks, so both may come in one block, the first that can
//! be built after the standstill. A chain that has long pauses of its own will want a large
//! `StallAfter`: what it finds after a pause looks the same.
//!
//! # Scenario: parachain-system's segment is another one
//!
//! Say somebody has cleared it. Then parachain-system cannot find the next included head, and drops
//! nothing. The tracker looks the head's hash up in `frame_system` and goes on. The lengths differ,
//! which is announced in [`Event::FaultFound`] and counted, until a block
//! is included that parachain-system knows of: [`Event::FaultHealed`].
//!
//! # Example
//!
//! A payout that can be claimed only when the block that earned it is included:
#![cfg_attr(any(test, doc), doc = "[`examples::payout`].")]
#![cfg_attr(not(any(test, doc)), doc = "`src/examples/payout.rs`.")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod queries;
mod telling;
mod tracking;
mod types;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(any(test, doc))]
pub mod examples;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod migration;
pub mod weights;

pub use conveyor_primitives::{Included, OnIncluded};
pub use pallet::*;
pub use types::{Fault, Run, Tracker as TrackerRecord};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::unincluded-segment";

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use conveyor_primitives::{
		segment::{Statistics as StatisticsRecord, MAX_RING, MAX_WINDOW},
		BlockRecord, BlockUnderWay, InclusionStats, InclusionStatus, NotTracked, OldestUnderWay,
	};
	use frame_support::{pallet_prelude::*, traits::PalletInfoAccess, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use sp_runtime::SaturatedConversion;

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
		+ cumulus_pallet_parachain_system::Config
	{
		/// The longest unincluded segment that may ever be allowed, in blocks: how many records
		/// there is room for, 65,536 at most.
		///
		/// If more blocks are under way, then the oldest are known by number and hash only. When it
		/// is changed by a runtime upgrade, the records of the blocks under way are moved.
		#[pallet::constant]
		type MaxCapacity: Get<u32>;

		/// Of how many of the latest included blocks the inclusion lag is remembered, 256 at most.
		#[pallet::constant]
		type Window: Get<u32>;

		/// The segment is stalled when its oldest block was built more than this many relay blocks
		/// before.
		#[pallet::constant]
		type StallAfter: Get<u32>;

		/// Who acts when a block is included.
		type OnIncluded: OnIncluded;

		/// The weight that a block may spend on [`Config::OnIncluded`]. If less is left in a block,
		/// then that.
		#[pallet::constant]
		type OnIncludedWeight: Get<Weight>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// What is under way, in numbers. `None` before the first block that tracks.
	#[pallet::storage]
	pub type Tracker<T: Config> =
		StorageValue<_, TrackerRecord<<T as Config>::MaxCapacity>, OptionQuery>;

	/// How inclusion went.
	#[pallet::storage]
	pub type Statistics<T: Config> = StorageValue<_, StatisticsRecord, ValueQuery>;

	/// What is remembered of the latest `MaxCapacity` blocks. Ask the runtime API or the view
	/// functions for the record of a block; the keys are those of
	/// [`ring_key`](conveyor_primitives::segment::ring_key).
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Identity, u32, BlockRecord, OptionQuery>;

	/// What happened to blocks under way.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Blocks are included: the relay parent's state has the last of them as the latest included
		/// head.
		BlocksIncluded {
			/// The number of the first of them.
			first: u32,
			/// The number of the last of them.
			last: u32,
			/// The number of the relay parent of the block that saw it.
			relay_parent: u32,
			/// The longest inclusion lag among them, in relay blocks. `None` if no relay parent of
			/// theirs is known.
			max_lag: Option<u32>,
		},
		/// The oldest block under way is too old.
		SegmentStalled {
			/// The number of its relay parent.
			since: u32,
			/// How many blocks are under way.
			length: u32,
		},
		/// No block under way is too old any more.
		SegmentRecovered {
			/// What [`Event::SegmentStalled`] said.
			since: u32,
			/// The number of the relay parent of the block that saw it.
			relay_parent: u32,
		},
		/// Tracking is not what it should be.
		FaultFound {
			/// What is wrong, and what ends it.
			fault: Fault,
		},
		/// Tracking is what it should be again.
		FaultHealed,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			// What `on_finalize` will need at most.
			<T as Config>::WeightInfo::record_block(<T as Config>::MaxCapacity::get())
		}

		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::tell(meter);
		}

		fn on_finalize(number: BlockNumberFor<T>) {
			Self::record_block(number.saturated_into());
		}

		fn on_runtime_upgrade() -> Weight {
			migration::adopt::<T>()
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
				(1..=MAX_RING).contains(&capacity),
				"pallet-unincluded-segment: `MaxCapacity` is {capacity}; set it to the longest \
				 unincluded segment in blocks, 1 to {MAX_RING}",
			);
			let hashes: u32 = <T as frame_system::Config>::BlockHashCount::get().saturated_into();
			assert!(
				capacity < hashes,
				"pallet-unincluded-segment: `frame_system` remembers {hashes} block hashes, fewer \
				 than blocks may be under way ({capacity}); raise `BlockHashCount`",
			);
			assert!(
				T::Window::get() <= MAX_WINDOW,
				"pallet-unincluded-segment: `Window` is {}; set it to {MAX_WINDOW} at most",
				T::Window::get(),
			);
			assert!(
				Self::weight_to_tell_a_block().all_lte(T::OnIncludedWeight::get()),
				"pallet-unincluded-segment: `OnIncludedWeight` does not suffice for a single block, \
				 which needs {}: nobody would ever be told that a block is included",
				Self::weight_to_tell_a_block(),
			);
			assert!(
				cumulus_pallet_parachain_system::Pallet::<T>::index() < Self::index(),
				"pallet-unincluded-segment: it must come after parachain-system; give it a higher \
				 index",
			);
			// Not proof that it is wired, but of the most likely mistake.
			let events = core::any::type_name::<
				<T as cumulus_pallet_parachain_system::Config>::OnSystemEvent,
			>();
			assert!(
				events != "()",
				"pallet-unincluded-segment: nobody hands it the relay chain's state; make it \
				 parachain-system's `OnSystemEvent`",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::check_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The blocks under way, oldest first; the latest block is the last one.
		pub fn segment() -> Result<Vec<BlockUnderWay<T::Hash>>, NotTracked> {
			Self::blocks_under_way()
		}

		/// Whether block `number` is included, and how long that took or has taken so far.
		pub fn inclusion(number: u32) -> Result<InclusionStatus, NotTracked> {
			Self::inclusion_of(number)
		}

		/// How inclusion went since blocks are tracked.
		pub fn stats() -> Result<InclusionStats, NotTracked> {
			Self::inclusion_stats()
		}

		/// The oldest block under way and its age. `None` if nothing is under way.
		pub fn oldest_age() -> Result<Option<OldestUnderWay>, NotTracked> {
			Self::oldest_under_way()
		}
	}
}
