// SPDX-License-Identifier: Apache-2.0

//! What the pallet costs in a block, as a function of the capacity: what it proves, and what it
//! writes.

use crate::{mock::*, weights::WeightInfo};
use codec::Encode;
use sp_core::{Blake2Hasher, H256};

/// Bytes of proof of a block: of its trie nodes, and of the compact form that goes into a proof of
/// validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Proof {
	nodes: usize,
	compact: usize,
}

/// The proof that the next block needs, with the pallet or without.
fn proof_of_next_block(
	ext: &mut sp_io::TestExternalities,
	chain: &mut Chain,
	relay: &Relay,
	with_us: bool,
) -> Proof {
	// What was written before must be in the trie, and not in memory.
	ext.commit_all().expect("no transaction is open");
	let root: H256 = *ext.backend.root();
	let headers = chain.headers.clone();
	let ((), proof) = ext.execute_and_prove(|| {
		// As a block of its own: it is undone.
		frame_support::storage::with_transaction_unchecked(|| {
			WithUs::set(with_us);
			let mut chain = Chain { headers: headers.clone() };
			chain.empty_block(relay);
			sp_io::storage::root(sp_runtime::StateVersion::V1);
			WithUs::set(true);
			sp_runtime::TransactionOutcome::Rollback(())
		})
	});
	Proof {
		nodes: proof.encoded_size(),
		compact: proof
			.into_compact_proof::<Blake2Hasher>(root)
			.expect("it is of that root")
			.encoded_size(),
	}
}

/// What the pallet adds to a block, in bytes of proof; the mean of some blocks, and the most.
struct Cost {
	nodes: Bytes,
	compact: Bytes,
}

struct Bytes {
	mean: usize,
	most: usize,
}

impl Bytes {
	fn of(figures: impl Iterator<Item = usize> + Clone) -> Self {
		let count = figures.clone().count();
		Self {
			mean: figures.clone().sum::<usize>() / count,
			most: figures.max().expect("there were blocks"),
		}
	}
}

impl core::fmt::Display for Bytes {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(f, "{} (at most {})", self.mean, self.most)
	}
}

/// How many of the pallet's values the latest block has written.
fn values_written(ext: &sp_io::TestExternalities) -> usize {
	let prefix = sp_io::hashing::twox_128(b"UnincludedSegment");
	ext.overlayed_changes().changes().filter(|(key, _)| key.starts_with(&prefix)).count()
}

/// What the pallet adds to a block, over many blocks, on a chain with that capacity and as many
/// blocks under way as `length`, each with a relay parent of its own.
fn cost(capacity: u32, length: u32) -> Cost {
	let mut ext = new_test_ext();
	TheirCapacity::set(capacity);
	MaxCapacity::set(capacity);
	// Who acts on inclusion has costs of its own.
	TellWeight::set(<() as WeightInfo>::tell_base());
	// A runtime has more pallets than the mock, so ours is not alone in the trie.
	ext.execute_with(|| {
		for pallet in 0..30u32 {
			for item in 0..5u32 {
				let key = [pallet, item].map(|name| sp_io::hashing::twox_128(&name.encode()));
				frame_support::storage::unhashed::put(&key.concat(), &[7u8; 40]);
			}
		}
	});
	let mut chain = Chain::new();
	let mut proofs = Vec::new();
	// Until every place of the ring is taken and the window is full, and then as many again as make
	// every digit of a place change.
	for number in 0..capacity.max(WINDOW) + capacity.min(70) {
		let included = number.saturating_sub(length - 1);
		let relay = Relay::new(1_000_000 + number, &chain.headers[included as usize]);
		if number > capacity.max(WINDOW) {
			let with = proof_of_next_block(&mut ext, &mut chain, &relay, true);
			let without = proof_of_next_block(&mut ext, &mut chain, &relay, false);
			proofs.push((with.nodes - without.nodes, with.compact - without.compact));
		}
		ext.commit_all().expect("no transaction is open");
		ext.execute_with(|| {
			chain.empty_block(&relay);
			assert!(our_hashes().len() <= length as usize);
			assert_eq!(UnincludedSegment::check_state(), Ok(()));
		});
		// The tracker, a record and, if something was included, the statistics.
		assert_eq!(values_written(&ext), if included > 0 { 3 } else { 2 });
	}
	Cost {
		nodes: Bytes::of(proofs.iter().map(|proof| proof.0)),
		compact: Bytes::of(proofs.iter().map(|proof| proof.1)),
	}
}

#[test]
fn a_block_proves_and_writes_the_same_however_long_the_segment_may_be() {
	let mut usual = Vec::new();
	for capacity in [4, 8, 24, 64, 255] {
		let few = cost(capacity, 4);
		let full = cost(capacity, capacity);
		println!(
			"capacity {capacity}: 4 relay parents under way: {} bytes of nodes, {} in a proof of \
			 validity; {capacity} relay parents under way: {}, {}",
			few.nodes, few.compact, full.nodes, full.compact,
		);
		if capacity == 24 {
			assert!(few.nodes.most <= 1_024 && full.nodes.most <= 1_024, "the goal");
		}
		// Nothing but what the README says grows: a relay parent takes six bytes at most.
		assert!(full.nodes.mean <= few.nodes.mean + 6 * (capacity as usize - 4));
		usual.push(few.nodes.mean);
	}
	// From 4 to 255 it is the way into the ring that grows: by three digits, each of four hashes.
	let growth = usual[4] - usual[0];
	assert!(growth <= 3 * 4 * 36, "{growth}");
}
