// SPDX-License-Identifier: Apache-2.0

//! A chain on the SDK's executive, with the pallets wrapped in [`AheadOf`], and a pallet with calls to order.

use crate::{
	self as pallet_async_execution, AheadOf, AuraGap, CheckOrder, Event, Lane, WeightInfo,
};
use codec::Encode;
use conveyor_primitives::lane::{Commitment, TicketId};
use frame_support::{
	derive_impl, parameter_types,
	storage::{with_transaction, TransactionOutcome},
	traits::{ConstBool, ConstU32, ConstU64, Contains},
	weights::Weight,
};
use frame_system::EnsureRoot;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::H256;
use sp_externalities::with_externalities;
use sp_runtime::{
	generic,
	testing::{Header, UintAuthorityId},
	traits::{Block as _, Convert, Header as _, IdentityLookup},
	transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
	ApplyExtrinsicResult, BuildStorage, Digest, DigestItem, Perbill,
};
use sp_version::RuntimeVersion;
use std::cell::RefCell;

pub(crate) type Xt = generic::UncheckedExtrinsic<u64, RuntimeCall, UintAuthorityId, Extension>;
pub(crate) type Block = generic::Block<Header, Xt>;
type Extension =
	CheckOrder<Test, (frame_system::CheckNonce<Test>, frame_system::CheckWeight<Test>)>;
pub(crate) type Executive = frame_executive::Executive<
	Test,
	Block,
	frame_system::ChainContext<Test>,
	Test,
	AheadOf<AsyncExecution, AllPalletsWithSystem>,
>;

/// The executive of a runtime that does not wrap its pallets.
pub(crate) type UnwrappedExecutive = frame_executive::Executive<
	Test,
	Block,
	frame_system::ChainContext<Test>,
	Test,
	AllPalletsWithSystem,
>;

/// Duration of a para slot, in milliseconds.
pub(crate) const SLOT: u64 = 6_000;
/// Time-out of the circuit breaker, in slots.
pub(crate) const STALL_SLOTS: u64 = 10;
/// Weight around the call of a ticket.
pub(crate) const AROUND: Weight = Weight::from_parts(10, 10);
/// Target weight of a block in which every batch of a test fits.
pub(crate) const LARGE: Weight = Weight::from_parts(10_000_000_000_000, 10_000_000_000);
/// Accounts with a balance.
pub(crate) const ACCOUNTS: std::ops::RangeInclusive<u64> = 1..=5;
/// Balance of each account.
pub(crate) const BALANCE: u64 = 1_000_000_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timestamp: pallet_timestamp,
		Aura: pallet_aura,
		Balances: pallet_balances,
		Calls: calls,
		AsyncExecution: pallet_async_execution,
	}
);

/// Calls to order, and what they saw.
#[frame_support::pallet(dev_mode)]
// `pub` for the macro.
#[allow(unreachable_pub)]
pub(crate) mod calls {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// What a call can see of the block in which it is executed.
	#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
	pub struct Context {
		pub number: u64,
		pub parent_hash: H256,
		pub digest: Digest,
		pub now: u64,
		pub slot: u64,
		pub used: Weight,
		pub extrinsic_index: Option<u32>,
	}

