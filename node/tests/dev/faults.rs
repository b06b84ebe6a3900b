// SPDX-License-Identifier: GPL-3.0-only

//! The development chain with random faults from a seed, with several cores, and with several collators.

use super::{
	chain::{relay_parent, slot_and_author, DevChain},
	schedule_limits,
	transaction::sudo,
	transfer,
};
use conveyor_primitives::{Limits, Warning};
use conveyor_runtime::{opaque::Header, Hash, UNIT};
use cumulus_primitives_core::CumulusDigestItem;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie, One};
use std::collections::{BTreeMap, BTreeSet};

/// The shortest relay slot that a busy machine can keep.
const FASTER: &str = "--relay-slot-ms=150";

/// Many missed attempts and few chances, so that blocks are lost all the time.
const LOSSES: [&str; 2] = ["--miss-rate=0.3", "--lookahead=3"];

/// Many transfers on a chain that loses blocks: each one is finalized exactly once.
async fn no_transaction_is_lost(collators: u64, options: &[&str]) {
	const SENDERS: [Sr25519Keyring; 5] = [Bob, Charlie, Dave, Eve, Ferdie];
	const ROUNDS: u32 = 16;

	let mut chain = DevChain::start(&[&[FASTER], &LOSSES[..], options].concat()).await;
	let mut submitted = Vec::new();
	// A few per block, so that blocks with transactions are lost while the pool changes.
	for nonce in 0..ROUNDS {
		chain.next_best().await;
		for sender in SENDERS {
			submitted.push(chain.submit(sender, transfer(), nonce).await);
		}
	}
	let mut finalized = Vec::new();
	for submitted in submitted {
		finalized.push(chain.finalized(submitted).await);
	}

	// Transactions reported as finalized are on the chain exactly once.
	let (_, last) = chain.best_and_finalized().await;
	let mut places = BTreeMap::<Vec<u8>, Vec<Hash>>::new();
	let mut authors = BTreeMap::new();
	for number in 1..=last {
		let block = chain.block_hash(number).await;
		let (slot, author) = slot_and_author(&chain.header(block).await);
		assert_eq!(*authors.entry(slot % collators).or_insert(author), author, "they take turns");
		for transaction in chain.transactions(block).await {
			places.entry(transaction).or_default().push(block);
		}
	}
	for transaction in &finalized {
		assert_eq!(places.get(&transaction.transaction), Some(&vec![transaction.block]));
	}
	assert_eq!(authors.values().collect::<BTreeSet<_>>().len() as u64, collators);
	let sent = finalized.len();
	assert_eq!(sent, SENDERS.len() * ROUNDS as usize);
	assert_eq!(chain.free_balance(One).await, sent as u128 * UNIT);

	// Blocks with transactions must have been lost.
	let lost = chain.pipeline().iter().map(|line| line.matches("(L)").count()).sum::<usize>();
	let returned = finalized.iter().filter(|transaction| transaction.blocks.len() > 1).count();
	println!("{options:?}: {sent} transactions, {returned} of them in lost blocks; {lost} lost");
	assert!(lost > 0 && returned > 0, "{lost} candidates lost, {returned} transactions returned");
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_is_lost_with_the_default_seed() {
	no_transaction_is_lost(1, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_is_lost_with_another_seed_and_relay_forks() {
	no_transaction_is_lost(1, &["--seed=1", "--relay-fork-rate=0.2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_is_lost_with_collators_that_take_turns() {
	no_transaction_is_lost(3, &["--seed=2", "--collators=3"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_is_lost_with_relay_sessions_and_late_availability() {
	let options = ["--seed=3", "--relay-session=15", "--availability-miss-rate=0.3"];
	no_transaction_is_lost(1, &options).await;
}

/// The handling of a pool that rejects a transaction and keeps it nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_pool_already_has_is_followed_to_finality() {
	let chain = DevChain::start(&[FASTER]).await;
	let first = chain.submit(Bob, transfer(), 0).await;
	let again = chain.submit_signed(Bob, 0, first.transaction.clone()).await;
	let (first, again) = (chain.finalized(first).await, chain.finalized(again).await);
	assert_eq!((first.transaction, first.block), (again.transaction, again.block));
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_history() {
	const LINES: usize = 40;
	let history = || async {
		let options = ["--miss-rate=0.3", "--relay-fork-rate=0.2", "--lookahead=4", "--seed=7"];
		let chain = DevChain::start(&[&[FASTER][..], &options].concat()).await;
		chain.pipeline_with(&format!("R{LINES}:")).await;
		let history = chain.pipeline();
		chain.stop().await;
		history[..LINES].to_vec()
	};
	let (first, second) = tokio::join!(history(), history());
	assert_eq!(first, second);
	for sign in ["(I)", "(B)", "(C)", "(L)", "missed an attempt", "relay chain reorganization"] {
		assert!(first.iter().any(|line| line.contains(sign)), "{sign}: {first:#?}");
	}
}

/// Returns the bundles built on a relay parent: their lengths, by core.
fn bundles(blocks: &[Header]) -> BTreeMap<u32, Vec<u32>> {
	let mut bundles = BTreeMap::<u32, Vec<u32>>::new();
	for block in blocks {
		let core = CumulusDigestItem::find_core_info(&block.digest).expect("the core is named");
		let place =
			CumulusDigestItem::find_block_bundle_info(&block.digest).expect("and the place");
		let lengths = bundles.entry(relay_parent(block)).or_default();
		lengths.resize(core.number_of_cores.0.into(), 0);
		lengths[usize::from(core.selector.0)] = u32::from(place.index) + 1;
	}
	bundles
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_split_over_cores_and_relay_forks_lose_none() {
	// The shortest possible lookahead, so that every delay loses a candidate.
	let options = ["--relay-slot-ms=500", "--cores=3", "--lookahead=3", "--relay-fork-rate=0.3"];
	let mut chain = DevChain::start(&options).await;
	// One block needs one core.
	let blocks = chain.next_blocks(4).await;
	assert!(bundles(&blocks).values().all(|lengths| *lengths == [1]), "{:?}", bundles(&blocks));

	for (rate, expected) in [(3, [1, 1, 1]), (7, [3, 2, 1])] {
		let call = sudo(schedule_limits(rate, 4 * rate, rate));
		chain.submit_and_finalize(Alice, call).await;
		while chain.limits().await.target_block_rate != rate {
			chain.next_blocks(1).await;
		}
		chain.skip_to_best().await;
		let blocks = chain.next_blocks(5 * rate as usize).await;
		for (block, next) in blocks.iter().zip(&blocks[1..]) {
			assert_eq!(next.parent_hash, block.hash(), "a block has taken the place of another");
		}
		let bundles = bundles(&blocks);
		// The first and the last relay parent may be seen partly. Of 7 blocks the last one is left to the next collator.
		let mut whole = bundles.values().skip(1).rev().skip(1);
		assert!(whole.clone().count() >= 3, "{bundles:?}");
		assert!(whole.all(|lengths| *lengths == expected), "{bundles:?}");
	}
	// Several candidates in one relay block, each on its core.
	let three = |line: &String| (0..3).all(|core| line.contains(&format!("(B@{core})")));
	assert!(chain.pipeline().iter().any(three), "{:#?}", chain.pipeline());
	assert!(chain.lines_with("relay chain reorganization") > 0);
	assert_eq!(chain.lines_with("(L)"), 0, "{:#?}", chain.pipeline());

	// The runtime knows the number of cores.
	let limits = Limits { velocity: 1, capacity: 4, target_block_rate: 1 };
	let advice = chain.check_limits(limits).await.expect("they are valid");
	let relay = advice.relay_scheduling.expect("it is in the proof");
	assert_eq!((relay.lookahead, relay.num_cores, relay.descriptors_v3), (3, 3, false));
	let no_slack = Warning::NoBackingSlack { lookahead: 3, relay_parent_offset: 1 };
	assert_eq!(advice.warnings, [no_slack]);
	chain.stop().await;
}
