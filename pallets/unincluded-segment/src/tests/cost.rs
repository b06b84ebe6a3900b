// SPDX-License-Identifier: Apache-2.0

//! Proof size and storage writes of the pallet per block, by capacity.

use crate::{mock::*, weights::WeightInfo};
use codec::Encode;
use sp_core::{Blake2Hasher, H256};

/// Proof size of a block in bytes: its trie nodes, and the compact form in the proof of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Proof {
	nodes: usize,
	compact: usize,
}

/// Returns the proof size of the next block, with or without the pallet.
fn proof_of_next_block(
	ext: &mut sp_io::TestExternalities,
	chain: &mut Chain,
	relay: &Relay,
	with_pallet: bool,
) -> Proof {
	// Earlier writes must be in the trie, not in memory.
	ext.commit_all().expect("no transaction is open");
	let root: H256 = *ext.backend.root();
	let headers = chain.headers.clone();
	let ((), proof) = ext.execute_and_prove(|| {
		// The block is rolled back.
		frame_support::storage::with_transaction_unchecked(|| {
			WithPallet::set(with_pallet);
			let mut chain = Chain { headers: headers.clone() };
			chain.empty_block(relay);
			sp_io::storage::root(sp_runtime::StateVersion::V1);
			WithPallet::set(true);
			sp_runtime::TransactionOutcome::Rollback(())
		})
	});
	Proof {
		nodes: proof.encoded_size(),
		compact: proof
			.into_compact_proof::<Blake2Hasher>(root)
			.expect("the proof belongs to the root")
			.encoded_size(),
	}
}

/// Proof size that the pallet adds to a block, in bytes.
struct Cost {
	nodes: Bytes,
	compact: Bytes,
}

struct Bytes {
	mean: usize,
	max: usize,
}

impl Bytes {
	fn of(figures: impl Iterator<Item = usize> + Clone) -> Self {
		let count = figures.clone().count();
		Self {
			mean: figures.clone().sum::<usize>() / count,
			max: figures.max().expect("there were blocks"),
		}
	}
}

impl core::fmt::Display for Bytes {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(f, "{} (at max {})", self.mean, self.max)
	}
}

/// Returns the number of the pallet's storage values that the latest block wrote.
fn values_written(ext: &sp_io::TestExternalities) -> usize {
	let prefix = sp_io::hashing::twox_128(b"UnincludedSegment");
	ext.overlayed_changes().changes().filter(|(key, _)| key.starts_with(&prefix)).count()
}

/// Returns the proof size that the pallet adds to a block, over many blocks, with a segment of `length`
/// blocks, each on a separate relay parent.
fn cost(capacity: u32, length: u32) -> Cost {
	let mut ext = new_test_ext();
	HookCapacity::set(capacity);
	MaxCapacity::set(capacity);
	// No notifications: their cost is that of the listener.
	NotificationWeight::set(<() as WeightInfo>::notify_base());
	// A runtime has more pallets than the mock, which makes the trie deeper.
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
	// First fill ring and window, then build enough blocks that every digit of the key changes.
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
			assert!(tracked_hashes().len() <= length as usize);
			assert_eq!(UnincludedSegment::check_state(), Ok(()));
		});
		// The tracker, a record and, after an inclusion, the statistics.
		assert_eq!(values_written(&ext), if included > 0 { 3 } else { 2 });
	}
	Cost {
		nodes: Bytes::of(proofs.iter().map(|proof| proof.0)),
		compact: Bytes::of(proofs.iter().map(|proof| proof.1)),
	}
}

#[test]
fn proof_size_grows_only_with_relay_parents_and_ring_depth() {
	let mut means = Vec::new();
	for capacity in [4, 8, 24, 64, 255] {
		let few = cost(capacity, 4);
		let full = cost(capacity, capacity);
		println!(
			"capacity {capacity}: 4 relay parents: {} bytes of nodes, {} in the proof of validity; \
			 {capacity} relay parents: {}, {}",
			few.nodes, few.compact, full.nodes, full.compact,
		);
		if capacity == 24 {
			assert!(few.nodes.max <= 1_024 && full.nodes.max <= 1_024, "the goal is 1,024 bytes");
		}
		// A relay parent takes at most six bytes.
		assert!(full.nodes.mean <= few.nodes.mean + 6 * (capacity as usize - 4));
		means.push(few.nodes.mean);
	}
	// From 4 to 255 records the key grows by three digits, and each adds at most four hashes.
	let growth = means[4] - means[0];
	assert!(growth <= 3 * 4 * 36, "{growth}");
}
