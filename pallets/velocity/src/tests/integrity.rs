// SPDX-License-Identifier: Apache-2.0

//! A runtime that breaks every rule of the integrity test: each rule has its own error and remedy.

use crate as pallet_velocity;
use crate::Pallet;
use conveyor_primitives::Limits;
use cumulus_pallet_aura_ext::FixedVelocityConsensusHook;
use cumulus_pallet_parachain_system::{ParachainSetCode, RelayNumberStrictlyIncreases};
use frame_support::{
	derive_impl, parameter_types, storage_alias,
	traits::{ConstBool, ConstU32, ConstU64, ConstU8, EnqueueWithOrigin, Get},
};
use frame_system::EnsureRoot;
use sp_version::RuntimeVersion;
use std::{borrow::Cow, panic::catch_unwind};

type Block = frame_system::mocking::MockBlock<Miswired>;

frame_support::construct_runtime!(
	// Without the pallet, because the macro generates a test that runs the integrity test.
	pub enum Miswired {
		System: frame_system,
		ParachainSystem: cumulus_pallet_parachain_system,
		Aura: pallet_aura,
		AuraExt: cumulus_pallet_aura_ext,
	}
);

impl From<pallet_velocity::Event<Miswired>> for RuntimeEvent {
	fn from(event: pallet_velocity::Event<Miswired>) -> Self {
		unreachable!("nothing is executed: {event:?}")
	}
}

/// Returns the same name for every pallet.
pub struct AnyPallet;

impl frame_support::traits::PalletInfo for AnyPallet {
	fn index<P: 'static>() -> Option<usize> {
		Some(0)
	}
	fn name<P: 'static>() -> Option<&'static str> {
		Some("Any")
	}
	fn name_hash<P: 'static>() -> Option<[u8; 16]> {
		Some([0; 16])
	}
	fn module_name<P: 'static>() -> Option<&'static str> {
		Some("any")
	}
	fn crate_version<P: 'static>() -> Option<frame_support::traits::CrateVersion> {
		Some(Default::default())
	}
}

parameter_types! {
	pub Version: RuntimeVersion = RuntimeVersion {
		// `Core`, in a version that no runtime has.
		apis: Cow::Owned(vec![([0xdf, 0x6a, 0xcb, 0x68, 0x99, 0x07, 0x60, 0x9b], 99)]),
		..RuntimeVersion::default()
	};
	pub const InitialLimits: Limits = Limits { velocity: 3, capacity: 2, target_block_rate: 3 };
	pub static MaxTargetBlockRate: u32 = 3;
}

/// A relay parent offset in storage, which is wrong.
pub struct StoredOffset;

#[storage_alias]
type Offset = StorageValue<Example, u32>;

