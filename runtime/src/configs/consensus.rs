// SPDX-License-Identifier: Apache-2.0

//! Authoring, parachain-system, sessions and collators.

use super::{
	messages::{RelayOrigin, ReservedDmpWeight},
	rate::ConsensusHook,
	xcm::RelayLocation,
};
use crate::{
	AccountId, Aura, AuraId, Balances, BlockNumber, CollatorSelection, MessageQueue,
	RelayParentOffset, Runtime, RuntimeEvent, Session, SessionKeys, UnincludedSegment, XcmpQueue,
	HOURS, INCLUSION_WINDOW, MAX_CAPACITY, SLOT_DURATION, STALL_AFTER,
};
use ::xcm::latest::prelude::BodyId;
use cumulus_pallet_parachain_system::RelayNumberMonotonicallyIncreases;
use frame_support::{
	parameter_types,
	traits::{ConstBool, ConstU32, ConstU64, EitherOfDiverse, EnqueueWithOrigin},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
	PalletId,
};
use frame_system::EnsureRoot;
use pallet_message_service::XcmpReservation;
use pallet_xcm::{EnsureXcm, IsVoiceOfBody};
use sp_runtime::traits::OpaqueKeys;

/// Maximum number of collators set by governance.
pub const MAX_INVULNERABLES: u32 = 20;
/// Maximum number of collators with a bond.
pub const MAX_CANDIDATES: u32 = 100;

parameter_types! {
	/// Maximum weight per block for notifications of inclusion: 10 ms and 64 KiB, a small part even of a
	/// block in a bundle of twelve.
	pub const OnIncludedWeight: Weight =
		Weight::from_parts(10 * WEIGHT_REF_TIME_PER_MILLIS, 64 * 1024);
}

impl pallet_unincluded_segment::Config for Runtime {
	type MaxCapacity = ConstU32<MAX_CAPACITY>;
	type InclusionWindow = ConstU32<INCLUSION_WINDOW>;
	type StallAfter = ConstU32<STALL_AFTER>;
	// No pallet of this runtime acts on inclusion.
	type OnIncluded = ();
	type OnIncludedWeight = OnIncludedWeight;
	type WeightInfo = pallet_unincluded_segment::weights::SubstrateWeight<Runtime>;
}

impl cumulus_pallet_parachain_system::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = UnincludedSegment;
	type SelfParaId = parachain_info::Pallet<Runtime>;
	type OutboundXcmpMessageSource = XcmpQueue;
	type DmpQueue = EnqueueWithOrigin<MessageQueue, RelayOrigin>;
	type ReservedDmpWeight = ReservedDmpWeight;
	type XcmpMessageHandler = XcmpQueue;
	type ReservedXcmpWeight = XcmpReservation<Runtime>;
	// Several blocks may have the same relay parent.
	type CheckAssociatedRelayNumber = RelayNumberMonotonicallyIncreases;
	type ConsensusHook = ConsensusHook;
	type RelayParentOffset = RelayParentOffset;
	// Version 2 candidate descriptors. A relay chain without version 3 rejects all candidates of a chain
	// with version 3, and the chain could not undo the change.
	type SchedulingSignatureVerifier = ();
	type WeightInfo = cumulus_pallet_parachain_system::weights::SubstrateWeight<Runtime>;
}

impl parachain_info::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
	type Moment = u64;
	type OnTimestampSet = Aura;
	// Time comes from the slot, and several blocks may share a slot.
	type MinimumPeriod = ConstU64<0>;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_aura::Config for Runtime {
	type AuthorityId = AuraId;
	type DisabledValidators = ();
	type MaxAuthorities = ConstU32<{ MAX_INVULNERABLES + MAX_CANDIDATES }>;
	type AllowMultipleBlocksPerSlot = ConstBool<true>;
	type SlotDuration = ConstU64<SLOT_DURATION>;
}

impl cumulus_pallet_aura_ext::Config for Runtime {}

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = ConstU32<{ MAX_INVULNERABLES + MAX_CANDIDATES }>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
	type EventHandler = (CollatorSelection,);
}

parameter_types! {
	/// Length of a session in blocks: 6 hours at one block per relay slot.
	pub const SessionLength: BlockNumber = 6 * HOURS;
	/// The first session starts with the first block.
	pub const SessionOffset: BlockNumber = 0;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	// A collator's account is also its validator id.
	type ValidatorIdOf = pallet_collator_selection::IdentityCollator;
	type ShouldEndSession = pallet_session::PeriodicSessions<SessionLength, SessionOffset>;
	type NextSessionRotation = pallet_session::PeriodicSessions<SessionLength, SessionOffset>;
	type SessionManager = CollatorSelection;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = ();
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = ();
}

parameter_types! {
	/// The account that collators are paid from.
	pub const PotId: PalletId = PalletId(*b"PotStake");
	/// The relay chain's body that may set collators, in addition to the local root.
	pub const StakingAdminBodyId: BodyId = BodyId::Defense;
}

/// Origins that may set collators: root, and the staking admin of the relay chain.
pub type CollatorSelectionUpdateOrigin = EitherOfDiverse<
	EnsureRoot<AccountId>,
	EnsureXcm<IsVoiceOfBody<RelayLocation, StakingAdminBodyId>>,
>;

impl pallet_collator_selection::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type UpdateOrigin = CollatorSelectionUpdateOrigin;
	type PotId = PotId;
	type MaxCandidates = ConstU32<MAX_CANDIDATES>;
	// A single collator is enough: the development preset has one.
	type MinEligibleCollators = ConstU32<1>;
	type MaxInvulnerables = ConstU32<MAX_INVULNERABLES>;
	// Candidates are evaluated at the end of a session, so any other value would be rounded up to a session.
	type KickThreshold = SessionLength;
	type ValidatorId = AccountId;
	type ValidatorIdOf = pallet_collator_selection::IdentityCollator;
	type ValidatorRegistration = Session;
	type WeightInfo = pallet_collator_selection::weights::SubstrateWeight<Runtime>;
}