	#[pallet::pallet]
	#[pallet::without_storage_info]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		type RuntimeCall: Parameter
			+ sp_runtime::traits::Dispatchable<
				RuntimeOrigin = Self::RuntimeOrigin,
				PostInfo = frame_support::dispatch::PostDispatchInfo,
			>;
	}

	/// Values of the executed calls, with their origins, in the order of execution.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Log<T: Config> = StorageValue<_, Vec<(T::AccountId, u32)>, ValueQuery>;

	/// Context of the latest `observe`.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Seen<T: Config> = StorageValue<_, Context>;

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		#[pallet::weight(*weight)]
		pub fn burn(origin: OriginFor<T>, value: u32, weight: Weight) -> DispatchResult {
			let _ = weight;
			Log::<T>::append((ensure_signed(origin)?, value));
			Ok(())
		}

		/// Uses `used` of the declared weight.
		#[pallet::weight(*declared)]
		pub fn refund(
			origin: OriginFor<T>,
			declared: Weight,
			used: Weight,
		) -> DispatchResultWithPostInfo {
			let _ = (ensure_signed(origin)?, declared);
			Ok(Some(used).into())
		}

		/// Writes and fails.
		#[pallet::weight(Weight::from_parts(100, 0))]
		pub fn fail(origin: OriginFor<T>) -> DispatchResult {
			Log::<T>::append((ensure_signed(origin)?, u32::MAX));
			frame_system::Pallet::<T>::deposit_log(DigestItem::Other(vec![1]));
			Err(DispatchError::Other("fails"))
		}

		/// Makes the block invalid.
		#[pallet::weight(*weight)]
		pub fn poison(origin: OriginFor<T>, weight: Weight) -> DispatchResult {
			let _ = (ensure_signed(origin)?, weight);
			panic!("poison");
		}

		#[pallet::weight(Weight::from_parts(100, 0))]
		pub fn deposit(origin: OriginFor<T>, item: u8) -> DispatchResult {
			let _ = ensure_signed(origin)?;
			frame_system::Pallet::<T>::deposit_log(DigestItem::Other(vec![item]));
			Ok(())
		}

		#[pallet::weight(Weight::from_parts(100, 0))]
		pub fn observe(origin: OriginFor<T>) -> DispatchResult {
			let _ = ensure_signed(origin)?;
			Seen::<T>::put(Context {
				number: System::block_number(),
				parent_hash: System::parent_hash(),
				digest: System::digest(),
				now: pallet_timestamp::Now::<Test>::get(),
				slot: pallet_aura::CurrentSlot::<Test>::get().into(),
				used: System::block_weight().total(),
				extrinsic_index: System::extrinsic_index(),
			});
			Ok(())
		}

		/// Dispatches another call with the same origin.
		#[pallet::weight(Weight::from_parts(100, 0))]
		pub fn nest(origin: OriginFor<T>, call: Box<<T as Config>::RuntimeCall>) -> DispatchResult {
			use sp_runtime::traits::Dispatchable;
			call.dispatch(origin).map(|_| ()).map_err(|error| error.error)
		}
	}
}

impl calls::Config for Test {
	type RuntimeCall = RuntimeCall;
}

parameter_types! {
	pub static SpecVersion: u32 = 1;
	pub static TransactionVersion: u32 = 1;
	/// Target weight of a block as of the parent's state.
	pub static TargetBlockWeight: Weight = Weight::from_parts(10_000, 10_000);
	/// Target weight of the next block.
	pub static NextTargetBlockWeight: Weight = Weight::MAX;
	pub static QuarantineAfter: Option<u8> = Some(2);
	pub static MaxQuarantined: u32 = 8;
	/// Whether a multi-block migration runs.
	pub static MigrationRuns: bool = false;
	/// Price of a unit of reference time.
	pub static PricePerUnit: u64 = 2;
	/// Whether the price is above every balance while an order is dispatched.
	pub static FailsToPay: bool = false;
	/// Charges paid so far.
	pub static Paid: u64 = 0;
	/// Whether the base call filter rejects `calls::burn`.
	pub static BurnIsFiltered: bool = false;
	pub const InitialShare: Perbill = Perbill::from_percent(50);
}

pub struct Version;
impl frame_support::traits::Get<RuntimeVersion> for Version {
	fn get() -> RuntimeVersion {
		RuntimeVersion {
			spec_name: "test".into(),
			impl_name: "test".into(),
			authoring_version: 1,
			spec_version: SpecVersion::get(),
			impl_version: 1,
			apis: Default::default(),
			transaction_version: TransactionVersion::get(),
			system_version: 1,
		}
	}
}

pub struct Migrator;
impl frame_support::migrations::MultiStepMigrator for Migrator {
	fn ongoing() -> bool {
		MigrationRuns::get()
	}

	fn step() -> Weight {
		Weight::zero()
	}
}

