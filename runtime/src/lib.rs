// SPDX-License-Identifier: Apache-2.0

//! A parachain runtime on asynchronous backing.
//!
//! It is the SDK's parachain template with one difference: how fast the chain may go is not
//! compiled in. [`pallet_velocity`] stores the limits, and all parts of the runtime that depend on
//! them read it:
//!
//! | who | asks for | where |
//! | --- | --- | --- |
//! | parachain-system's consensus hook | velocity, capacity | [`configs::rate`] |
//! | the collator, before it builds | the verdict, the target block rate | [`apis`] |
//! | the weight of a block | the target block rate | [`configs::system`] |
//!
//! [`pallet_unincluded_segment`] keeps a record of every block until it is included.
//!
//! What stays a constant, and why: the relay parent offset ([`RELAY_PARENT_OFFSET`]) and the two
//! slot durations ([`SLOT_DURATION`], [`RELAY_CHAIN_SLOT_DURATION_MILLIS`]).
//!
//! This crate wires traits and holds no logic.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// Two macros generate public items that have no documentation: the pallets' in this file, and the
// one of the runtime APIs. The modules that are all written by hand ask for it again.
#![allow(missing_docs)]

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
#[cfg_attr(feature = "variant-test", path = "variants/invalid_candidates.rs")]
#[warn(missing_docs)]
mod block_executor;
#[warn(missing_docs)]
pub mod configs;
#[cfg_attr(feature = "variant-sdk-hook", path = "variants/no_presets.rs")]
#[warn(missing_docs)]
pub mod genesis_config_presets;
#[warn(missing_docs)]
pub mod migrations;
#[cfg_attr(feature = "variant-offset-in-storage", path = "variants/offset_in_storage.rs")]
#[cfg_attr(feature = "variant-offset-zero", path = "variants/offset_zero.rs")]
#[warn(missing_docs)]
mod relay_parent_offset;
// Compiled always, because `frame_support::runtime` needs it even where its `cfg` excludes the pallet.
#[path = "variants/switches.rs"]
#[warn(missing_docs)]
pub mod switches;
#[cfg(test)]
mod tests;
#[cfg_attr(feature = "variant-test", path = "variants/next_version.rs")]
#[warn(missing_docs)]
mod version;
#[warn(missing_docs)]
pub mod weights;

use conveyor_primitives::{capacity::Pipeline, Limits};
// Used by the runtime macro.
#[cfg(not(feature = "std"))]
use alloc::vec::Vec;
use sp_runtime::{generic, traits::BlakeTwo256, MultiAddress};

pub use apis::RUNTIME_API_VERSIONS;
pub use block_executor::BlockExecutor;
pub use opaque::SessionKeys;
pub use parachains_common::{AccountId, AuraId, Balance, BlockNumber, Hash, Nonce, Signature};
pub use relay_parent_offset::{RelayParentOffset, RELAY_PARENT_OFFSET};
pub use version::VERSION;
#[cfg(feature = "std")]
pub use wasm::{WASM_BINARY, WASM_BINARY_BLOATY, WASM_BINARY_PATH};

/// What `build.rs` leaves: this crate as Wasm.
#[cfg(feature = "std")]
mod wasm {
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}

/// How an account is written in a transaction.
pub type Address = MultiAddress<AccountId, ()>;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block with its justifications.
pub type SignedBlock = generic::SignedBlock<Block>;
/// A block's hash or number.
pub type BlockId = generic::BlockId<Block>;
/// A transaction as it comes in, its signature not verified yet.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a transaction's signature covers.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// What every transaction is checked for.
///
/// Two wrappers must see the weight that all the others have settled on, so they are outside,
/// and in this order: `StorageWeightReclaim` corrects the block's weight by the proof that a
/// transaction really needed, and `DynamicMaxBlockWeight` then decides whether the block has
/// outgrown its share of the core. It takes the same target block rate as the block weights do
/// ([`configs::system::MaximumBlockWeight`]); the third wrapper, around it, makes that cheap.
pub type TxExtension = configs::rate::CachingExtensions<
	cumulus_pallet_parachain_system::block_weight::DynamicMaxBlockWeight<
		Runtime,
		cumulus_pallet_weight_reclaim::StorageWeightReclaim<
			Runtime,
			(
				frame_system::AuthorizeCall<Runtime>,
				frame_system::CheckNonZeroSender<Runtime>,
				frame_system::CheckSpecVersion<Runtime>,
				frame_system::CheckTxVersion<Runtime>,
				frame_system::CheckGenesis<Runtime>,
				frame_system::CheckEra<Runtime>,
				frame_system::CheckNonce<Runtime>,
				frame_system::CheckWeight<Runtime>,
				pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
				frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
			),
		>,
		configs::rate::TargetBlockRate,
	>,
>;

/// Takes a block apart and hands the parts to the pallets.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// The types a node needs to know when it must not depend on what a transaction looks like.
pub mod opaque {
	#[cfg(not(feature = "std"))]
	use alloc::vec::Vec;
	use sp_runtime::{generic, traits::BlakeTwo256};

	pub use crate::{Hash, Header};
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// A block whose transactions are bytes.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// A block's hash or number.
	pub type BlockId = generic::BlockId<Block>;
	/// What blocks and tries are hashed with.
	pub type Hashing = BlakeTwo256;

