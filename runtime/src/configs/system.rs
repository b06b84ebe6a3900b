// SPDX-License-Identifier: Apache-2.0

//! Block weight and block length.

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

/// Maximum length of a block's transactions, in bytes: half of a PoV. The other half is for the accessed
/// state.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// Maximum weight of a block: a core's 2 s and 10 MiB, divided by the number of blocks to be built on the core.
///
/// This number follows from the target block rate in state and from the number of cores, so the weight changes with
/// them. The constant `System::BlockWeights` in the metadata is the one of the state in which the metadata was
/// created. The first block of a bundle may use the whole core for its transactions, and then ends the bundle.
/// Messages from other chains never do.
pub type MaximumBlockWeight = MaxBlockWeight<Runtime>;

parameter_types! {
	/// [`VERSION`] as a type.
	pub const Version: RuntimeVersion = VERSION;

	/// Maximum block length, in bytes.
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_BLOCK_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |max| {
			*max = NORMAL_DISPATCH_RATIO * MAX_BLOCK_LENGTH
		})
		.build();

	/// Block weights. Computed for each call, see [`MaximumBlockWeight`].
	///
	/// The test `block_weights_can_be_built_for_all_valid_limits` shows that they can be computed for all valid limits.
	/// Otherwise new limits could make every later block panic.
	pub RuntimeBlockWeights: BlockWeights = {
		// Read once: it takes several storage reads, and every transaction uses these weights a dozen times.
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
				// Reserved for operational transactions when normal ones fill the block.
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
	// Checks before the inherents whether `on_initialize` exceeded the block's share of the core. Needed with
	// `MaximumBlockWeight`, and with `DynamicMaxBlockWeight` in `TxExtension`.
	type PreInherents = DynamicMaxBlockWeightHooks<Runtime, TargetBlockRate>;
}

impl cumulus_pallet_weight_reclaim::Config for Runtime {
	type WeightInfo = ();
}
