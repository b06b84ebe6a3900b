// SPDX-License-Identifier: Apache-2.0

//! Serves the message queue with a block's share of the core. A message that needs more gets the full
//! core, in at most one of ten bundles.
//!
//! # Goals
//!
//! - A backlog of messages shortens no bundle. With the SDK's dynamic block weights, a first block that
//!   uses more than its share is the last block on its core. At high target block rates a constant
//!   `ServiceWeight` exceeds the share, so every backlog makes bundles of one block.
//! - No message blocks its queue. A message that fits into the service weight of a full core is executed,
//!   for every share. A larger message is overweight, as with the SDK.
//! - No message is dropped at intake, because no block takes in more than its reservation covers.
//!
//! # Service
//!
//! At the start of each block the queues are served with [`Config::ServicePart`] of the block's share
//! (`conveyor_primitives::share`).
//!
//! If the first queue makes no progress, its first message is *heavy*: it fits into no share. [`Service`]
//! stores the queue. In the first block of a bundle this queue is served with `ServicePart` of the full
//! core, at most once in [`BUNDLES_PER_FULL_CORE`] bundles. If the message uses more than the share, that
//! block is the last of its bundle.
//!
//! # Intake
//!
//! parachain-system takes in messages of the relay chain and of other parachains up to a third of the
//! block's maximum proof size. In the first block of a bundle that is a third of the core, which exceeds
//! the share in a bundle of four or more. [`MaxBlockWeight`] returns the share instead.
//! [`XcmpReservation`] is all weight that the block has left, because `xcmp-queue` drops messages that
//! exceed the reservation.
//!
//! # Use
//!
//! ```ignore
//! impl pallet_message_service::Config for Runtime {
//!     type TargetBlockRate = TargetBlockRate; // the same as for the dynamic block weights
//!     type ServicePart = ServicePart;         // for example 35 %
//!     type WeightInfo = pallet_message_service::weights::SubstrateWeight<Runtime>;
//! }
//!
//! impl pallet_message_queue::Config for Runtime {
//!     // This pallet serves the queues at the start of a block.
//!     type ServiceWeight = ();
//!     type IdleMaxServiceWeight = pallet_message_service::FullCoreService<Runtime>;
//!     // …
//! }
//!
//! impl cumulus_pallet_parachain_system::Config for Runtime {
//!     type ReservedXcmpWeight = pallet_message_service::XcmpReservation<Runtime>;
//!     // …
//! }
//!
//! // In the block weights, instead of `MaxParachainBlockWeight`:
//! let max_block = pallet_message_service::MaxBlockWeight::<Runtime>::get();
//! ```
//!
//! The integrity test rejects another configuration of the message queue.

#![cfg_attr(not(feature = "std"), no_std)]

mod intake;
mod service;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod weights;

pub use intake::{MaxBlockWeight, XcmpReservation};
pub use pallet::*;
pub use service::{FullCoreService, ServiceState};
pub use weights::WeightInfo;

/// Number of bundles of which at most one gives a heavy message the full core.
pub const BUNDLES_PER_FULL_CORE: u8 = 10;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use pallet_message_queue::MessageOriginOf;
	use sp_runtime::Perbill;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ cumulus_pallet_parachain_system::Config
		+ pallet_message_queue::Config
	{
		/// Target block rate, in blocks per relay slot: the same type as in `MaxParachainBlockWeight`.
		type TargetBlockRate: Get<u32>;

		/// Part of a block's weight for queued messages.
		#[pallet::constant]
		type ServicePart: Get<Perbill>;

		/// Weights of the hook.
		type WeightInfo: WeightInfo;
	}

	/// State of the service of heavy messages.
	#[pallet::storage]
	pub type Service<T: Config> = StorageValue<_, ServiceState<MessageOriginOf<T>>, ValueQuery>;

	/// Service of heavy messages.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The queue got the service weight of a full core, because its first message does not fit into a
		/// block's share.
		ServedWithFullCore {
			/// Served queue.
			queue: MessageOriginOf<T>,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::serve()
		}

		fn integrity_test() {
			Self::check_integrity();
		}
	}
}
