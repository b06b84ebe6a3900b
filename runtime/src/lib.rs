// SPDX-License-Identifier: Apache-2.0

//! A parachain runtime on asynchronous backing.
//!
//! It is the SDK's parachain template with one difference: the limits of block production are not compiled in.
//! [`pallet_velocity`] stores them, and all parts of the runtime that depend on them read them:
//!
//! | part | reads | where |
//! | --- | --- | --- |
//! | parachain-system's consensus hook | velocity, capacity | [`configs::rate`] |
//! | the collator, before it builds | admission, target block rate | [`apis`] |
//! | the weight of a block | the target block rate | [`configs::system`] |
//!
//! [`pallet_unincluded_segment`] stores a record of every block until it is included.
//!
//! Constants are the relay parent offset ([`RELAY_PARENT_OFFSET`]) and the two slot durations ([`SLOT_DURATION`],
//! [`RELAY_CHAIN_SLOT_DURATION_MILLIS`]).
//!
//! This crate contains configuration, no logic.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// Two macros generate undocumented public items: that of the pallets in this file, and that of the runtime APIs. The
// other modules enable the lint again.
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

/// The Wasm, written by `build.rs`.
#[cfg(feature = "std")]
mod wasm {
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}

/// Address format of transactions.
pub type Address = MultiAddress<AccountId, ()>;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Block with justifications.
pub type SignedBlock = generic::SignedBlock<Block>;
/// Block hash or number.
pub type BlockId = generic::BlockId<Block>;
/// Transaction before its signature is verified.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// Payload of a transaction's signature.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Transaction extensions.
///
/// Two extensions must be outermost, in this order, because they need the final weight: `StorageWeightReclaim` corrects
/// the block's weight by the recorded proof size, and `DynamicMaxBlockWeight` then checks whether the block exceeds its
/// share of the core. It uses the same target block rate as the block weights
/// ([`configs::system::MaximumBlockWeight`]). The third wrapper, around it, caches that rate.
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

/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types for a node that is independent of the transaction format.
pub mod opaque {
	#[cfg(not(feature = "std"))]
	use alloc::vec::Vec;
	use sp_runtime::{generic, traits::BlakeTwo256};

	pub use crate::{Hash, Header};
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// Block with encoded transactions.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// Block hash or number.
	pub type BlockId = generic::BlockId<Block>;
	/// Hasher of blocks and tries.
	pub type Hashing = BlakeTwo256;

	sp_runtime::impl_opaque_keys! {
		/// Session keys of a collator.
		pub struct SessionKeys {
			/// Key that claims para slots and seals blocks.
			pub aura: crate::Aura,
			/// Key that signs network addresses. Other collators find this collator by it.
			pub authority_discovery: crate::AuthorityDiscovery,
		}
	}
}

/// Duration of a para slot in milliseconds, in which one collator authors.
///
/// Equal to a relay slot. The number of blocks per slot depends on the limits. A change on a running chain needs a
/// migration of Aura's slot.
pub const SLOT_DURATION: u64 = 6_000;

/// Duration of a relay slot in milliseconds, given by the relay chain.
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
/// Blocks per hour, see [`MINUTES`].
pub const HOURS: BlockNumber = MINUTES * 60;
/// Blocks per day, see [`MINUTES`].
pub const DAYS: BlockNumber = HOURS * 24;

/// One token, in its smallest unit.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a [`UNIT`].
pub const MILLIUNIT: Balance = UNIT / 1_000;
/// A millionth of a [`UNIT`].
pub const MICROUNIT: Balance = UNIT / 1_000_000;
/// Minimum balance of an account. Accounts with less are removed.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLIUNIT;

/// The pallets. Their hooks run in the order of their indices:
///
/// - Authorship to AuraExt: each one reads state of the previous one at genesis, so the order is fixed.
/// - UnincludedSegment comes after ParachainSystem, whose `on_finalize` adds the block to the segment and decides which
///   messages it sends, and after all other pallets that write in a block, because it records the block.
/// - Velocity is the last one: no other pallet of the block sees limits that apply at its end.
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