pub struct Filter;
impl Contains<RuntimeCall> for Filter {
	fn contains(call: &RuntimeCall) -> bool {
		!(BurnIsFiltered::get() && matches!(call, RuntimeCall::Calls(calls::Call::burn { .. })))
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = u64;
	type Nonce = u64;
	type Lookup = IdentityLookup<u64>;
	type AccountData = pallet_balances::AccountData<u64>;
	type Version = Version;
	type MultiBlockMigrator = Migrator;
	type BaseCallFilter = Filter;
}

impl pallet_timestamp::Config for Test {
	type Moment = u64;
	type OnTimestampSet = Aura;
	type MinimumPeriod = ConstU64<0>;
	type WeightInfo = ();
}

impl pallet_aura::Config for Test {
	type AuthorityId = sp_consensus_aura::sr25519::AuthorityId;
	type DisabledValidators = ();
	type MaxAuthorities = ConstU32<4>;
	type AllowMultipleBlocksPerSlot = ConstBool<true>;
	type SlotDuration = ConstU64<SLOT>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u64;
	type AccountStore = System;
}

pub struct Price;
impl Convert<Weight, u64> for Price {
	fn convert(weight: Weight) -> u64 {
		let is_dispatched = FailsToPay::get() && Lane::<Test>::get().admitted;
		if is_dispatched {
			u64::MAX / 2
		} else {
			weight.ref_time() * PricePerUnit::get()
		}
	}
}

pub struct Charges;
impl frame_support::traits::OnUnbalanced<crate::CreditOf<Test>> for Charges {
	fn on_nonzero_unbalanced(credit: crate::CreditOf<Test>) {
		Paid::mutate(|paid| *paid += frame_support::traits::Imbalance::peek(&credit));
	}
}

/// All calls but those that dispatch others, and those of the pallet.
pub struct Orderable;
impl Contains<RuntimeCall> for Orderable {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::Calls(calls::Call::nest { .. }) => false,
			RuntimeCall::Calls(_) => true,
			RuntimeCall::Balances(_) => true,
			_ => false,
		}
	}
}

pub struct Weights;
impl WeightInfo for Weights {
	fn order() -> Weight {
		Weight::from_parts(50, 50)
	}
	fn drop_ticket() -> Weight {
		Weight::zero()
	}
	fn release() -> Weight {
		Weight::zero()
	}
	fn set_share() -> Weight {
		Weight::zero()
	}
	fn set_paused() -> Weight {
		Weight::zero()
	}
	fn check_order() -> Weight {
		Weight::zero()
	}
	fn turn_without_batch() -> Weight {
		Weight::from_parts(1, 0)
	}
	fn standstill() -> Weight {
		Weight::from_parts(2, 0)
	}
	fn execute_ticket(_: u32) -> Weight {
		AROUND
	}
	fn conclude(_: u32) -> Weight {
		Weight::from_parts(3, 0)
	}
}

impl pallet_async_execution::Config for Test {
	type AdminOrigin = EnsureRoot<u64>;
	type Currency = Balances;
	type Price = Price;
	type OnCharge = Charges;
	type OrderableCalls = Orderable;
	type TargetBlockWeight = TargetBlockWeight;
	type NextTargetBlockWeight = NextTargetBlockWeight;
	type GapToParent = AuraGap<Test>;
	type StallTimeout = ConstU64<{ STALL_SLOTS * SLOT }>;
	type QuarantineAfter = QuarantineAfter;
	type InitialShare = InitialShare;
	type MaxTickets = ConstU32<512>;
	type MaxCallLength = ConstU32<128>;
	type MaxQuarantined = MaxQuarantined;
	type WeightInfo = Weights;
}

thread_local! {
	/// Header of the latest block.
	static HEAD: RefCell<Header> = RefCell::new(genesis_header());
}

fn genesis_header() -> Header {
	Header::new(0, H256::zero(), H256::zero(), H256::repeat_byte(1), Digest::default())
}

