// SPDX-License-Identifier: Apache-2.0

//! Serves the message queue with a block's share of the core. A message that needs more gets the full
//! core, in one bundle of ten at most.
//!
//! # Goals
//!
//! - A backlog of messages ends no bundle. With the SDK's dynamic block weights the first block of a
//!   bundle may weigh as much as a full core. If it weighs more than its share, it is the last block on
//!   that core. A constant `ServiceWeight` is more than the share at high target block rates, so each
//!   backlog makes a bundle of one block.
//! - No message blocks its queue. A message that fits into the service of a full core is executed,
//!   however small the share is. A larger one is overweight, as ever.
//! - No message is dropped on its way into the queue, because no block takes in more than its
//!   reservation pays for.
//!
//! # Service
//!
//! The part [`Config::ServicePart`] of a block is for queued messages. At the beginning of each block the
//! queues are served with that part of the block's share (`conveyor_primitives::share`).
//!
//! A queue that was first and did not make any progress has a *heavy* message at its front: one that
//! fits no share. [`Service`] remembers the queue. In the first block of a bundle it is served with
//! `ServicePart` of the full core, at most once in [`BUNDLES_PER_FULL_CORE`] bundles. That block
//! is the last of its bundle if the message needs what it asks for.
//!
//! # Intake
//!
//! parachain-system takes in messages of the relay chain and of other parachains up to a third of what
//! the block may prove. In the first block of a bundle that would be a third of the core, which is
//! more than the share of a block in a bundle of four or more. [`MaxBlockWeight`] gives
//! it the share instead. [`XcmpReservation`] is all that the block has left: `xcmp-queue` drops
//! what exceeds its reservation.
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
//!     // This pallet serves the queues at the beginning of a block.
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
//! // In the block weights, in place of `MaxParachainBlockWeight`:
//! let max_block = pallet_message_service::MaxBlockWeight::<Runtime>::get();
//! ```
//!
//! The integrity test rejects a runtime whose message queue is configured in another way.

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

/// Of this many bundles, one at most gives a heavy message the full core.
pub const BUNDLES_PER_FULL_CORE: u8 = 10;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use pallet_message_queue::MessageOriginOf;
	use sp_runtime::Perbill;

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
		+ pallet_message_queue::Config
	{
		/// Blocks per relay slot that the chain aims at, on all cores: the same type as that of
		/// `MaxParachainBlockWeight`.
		type TargetBlockRate: Get<u32>;

		/// The part of a block that is for queued messages.
		#[pallet::constant]
		type ServicePart: Get<Perbill>;

		/// Weights of the hook.
		type WeightInfo: WeightInfo;
	}

	/// What is known of heavy messages.
	#[pallet::storage]
	pub type Service<T: Config> = StorageValue<_, ServiceState<MessageOriginOf<T>>, ValueQuery>;

	/// What happened to a heavy message.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The block gave this queue the service of a full core: the message at its front did not fit
		/// into a block's share.
		ServedWithFullCore {
			/// The queue.
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