	sp_runtime::impl_opaque_keys! {
		/// The keys a collator holds.
		pub struct SessionKeys {
			/// The key it claims para slots and seals blocks with.
			pub aura: crate::Aura,
			/// The key it signs its network addresses with. Other collators find it by this key.
			pub authority_discovery: crate::AuthorityDiscovery,
		}
	}
}

/// Length of a para slot in milliseconds: how long one collator has the right to author.
///
/// As long as a relay slot. Blocks are not bound to it: there are as many in a slot as the velocity
/// limits say. It must not be changed on a running chain without a migration of Aura's slot.
pub const SLOT_DURATION: u64 = 6_000;

/// Length of a relay slot in milliseconds. A property of the relay chain.
pub const RELAY_CHAIN_SLOT_DURATION_MILLIS: u64 = 6_000;

/// Maximum capacity that governance can set, in blocks.
pub const MAX_CAPACITY: u32 = 255;

/// Maximum target block rate that governance can set, in blocks per relay slot.
///
/// 12 is the highest rate that was measured on a network with a real relay chain
/// (`zombienet/tests/live-limits.test.mjs`): a block every 500 ms, in bundles on one core. At a rate that
/// collators or validators cannot reach, all candidates may miss all attempts, and no block is included
/// that could lower the rate. Measure before raising it.
pub const MAX_TARGET_BLOCK_RATE: u32 = 12;

/// Age of the oldest unincluded block above which the chain counts as stalled, in relay blocks: one minute.
/// Inclusion normally takes four relay blocks.
pub const STALL_AFTER: u32 = 10;

/// Number of latest included blocks whose inclusion lag is stored.
pub const INCLUSION_WINDOW: u32 = 64;

/// Maximum distance of scheduled limits, in relay blocks: 4 weeks.
pub const MAX_SCHEDULE_AHEAD: u32 =
	28 * 24 * 60 * 60 * 1_000 / (RELAY_CHAIN_SLOT_DURATION_MILLIS as u32);

/// Limits of a chain that has not set any: one block per relay slot, and the recommended capacity.
pub const INITIAL_LIMITS: Limits = Limits {
	velocity: 1,
	capacity: Pipeline::v2(RELAY_PARENT_OFFSET).recommended_capacity(1),
	target_block_rate: 1,
};

/// Blocks per minute at one block per relay slot. At a higher rate they take less time, so do not use them
/// for periods that must have a certain length.
pub const MINUTES: BlockNumber = 60_000 / (RELAY_CHAIN_SLOT_DURATION_MILLIS as BlockNumber);
/// Blocks in an hour, see [`MINUTES`].
pub const HOURS: BlockNumber = MINUTES * 60;
/// Blocks in a day, see [`MINUTES`].
pub const DAYS: BlockNumber = HOURS * 24;

/// One token, in its smallest parts.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a [`UNIT`].
pub const MILLIUNIT: Balance = UNIT / 1_000;
/// A millionth of a [`UNIT`].
pub const MICROUNIT: Balance = UNIT / 1_000_000;
/// The least an account can hold: an account with less is removed from state.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLIUNIT;

/// The pallets, in the order in which their hooks run: that of their indices.
///
/// - Authorship to AuraExt: each reads at genesis what the one before has written, so their order
///   is part of the chain.
/// - UnincludedSegment comes after ParachainSystem, whose `on_finalize` adds the block to the segment and
///   decides what it sends, and after all others that have a part in the block: it records what they
///   did. It reads no limits, so that Velocity can still come after it.
/// - Velocity is the last: limits that it applies at the end of a block are then seen by no other
///   pallet of that block.
#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type ParachainSystem = cumulus_pallet_parachain_system;
	#[runtime::pallet_index(2)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(3)]
	pub type ParachainInfo = parachain_info;
	#[runtime::pallet_index(4)]
	pub type WeightReclaim = cumulus_pallet_weight_reclaim;

	#[runtime::pallet_index(10)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(11)]
	pub type TransactionPayment = pallet_transaction_payment;

	#[runtime::pallet_index(15)]
	pub type Sudo = pallet_sudo;
	#[runtime::pallet_index(16)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(20)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(21)]
	pub type CollatorSelection = pallet_collator_selection;
	#[runtime::pallet_index(22)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(23)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(24)]
	pub type AuraExt = cumulus_pallet_aura_ext;
	#[runtime::pallet_index(25)]
	pub type AuthorityDiscovery = pallet_authority_discovery;

	#[runtime::pallet_index(30)]
	pub type XcmpQueue = cumulus_pallet_xcmp_queue;
	#[runtime::pallet_index(31)]
	pub type PolkadotXcm = pallet_xcm;
	#[runtime::pallet_index(32)]
	pub type CumulusXcm = cumulus_pallet_xcm;
	#[runtime::pallet_index(33)]
	pub type MessageQueue = pallet_message_queue;
	#[runtime::pallet_index(34)]
	pub type MessageService = pallet_message_service;

	#[runtime::pallet_index(39)]
	pub type UnincludedSegment = pallet_unincluded_segment;
	#[cfg(not(feature = "variant-sdk-hook"))]
	#[runtime::pallet_index(40)]
	pub type Velocity = pallet_velocity;

	#[cfg(feature = "variant-test")]
	#[runtime::pallet_index(250)]
	pub type Switches = switches;
}

cumulus_pallet_parachain_system::register_validate_block! {
	Runtime = Runtime,
	BlockExecutor = BlockExecutor,
}
