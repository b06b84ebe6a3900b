// SPDX-License-Identifier: Apache-2.0

//! Runtimes with and without [`crate::AheadOf`], and import of blocks.

use crate::{mock::*, Lane, Refusal};
use frame_support::{
	parameter_types,
	traits::{
		BeforeAllRuntimeMigrations, OffchainWorker, OnFinalize, OnIdle, OnPoll, OnRuntimeUpgrade,
	},
	weights::{Weight, WeightMeter},
};
use sp_runtime::{traits::Block as _, transaction_validity::InvalidTransaction, DigestItem};

fn unwrapped_block() {
	start_on(1, vec![], |header| {
		UnwrappedExecutive::initialize_block(header);
	})
	.finish();
}

#[test]
fn a_runtime_without_the_wrapper_orders_nothing() {
	new_chain().execute_with(|| {
		unwrapped_block();
		assert!(!Lane::<Test>::get().has_turn);
		assert_eq!(AsyncExecution::quote(&log(1)).refusal, Some(Refusal::NoTurn));
		let refused = InvalidTransaction::Custom(Refusal::NoTurn.code().unwrap());
		assert_eq!(validate(transaction(1, order(log(1)))), Err(refused.into()));
		// The wrapper opens ordering again.
		block(vec![]);
		assert!(validate(transaction(1, order(log(1)))).is_ok());
	});
}

#[test]
fn a_batch_waits_for_the_wrapper() {
	new_chain().execute_with(|| {
		order_all([log(1)]);
		unwrapped_block();
		assert!(logged().is_empty());
		block(vec![]);
		assert_eq!(logged(), [1]);
	});
}

#[test]
fn nodes_import_the_blocks_and_reject_another_commitment() {
	let chain = || {
		let mut chain = new_chain();
		chain.execute_with(|| TargetBlockWeight::set(LARGE));
		chain
	};
	let blocks = chain().execute_with(|| {
		let first = {
			let mut builder = start_after(1);
			let call = pallet_balances::Call::transfer_all { dest: 2, keep_alive: false };
			builder.apply(with_nonce(1, 0, order(log(1)))).unwrap().unwrap();
			builder.apply(with_nonce(3, 0, order(call))).unwrap().unwrap();
			builder.finish()
		};
		let mut builder = start_after(2);
		builder.apply(transaction(2, order(Action::fail {}))).unwrap().unwrap();
		let second = builder.finish();
		vec![first, second, start_after(1).finish()]
	});
	let import = |block: &Block| {
		let block = block.clone();
		std::panic::catch_unwind(|| Executive::execute_block(block.into())).is_ok()
	};
	chain().execute_with(|| assert!(blocks.iter().all(import)));
	chain().execute_with(|| {
		assert!(import(&blocks[0]));
		let (mut header, extrinsics) = blocks[1].clone().deconstruct();
		let commitment = header.digest.logs.iter_mut().find_map(|item| match item {
			DigestItem::Consensus(_, commitment) => Some(commitment),
			_ => None,
		});
		// A byte of the root.
		commitment.unwrap()[20] ^= 1;
		assert!(!import(&Block::new(header, extrinsics)));
	});
}

/// Pallets whose hooks return different weights, and count their calls without a result.
struct Probe;

parameter_types! {
	static Calls: u32 = 0;
}

impl BeforeAllRuntimeMigrations for Probe {
	fn before_all_runtime_migrations() -> Weight {
		Weight::from_parts(1, 0)
	}
}

impl OnRuntimeUpgrade for Probe {
	fn on_runtime_upgrade() -> Weight {
		Weight::from_parts(2, 0)
	}
}

impl OnIdle<u64> for Probe {
	fn on_idle(number: u64, remaining: Weight) -> Weight {
		remaining.saturating_add(Weight::from_parts(number, 0))
	}
}

impl OnPoll<u64> for Probe {
	fn on_poll(number: u64, meter: &mut WeightMeter) {
		meter.consume(Weight::from_parts(number, 0));
	}
}

impl OnFinalize<u64> for Probe {
	fn on_finalize(number: u64) {
		Calls::mutate(|calls| *calls += number as u32);
	}
}

impl OffchainWorker<u64> for Probe {
	fn offchain_worker(number: u64) {
		Calls::mutate(|calls| *calls += number as u32);
	}
}

#[test]
fn the_other_hooks_are_those_of_the_pallets() {
	type Wrapped = crate::AheadOf<AsyncExecution, Probe>;
	let weight = |ref_time| Weight::from_parts(ref_time, 0);
	assert_eq!(Wrapped::before_all_runtime_migrations(), weight(1));
	assert_eq!(Wrapped::on_runtime_upgrade(), weight(2));
	assert_eq!(Wrapped::on_idle(9, weight(100)), weight(109));
	let mut meter = WeightMeter::new();
	Wrapped::on_poll(5, &mut meter);
	assert_eq!(meter.consumed(), weight(5));
	Wrapped::on_finalize(3);
	assert_eq!(Calls::get(), 3);
	Wrapped::offchain_worker(4);
	assert_eq!(Calls::get(), 7);
}

#[cfg(feature = "try-runtime")]
#[test]
fn failing_checks_of_an_upgrade_are_reported() {
	struct Failing;
	impl OnRuntimeUpgrade for Failing {
		fn post_upgrade(_: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
			Err("fails".into())
		}
	}
	new_chain().execute_with(|| {
		type Wrapped = crate::AheadOf<AsyncExecution, (Failing, Failing)>;
		assert!(Wrapped::try_on_runtime_upgrade(true).is_err());
	});
}