impl Get<u32> for StoredOffset {
	fn get() -> u32 {
		Offset::get().unwrap_or(1)
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Miswired {
	type Block = Block;
	type Version = Version;
	type OnSetCode = ParachainSetCode<Miswired>;
	type PalletInfo = AnyPallet;
}

impl pallet_timestamp::Config for Miswired {
	type Moment = u64;
	type OnTimestampSet = ();
	type MinimumPeriod = ConstU64<3_000>;
	type WeightInfo = ();
}

impl pallet_aura::Config for Miswired {
	type AuthorityId = sp_consensus_aura::sr25519::AuthorityId;
	type MaxAuthorities = ConstU32<8>;
	type DisabledValidators = ();
	type AllowMultipleBlocksPerSlot = ConstBool<false>;
	type SlotDuration = ConstU64<2_000>;
}

impl cumulus_pallet_aura_ext::Config for Miswired {}

impl cumulus_pallet_parachain_system::Config for Miswired {
	type WeightInfo = ();
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = ();
	type SelfParaId = ();
	type OutboundXcmpMessageSource = ();
	type DmpQueue = EnqueueWithOrigin<(), ConstU8<0>>;
	type ReservedDmpWeight = ();
	type XcmpMessageHandler = ();
	type ReservedXcmpWeight = ();
	type CheckAssociatedRelayNumber = RelayNumberStrictlyIncreases;
	type ConsensusHook = FixedVelocityConsensusHook<Miswired, 6_000, 1, 3>;
	type RelayParentOffset = StoredOffset;
	type SchedulingSignatureVerifier = ();
}

impl pallet_velocity::Config for Miswired {
	type AdminOrigin = EnsureRoot<u64>;
	type RelaySlotDuration = ConstU64<6_000>;
	type MaxCapacity = ConstU32<24>;
	type MaxTargetBlockRate = MaxTargetBlockRate;
	type MaxScheduleAhead = ConstU32<100>;
	type InitialLimits = InitialLimits;
	type WeightInfo = ();
}

/// Returns the panic message of `check`.
fn error_of(check: fn()) -> String {
	let checked = catch_unwind(|| sp_io::TestExternalities::default().execute_with(check));
	let panic = checked.expect_err("the check fails");
	match panic.downcast::<String>() {
		Ok(text) => *text,
		Err(panic) => panic.downcast::<&str>().expect("the panic has a message").to_string(),
	}
}

fn assert_error(check: fn(), fault: &str, remedy: &str) {
	let text = error_of(check);
	assert!(text.contains(fault) && text.contains(remedy), "{text}");
}

#[test]
fn each_rule_has_its_own_error_and_remedy() {
	type P = Pallet<Miswired>;
	assert_error(
		P::check_own_constants,
		"`InitialLimits` are not valid: the capacity of 2 blocks is below the bundle length of 3",
		"raise the capacity to at least 3",
	);
	for (max, remedy) in [(0, "set it to 1 to 255"), (256, "set it to 1 to 255")] {
		MaxTargetBlockRate::set(max);
		assert_error(P::check_own_constants, "`MaxTargetBlockRate` is ", remedy);
	}
	MaxTargetBlockRate::set(2);
	assert_error(
		P::check_own_constants,
		"the target block rate of 3 blocks per relay slot exceeds the 2 that this runtime allows",
		"lower the target block rate",
	);
	MaxTargetBlockRate::set(3);
	assert_error(
		P::check_para_slot,
		"a para slot of 2000 ms is not a multiple of the relay slot of 6000 ms",
		"set `pallet_aura::Config::SlotDuration`",
	);
	assert_error(
		P::check_blocks_per_para_slot,
		"Aura does not",
		"set `pallet_aura::Config::AllowMultipleBlocksPerSlot`",
	);
	assert_error(
		P::check_timestamp,
		"must increase by 3000 ms",
		"set `pallet_timestamp::Config::MinimumPeriod`",
	);
	assert_error(
		P::check_consensus_hook,
		"the limits are not enforced",
		"set `cumulus_pallet_parachain_system::Config::ConsensusHook` to this pallet",
	);
	assert_error(
		P::check_block_weights,
		"a bundle of 12 does not fit into a core",
		"MaxParachainBlockWeight<Runtime, pallet_velocity::TargetBlockRate<Runtime>>",
	);
	assert_error(
		P::check_pre_inherents,
		"could not use the full core",
		"set `frame_system::Config::PreInherents` to `DynamicMaxBlockWeightHooks",
	);
	assert_error(
		P::check_relay_numbers,
		"several blocks per relay parent",
		"`RelayNumberMonotonicallyIncreases`",
	);
	assert_error(
		P::check_relay_parent_offset,
		"is read from the state",
		"RelayParentOffset` to a constant",
	);
	assert_error(
		P::check_runtime_apis,
		"version None of `AuraUnincludedSegmentApi`",
		"implement it in `impl_runtime_apis!`",
	);
}

#[test]
fn the_integrity_test_runs_the_checks() {
	use frame_support::traits::IntegrityTest;
	let whole = || <Pallet<Miswired> as IntegrityTest>::integrity_test();
	assert!(error_of(whole).starts_with("pallet-velocity: `InitialLimits` are not valid"));
	// A correct runtime passes.
	<crate::mock::Velocity as IntegrityTest>::integrity_test();
}
