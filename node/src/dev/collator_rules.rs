// SPDX-License-Identifier: GPL-3.0-only

//! Rules of upstream's slot-based collator that the development chain's collator repeats.
//!
//! Upstream implements them in private functions. `COMPARED` lists these, with the versions that were compared.
//! Two rules are elsewhere: `conveyor_primitives::plan` decides how many blocks are built on which core and when;
//! `SimulatedRelay::window` decides which relay parents are too old.
//!
//! A test in this file fails for other versions. The tests in `node/tests/dev/collators.rs` run both collators
//! and compare their blocks.

use super::relay::{Error, RELAY_SLOT_ON_CHAIN_MS};
use conveyor_runtime::opaque::{Hash, Header};
use cumulus_primitives_core::{
	relay_chain, rpsr_digest::extract_relay_parent_storage_root, CumulusDigestItem,
};
use sp_consensus_aura::{Slot, SlotDuration};
use sp_runtime::{traits::Header as _, DigestItem};
use sp_timestamp::Timestamp;

/// Maximum part of the PoV that a block may fill, in percent.
const POV_PERCENTAGE: usize = 85;

/// Returns the maximum size of a block, in bytes, for a PoV of at most `max_pov_size` bytes.
pub(crate) fn max_block_size(max_pov_size: u32) -> usize {
	max_pov_size as usize * POV_PERCENTAGE / 100
}

/// Returns the depth in the relay parent's claim queue at which the parachain's cores are found. 0 is the relay
/// block after the relay parent.
pub(crate) fn claim_queue_offset(relay_parent_offset: u32, max_claim_queue_offset: u8) -> u32 {
	relay_parent_offset + u32::from(max_claim_queue_offset)
}

/// Returns the para slot in which `relay_slot` starts, and the start time of that para slot.
pub(crate) fn para_slot(
	relay_slot: Slot,
	duration: SlotDuration,
) -> Result<(Slot, Timestamp), Error> {
	let relay_time = relay_slot
		.timestamp(SlotDuration::from_millis(RELAY_SLOT_ON_CHAIN_MS))
		.ok_or("the relay slot is beyond the end of time")?;
	if duration.as_millis() == 0 {
		return Err("the runtime's slot duration is 0 ms; set it to a multiple of 6,000".into());
	}
	let slot = Slot::from_timestamp(relay_time, duration);
	let timestamp = slot.timestamp(duration).ok_or("the para slot is beyond the end of time")?;
	Ok((slot, timestamp))
}

/// Returns whether `header` was built on that relay parent, so that no second block may be.
pub(crate) fn built_on(header: &Header, relay_parent: &relay_chain::Header) -> bool {
	extract_relay_parent_storage_root(header.digest())
		.is_some_and(|seen| seen == (relay_parent.state_root, relay_parent.number))
}

/// Returns whether the runtime is asked for admission of a block on `parent`. If `parent` is included the segment
/// is empty, and it is not asked.
pub(crate) fn asks_for_admission(parent: Hash, included: Hash) -> bool {
	parent != included
}

/// Returns whether `header` ends its bundle before all planned blocks are built.
pub(crate) fn ends_bundle_early(header: &Header) -> bool {
	let updates = |item: &DigestItem| matches!(item, DigestItem::RuntimeEnvironmentUpdated);
	CumulusDigestItem::contains_use_full_core(header.digest())
		|| header.digest().logs.iter().any(updates)
}

/// Access to the parachain's blocks in a database.
pub(crate) trait Blocks {
	/// Error of a read.
	type Error;

	/// Returns the header of a known block.
	fn header(&self, hash: Hash) -> Result<Header, Self::Error>;

	/// Returns the children of a block.
	fn children(&self, hash: Hash) -> Result<Vec<Hash>, Self::Error>;
}

