// SPDX-License-Identifier: GPL-3.0-only

//! The development chain from a user's view: tests start the program, use its RPC, and stop it.
//!
//! - [`chain`]: a running development chain, and helpers to query it.
//! - [`collators`]: compares the development chain's collator with upstream's.
//! - [`faults`]: candidates that miss an attempt, relay chain reorganizations, several cores and collators.
//! - [`validity`]: other nodes and validators accept the blocks and candidates.

mod chain;
mod collators;
mod faults;
mod validity;

use chain::{DevChain, Folder};
use conveyor_primitives::{ApplyAt, Limits, Refusal};
use conveyor_runtime::{Runtime, RuntimeCall, RuntimeEvent, UNIT};
use conveyor_testing::transaction;
use cumulus_primitives_core::CumulusDigestItem;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, One};
use std::collections::BTreeMap;
use transaction::sudo;

/// Short enough for a hundred relay blocks in a test, long enough for a bundle of three blocks.
const FAST: &str = "--relay-slot-ms=250";

fn schedule_limits(velocity: u32, capacity: u32, target_block_rate: u32) -> RuntimeCall {
	let limits = Limits { velocity, capacity, target_block_rate };
	pallet_velocity::Call::<Runtime>::schedule_limits { limits, at: ApplyAt::Now }.into()
}