/// State of a new chain after its first block, in which ordering opens.
pub(crate) fn new_chain() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: ACCOUNTS.map(|who| (who, BALANCE)).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut chain = sp_io::TestExternalities::new(storage);
	chain.execute_with(|| {
		HEAD.set(genesis_header());
		SpecVersion::set(1);
		TransactionVersion::set(1);
		TargetBlockWeight::set(Weight::from_parts(10_000, 10_000));
		NextTargetBlockWeight::set(Weight::MAX);
		QuarantineAfter::set(Some(2));
		MaxQuarantined::set(8);
		MigrationRuns::set(false);
		BurnIsFiltered::set(false);
		PricePerUnit::set(2);
		Paid::set(0);
		// The first block has no parent, so its gap would be the slot itself.
		pallet_aura::CurrentSlot::<Test>::put(Slot::from(1));
		block(vec![]);
	});
	chain
}

/// Number of the latest block.
pub(crate) fn head() -> u64 {
	HEAD.with_borrow(|head| head.number)
}

/// Digest of the latest block.
pub(crate) fn head_digest() -> Digest {
	HEAD.with_borrow(|head| head.digest.clone())
}

/// Commitment in the digest of the latest block.
pub(crate) fn commitment() -> Option<Commitment<u64>> {
	Commitment::find(&head_digest())
}

/// A transaction of `who` with the nonce that follows on its latest transaction in the state.
pub(crate) fn transaction(who: u64, call: impl Into<RuntimeCall>) -> Xt {
	let nonce = System::account_nonce(who);
	with_nonce(who, nonce, call)
}

pub(crate) fn with_nonce(who: u64, nonce: u64, call: impl Into<RuntimeCall>) -> Xt {
	let extension =
		(frame_system::CheckNonce::from(nonce), frame_system::CheckWeight::new()).into();
	Xt::new_signed(call.into(), who, UintAuthorityId(who), extension)
}

/// The call `order` with `call`.
pub(crate) fn order(call: impl Into<RuntimeCall>) -> RuntimeCall {
	crate::Call::order { call: Box::new(call.into()) }.into()
}

/// Calls of the pallet [`calls`].
pub(crate) type Action = calls::Call<Test>;

/// A call that logs `value` and weighs 100.
pub(crate) fn log(value: u32) -> RuntimeCall {
	burn(value, 100)
}

/// A call that logs `value` and has reference time and proof size of `weight`.
pub(crate) fn burn(value: u32, weight: u64) -> RuntimeCall {
	Action::burn { value, weight: Weight::from_parts(weight, weight) }.into()
}

/// Validates a transaction as the pool does.
pub(crate) fn validate(transaction: Xt) -> TransactionValidity {
	with_transaction(|| {
		let valid = Executive::validate_transaction(
			TransactionSource::External,
			transaction,
			HEAD.with_borrow(|head| head.hash()),
		);
		TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(valid))
	})
	.unwrap()
}

/// A block under construction.
pub(crate) struct Builder {
	extrinsics: Vec<Xt>,
}

/// Starts the next block, `slots` after the latest one.
pub(crate) fn start_after(slots: u64) -> Builder {
	start_with(slots, Vec::new())
}

/// Starts the next block, with further pre-digests.
pub(crate) fn start_with(slots: u64, digest: Vec<DigestItem>) -> Builder {
	start_on(slots, digest, |header| {
		Executive::initialize_block(header);
	})
}

/// Starts the next block with `initialize_block` of another executive.
pub(crate) fn start_on(
	slots: u64,
	digest: Vec<DigestItem>,
	initialize_block: impl FnOnce(&Header),
) -> Builder {
	let slot = u64::from(pallet_aura::CurrentSlot::<Test>::get()) + slots;
	let mut logs = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode())];
	logs.extend(digest);
	let header = HEAD.with_borrow(|head| {
		Header::new(head.number + 1, H256::zero(), H256::zero(), head.hash(), Digest { logs })
	});
	initialize_block(&header);
	let mut builder = Builder { extrinsics: vec![] };
	let set = pallet_timestamp::Call::set { now: slot * SLOT };
	builder.apply(Xt::new_bare(set.into())).unwrap().unwrap();
	builder
}