/// Returns the block to build on.
///
/// It depends only on the state of the relay parent and on the own database: a collator does not know which
/// candidates wait, missed an attempt or are lost.
///
/// - `included`: the included block, as of the relay parent.
/// - `newest`: the newest block that is backed or included, as of the relay parent.
/// - `window`: state roots of the relay blocks, up to the relay parent, on which a block must be built to be
///   backed in time.
///
/// Returns the highest descendant of `newest` whose ancestors down to `newest` are all in the window. If it does
/// not end its core's bundle, returns its highest ancestor that does, because the rest was never proposed.
pub(crate) fn to_build_on<B: Blocks>(
	blocks: &B,
	included: &Header,
	newest: Header,
	window: &[relay_chain::Hash],
) -> Result<Header, B::Error> {
	let mut frontier = blocks.children(newest.hash())?;
	let mut highest = newest;
	while let Some(hash) = frontier.pop() {
		let header = blocks.header(hash)?;
		let has_a_chance = extract_relay_parent_storage_root(header.digest())
			.is_some_and(|(root, _)| window.contains(&root));
		if !has_a_chance {
			continue;
		}
		frontier.extend(blocks.children(hash)?);
		if header.number > highest.number {
			highest = header;
		}
	}

	let mut parent = highest;
	while parent.number > included.number
		&& !CumulusDigestItem::is_last_block_in_core(parent.digest()).unwrap_or(true)
	{
		parent = blocks.header(*parent.parent_hash())?;
	}
	Ok(parent)
}

/// Upstream's functions whose rules are repeated: crate, version, path.
#[cfg(test)]
const COMPARED: [(&str, &str, &[&str]); 2] = [
	(
		"cumulus-client-consensus-aura",
		"0.36.0",
		&[
			"collators/slot_based/block_builder_task.rs: `run_block_builder`, \
			 `derive_building_prerequisites`, `derive_relay_context`, `scheduling_params_at`, \
			 `build_collation_for_core`, `is_built_on_relay_parent`, \
			 `adjust_para_to_relay_parent_slot`, `offset_relay_parent_find_descendants`, \
			 `determine_cores`, `Cores`, `SlotHandoverAdjustment`, `BlockProductionSchedule`",
			"collators/slot_based/collation_task.rs: `handle_collation_message`",
			"collators/slot_based/slot_timer.rs: `SlotTime`",
			"collators/mod.rs: `find_parent`, `can_build_upon`, `claim_slot`",
		],
	),
	(
		"cumulus-client-consensus-common",
		"0.36.0",
		&["parent_search.rs: `find_parent_for_building`, `find_deepest_valid_parent`, \
			 `build_relay_parent_ancestry`, `is_relay_parent_in_ancestry`"],
	),
];

#[cfg(test)]
mod tests {
	use super::*;
	use cumulus_primitives_core::rpsr_digest::relay_parent_storage_root_item;
	use cumulus_primitives_core::BlockBundleInfo;
	use sp_runtime::Digest;
	use std::convert::Infallible;