/// A transfer that changes the receiver's balance.
fn transfer() -> RuntimeCall {
	let (dest, value) = (One.to_account_id().into(), UNIT);
	pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value }.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unincluded_segment_fills_and_drains() {
	let mut chain = DevChain::start(&[FAST, "--inclusion-delay=3"]).await;
	let capacity = chain.limits().await.capacity;
	let mut longest = 0;
	for block in chain.next_blocks(20).await {
		let unincluded = chain.unincluded_segment(block.hash()).await;
		assert!(unincluded <= capacity, "{unincluded} unincluded blocks after #{}", block.number);
		longest = longest.max(unincluded);
	}
	// Inclusion delay 3 and relay parent offset 1: the recommended capacity is sufficient.
	assert_eq!(longest, capacity);
	let (best, finalized) = chain.best_and_finalized().await;
	assert!(best - finalized <= capacity, "best #{best}, finalized #{finalized}");
	assert!(finalized >= 20 - capacity, "finalized #{finalized}");
	// One block per relay block: no block had to wait.
	assert_eq!(chain.lines_with("no block: the unincluded segment is full"), 0);
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_makes_blocks_wait_for_inclusion() {
	let mut chain = DevChain::start(&[FAST, "--inclusion-delay=6"]).await;
	let capacity = chain.limits().await.capacity;
	let mut at_capacity = None;
	for block in chain.next_blocks(12).await {
		let unincluded = chain.unincluded_segment(block.hash()).await;
		assert!(unincluded <= capacity);
		if unincluded == capacity {
			at_capacity = Some(block);
		}
	}
	// The runtime API returns the refusal with its figures.
	let block = at_capacity.expect("the segment is full at some block");
	let nothing_included = Default::default();
	assert_eq!(
		chain.admission(block.hash(), nothing_included, u64::MAX / 2).await,
		Err(Refusal::SegmentFull { length: capacity, capacity }),
	);
	assert_eq!(
		chain
			.admission(block.hash(), block.parent_hash, u64::MAX / 2)
			.await
			.map(|admission| admission.room),
		Ok(2),
	);
	assert!(chain.lines_with("no block: the unincluded segment is full: it has 4 blocks") > 0);
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn governance_changes_the_limits_without_an_upgrade() {
	let mut chain = DevChain::start(&["--relay-slot-ms=600"]).await;
	// Of 12 blocks the last one is left to the next collator.
	for (velocity, capacity, rate, built) in [(3, 12, 3, 3), (12, 48, 12, 11), (1, 4, 1, 1)] {
		let call = sudo(schedule_limits(velocity, capacity, rate));
		let changed = chain.submit_and_finalize(Alice, call).await;
		let events = chain.events(changed).await;
		let applied = pallet_velocity::Event::LimitsApplied {
			limits: Limits { velocity, capacity, target_block_rate: rate },
		};
		// In the same block if it is the last one of its bundle, otherwise later.
		let digest = chain.header(changed).await.digest;
		assert_eq!(
			Some(events.contains(&RuntimeEvent::Velocity(applied))),
			CumulusDigestItem::is_last_block_in_core(&digest),
			"{events:?}",
		);
		// A bundle is completed with its first limits.
		while chain.limits().await.target_block_rate != rate {
			chain.next_blocks(1).await;
		}
		chain.skip_to_best().await;
		let mut blocks_at = BTreeMap::new();
		for block in chain.next_blocks(6 * rate as usize).await {
			*blocks_at.entry(chain::relay_parent(&block)).or_insert(0u32) += 1;
		}
		// The first and the last relay parent may be seen partly.
		let mut whole = blocks_at.values().skip(1).rev().skip(1);
		assert!(whole.clone().count() >= 4, "{blocks_at:?}");
		assert!(whole.all(|blocks| *blocks == built), "{blocks_at:?}");
	}
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_included_and_only_the_admin_sets_limits() {
	let chain = DevChain::start(&[FAST]).await;
	let before = chain.free_balance(Charlie).await;
	let value = 5_000_000_000_000;
	let transfer = pallet_balances::Call::<Runtime>::transfer_keep_alive {
		dest: Charlie.to_account_id().into(),
		value,
	};
	let block = chain.submit_and_finalize(Bob, transfer.into()).await;
	assert!(chain.events(block).await.iter().any(|event| matches!(
		event,
		RuntimeEvent::Balances(pallet_balances::Event::Transfer { amount, .. }) if *amount == value
	)));
	assert_eq!(chain.free_balance(Charlie).await, before + value);

	let limits = chain.limits().await;
	let block = chain.submit_and_finalize(Bob, schedule_limits(3, 12, 3)).await;
	assert!(chain.events(block).await.iter().any(|event| matches!(
		event,
		RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
			dispatch_error: sp_runtime::DispatchError::BadOrigin,
			..
		})
	)));
	assert_eq!(chain.limits().await, limits);
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_chain_continues_from_its_newest_block() {
	let folder = Folder::new();
	let options = [FAST, "--base-path", folder.path()];
	let mut chain = DevChain::start(&options).await;
	let first = chain.next_blocks(8).await.pop().expect("eight blocks");
	chain.stop().await;

	let mut chain = DevChain::start(&options).await;
	let (best, _) = chain.best_and_finalized().await;
	assert!(best >= first.number, "#{best} after #{}", first.number);
	chain.skip_to_best().await;
	let next = chain.next_blocks(6).await;
	assert!(chain::relay_parent(&next[0]) > chain::relay_parent(&first));
	// The blocks that were unincluded when the chain stopped are included.
	assert_eq!(chain.block_hash(first.number).await, first.hash());
	let (_, finalized) = chain.best_and_finalized().await;
	assert!(finalized >= first.number, "finalized #{finalized}");
	chain.stop().await;
}

#[test]
fn invalid_options_are_rejected_before_the_chain_starts() {
	for (options, reason) in [
		(&["--relay-slot-ms", "1"][..], "1 is out of range, use a number from 50 to 60000"),
		(&["--miss-rate", "2"], "2 is out of range, use a number from 0 to 1"),
		(
			&["--collator", "upstream", "--relay-slot-ms", "1000"],
			"--relay-slot-ms 1000 is not possible with --collator upstream",
		),
		(&["--collators", "7"], "7 is out of range, use a number from 1 to 6"),
		(
			&["--lookahead", "4", "--inclusion-delay", "5"],
			"--lookahead 4 is too short for an inclusion delay of 5",
		),
		(&["--collators", "2", "--chain", "local"], "Remove one of them"),
	] {
		let output = std::process::Command::new(chain::PROGRAM)
			.arg("dev")
			.args(options)
			.output()
			.expect("the program starts");
		assert_eq!(output.status.code(), Some(2), "{options:?}");
		let error = String::from_utf8_lossy(&output.stderr).into_owned();
		assert!(error.contains(reason), "{options:?}: {error}");
	}
}