impl Builder {
	/// Applies a transaction as the block builder does: an invalid one leaves no trace.
	pub(crate) fn apply(&mut self, transaction: Xt) -> ApplyExtrinsicResult {
		let result = with_transaction(|| {
			let result = Executive::apply_extrinsic(transaction.clone());
			match result {
				Ok(_) => TransactionOutcome::Commit(Ok::<_, sp_runtime::DispatchError>(result)),
				Err(_) => TransactionOutcome::Rollback(Ok(result)),
			}
		})
		.unwrap();
		if result.is_ok() {
			self.extrinsics.push(transaction);
		}
		result
	}

	/// Finishes the block. Returns the result of its transactions.
	pub(crate) fn finish(self) -> Block {
		let header = Executive::finalize_block();
		HEAD.set(header.clone());
		AsyncExecution::do_try_state().unwrap();
		Block::new(header, self.extrinsics)
	}
}

/// Builds a block one slot after the latest one. All transactions must be valid. Returns their results.
pub(crate) fn block(transactions: Vec<Xt>) -> Vec<sp_runtime::DispatchResult> {
	block_after(1, transactions)
}

/// Builds a block `slots` after the latest one. All transactions must be valid. Returns their results.
pub(crate) fn block_after(slots: u64, transactions: Vec<Xt>) -> Vec<sp_runtime::DispatchResult> {
	let mut builder = start_after(slots);
	let results = transactions
		.into_iter()
		.map(|transaction| builder.apply(transaction).expect("the transaction is valid"))
		.collect();
	builder.finish();
	results
}

/// Orders `calls` of account 1 in one block.
pub(crate) fn order_all(calls: impl IntoIterator<Item = RuntimeCall>) {
	let nonce = System::account_nonce(1);
	let orders = (nonce..).zip(calls).map(|(nonce, call)| with_nonce(1, nonce, order(call)));
	for result in block(orders.collect()) {
		result.unwrap();
	}
}

/// Executes `attempt` without effect if it panics, as a block that validators reject. Returns whether it succeeded.
pub(crate) fn is_valid(attempt: impl FnOnce()) -> bool {
	let head = HEAD.with_borrow(Clone::clone);
	with_externalities(|ext| ext.storage_start_transaction()).unwrap();
	let result = quietly(|| std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)));
	if result.is_ok() {
		return with_externalities(|ext| ext.storage_commit_transaction()).unwrap().is_ok();
	}
	// The panic left transactions of the storage layers open.
	while with_externalities(|ext| ext.storage_rollback_transaction()).unwrap().is_ok() {}
	HEAD.set(head);
	false
}

/// Runs `attempt` without back traces: hundreds of expected panics would hide a real failure.
fn quietly<R>(attempt: impl FnOnce() -> R) -> R {
	use std::{cell::Cell, sync::Once};
	thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
	static INSTALL: Once = Once::new();
	INSTALL.call_once(|| {
		// Other tests run at the same time and need their output.
		let print = std::panic::take_hook();
		std::panic::set_hook(Box::new(move |panic| {
			if !QUIET.get() {
				print(panic)
			}
		}));
	});
	QUIET.set(true);
	let result = attempt();
	QUIET.set(false);
	result
}

/// Values that calls logged.
pub(crate) fn logged() -> Vec<u32> {
	calls::Log::<Test>::get().into_iter().map(|(_, value)| value).collect()
}

/// Events of this pallet in the latest block.
pub(crate) fn events() -> Vec<Event<Test>> {
	System::read_events_for_pallet::<Event<Test>>()
}

/// Tickets that the latest block executed, and whether they succeeded.
pub(crate) fn executed() -> Vec<(TicketId, bool)> {
	events()
		.into_iter()
		.filter_map(|event| match event {
			Event::Executed { ticket, result, .. } => Some((ticket, result.is_ok())),
			_ => None,
		})
		.collect()
}

pub(crate) fn invalid(error: impl Into<TransactionValidityError>) -> ApplyExtrinsicResult {
	Err(error.into())
}