	/// Returns the versions of a package in `Cargo.lock`.
	fn locked(name: &str) -> Vec<&'static str> {
		let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
		let package = format!("name = \"{name}\"");
		let mut lines = lock.lines();
		let mut versions = Vec::new();
		while lines.any(|line| line == package) {
			let version = lines.next().and_then(|line| line.strip_prefix("version = \""));
			versions.extend(version.and_then(|version| version.strip_suffix('"')));
		}
		versions
	}

	#[test]
	fn the_rules_were_compared_with_the_versions_in_use() {
		for (name, version, functions) in COMPARED {
			assert_eq!(
				locked(name),
				[version],
				"the own collator repeats rules of {name} {version}, and Cargo.lock (left) has another \
				 version. Compare with node/src/dev/collator_rules.rs, author.rs and primitives/src/plan.rs:\n  {}\n\
				 Then name the new version in `COMPARED`, and run node/tests/dev/collators.rs",
				functions.join("\n  "),
			);
		}
	}

	/// Blocks in memory.
	#[derive(Default)]
	struct Tree(Vec<Header>);

	impl Blocks for Tree {
		type Error = Infallible;

		fn header(&self, hash: Hash) -> Result<Header, Infallible> {
			Ok(self.0.iter().find(|header| header.hash() == hash).expect("it is known").clone())
		}

		fn children(&self, hash: Hash) -> Result<Vec<Hash>, Infallible> {
			let children = self.0.iter().filter(|header| header.parent_hash == hash);
			Ok(children.map(|header| header.hash()).collect())
		}
	}

	fn root(relay_number: u8) -> relay_chain::Hash {
		relay_chain::Hash::repeat_byte(relay_number)
	}

	impl Tree {
		fn genesis() -> (Self, Header) {
			let genesis = Header::new(
				0,
				Default::default(),
				Default::default(),
				Default::default(),
				Digest::default(),
			);
			(Self(vec![genesis.clone()]), genesis)
		}

		/// Adds a block on `parent`, built on relay block `relay_number`.
		fn add(&mut self, parent: &Header, relay_number: u8, ends_bundle: bool) -> Header {
			let bundle = BlockBundleInfo { index: 0, is_last: ends_bundle };
			let digest = Digest {
				logs: vec![
					CumulusDigestItem::BlockBundleInfo(bundle).to_digest_item(),
					relay_parent_storage_root_item(root(relay_number), u32::from(relay_number)),
				],
			};
			let header = Header::new(
				parent.number + 1,
				Default::default(),
				Default::default(),
				parent.hash(),
				digest,
			);
			self.0.push(header.clone());
			header
		}

		fn find(&self, included: &Header, newest: &Header, window: &[u8]) -> Header {
			let window = window.iter().map(|number| root(*number)).collect::<Vec<_>>();
			let Ok(found) = to_build_on(self, included, newest.clone(), &window);
			found
		}
	}

	#[test]
	fn para_slots_follow_relay_slots() {
		let at = |relay_slot: u64, ms| {
			let (slot, time) = para_slot(relay_slot.into(), SlotDuration::from_millis(ms)).unwrap();
			(*slot, time.as_millis())
		};
		assert_eq!(at(10, 6_000), (10, 60_000));
		assert_eq!(at(10, 2_000), (30, 60_000));
		assert_eq!(at(11, 24_000), (2, 48_000));
		assert!(para_slot(10.into(), SlotDuration::from_millis(0)).is_err());
		assert!(para_slot(u64::MAX.into(), SlotDuration::from_millis(6_000)).is_err());
	}

	#[test]
	fn the_highest_block_in_the_window_is_built_on() {
		let (mut tree, genesis) = Tree::genesis();
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), genesis);
		let first = tree.add(&genesis, 1, true);
		let second = tree.add(&first, 2, true);
		let third = tree.add(&second, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), third);
		// Descendants of a block outside the window are outside, too.
		assert_eq!(tree.find(&genesis, &genesis, &[2, 3]), genesis);
		// Backed blocks need no window.
		assert_eq!(tree.find(&genesis, &first, &[2, 3]), third);
		assert_eq!(tree.find(&first, &first, &[4]), first);
	}

	#[test]
	fn blocks_on_an_abandoned_relay_block_are_not_built_on() {
		let (mut tree, genesis) = Tree::genesis();
		let first = tree.add(&genesis, 1, true);
		let on_the_fork = tree.add(&first, 12, true);
		tree.add(&on_the_fork, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), first);
		let second = tree.add(&first, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), second);
	}

	#[test]
	fn an_abandoned_bundle_is_not_built_on() {
		let (mut tree, genesis) = Tree::genesis();
		let end = tree.add(&genesis, 1, true);
		let begun = tree.add(&end, 2, false);
		let middle = tree.add(&begun, 2, false);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2]), end);
		let last = tree.add(&middle, 2, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2]), last);
		// Never below the included block, whatever its digest contains.
		assert_eq!(tree.find(&middle, &middle, &[]), middle);
	}
}
