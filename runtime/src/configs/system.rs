// SPDX-License-Identifier: Apache-2.0

//! What a block may weigh and measure.

use super::rate::TargetBlockRate;
use crate::{
	weights::{BlockExecutionWeight, ExtrinsicBaseWeight, InMemoryDbWeight},
	AccountId, Balance, Block, Hash, Nonce, PalletInfo, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, RuntimeTask, VERSION,
};
use cumulus_pallet_parachain_system::block_weight::DynamicMaxBlockWeightHooks;
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU16, ConstU32, Get},
};
use frame_system::limits::{BlockLength, BlockWeights};
use pallet_message_service::MaxBlockWeight;
use parachains_common::{AVERAGE_ON_INITIALIZE_RATIO, NORMAL_DISPATCH_RATIO};
use polkadot_runtime_common::BlockHashCount;
use sp_version::RuntimeVersion;

/// A block's transactions may take this many bytes: half a proof of validity. The other half is for
/// the state they touch.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// The weight that a block may have: a core's 2 s and 10 MiB, divided among the blocks that are to
/// be built on it.
///
/// How many these are follows from the target block rate in state and from the number of cores, so
/// the weight changes with them: the constant `System::BlockWeights` in the metadata is that of the
/// state in which the metadata is asked for. The first block of a bundle may have the whole core if
/// it needs to, and then ends the bundle. Messages from other chains never are such a need.
pub type MaximumBlockWeight = MaxBlockWeight<Runtime>;

parameter_types! {
	/// [`VERSION`], as the system pallet wants it.
	pub const Version: RuntimeVersion = VERSION;

	/// How long a block may be, in bytes.
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_BLOCK_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |max| {
			*max = NORMAL_DISPATCH_RATIO * MAX_BLOCK_LENGTH
		})
		.build();

	/// What a block may weigh. Built anew whenever it is asked for, see [`MaximumBlockWeight`].
	///
	/// That it can be built for all limits that governance may set is what the test
	/// `block_weights_can_be_built_for_all_valid_limits` proves: were there an exception, setting
	/// it would be the chain's last block.
	pub RuntimeBlockWeights: BlockWeights = {
		// Once: it takes several reads of storage, and every transaction asks for these weights a
		// dozen times.
		let max = MaximumBlockWeight::get();
		let max_normal = NORMAL_DISPATCH_RATIO * max;
		BlockWeights::builder()
			.base_block(BlockExecutionWeight::get())
			.for_class(DispatchClass::all(), |weights| {
				weights.base_extrinsic = ExtrinsicBaseWeight::get();
			})
			.for_class(DispatchClass::Normal, |weights| {
				weights.max_total = Some(max_normal);
			})
			.for_class(DispatchClass::Operational, |weights| {
				weights.max_total = Some(max);
				// Kept free for operational transactions in a block full of normal ones.
				weights.reserved = Some(max - max_normal);
			})
			.avg_block_initialization(AVERAGE_ON_INITIALIZE_RATIO)
			.build_or_panic()
	};
}

#[derive_impl(frame_system::config_preludes::ParaChainDefaultConfig)]
impl frame_system::Config for Runtime {
	type AccountId = AccountId;
	type Nonce = Nonce;
	type Hash = Hash;
	type Block = Block;
	type BlockHashCount = BlockHashCount;
	type Version = Version;
	type AccountData = pallet_balances::AccountData<Balance>;
	type DbWeight = InMemoryDbWeight;
	type BlockWeights = RuntimeBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type SS58Prefix = ConstU16<42>;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
	type OnSetCode = cumulus_pallet_parachain_system::ParachainSetCode<Self>;
	type MaxConsumers = ConstU32<16>;
	type SingleBlockMigrations = crate::migrations::AddDiscoveryKeys;
	// Decides before the inherents whether `on_initialize` has outgrown the block's share of the
	// core. Goes with `MaximumBlockWeight` and `DynamicMaxBlockWeight` in `TxExtension`.
	type PreInherents = DynamicMaxBlockWeightHooks<Runtime, TargetBlockRate>;
}

impl cumulus_pallet_weight_reclaim::Config for Runtime {
	type WeightInfo = ();
}
