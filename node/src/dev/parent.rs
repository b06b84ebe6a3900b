// SPDX-License-Identifier: GPL-3.0-only

//! Which block a collator builds on.
//!
//! It knows no more than the state of the relay parent and its own database, as
//! `find_parent_for_building` of `cumulus-client-consensus-common` and `find_parent` of the slot-based
//! collator: which candidates wait, missed their chances or are lost, nobody tells it.

use conveyor_runtime::opaque::{Hash, Header};
use cumulus_primitives_core::{relay_chain, rpsr_digest, CumulusDigestItem};
use sp_runtime::traits::Header as _;

/// The parachain's blocks, as they are in a database.
pub(crate) trait Blocks {
	/// Why they cannot be read.
	type Error;

	/// The header of a block that is known.
	fn header(&self, hash: Hash) -> Result<Header, Self::Error>;

	/// The blocks that build on a block.
	fn children(&self, hash: Hash) -> Result<Vec<Hash>, Self::Error>;
}

/// The block to build on.
///
/// - `included`: the included block, as of the relay parent.
/// - `newest`: the newest block that is backed or included, as of the relay parent.
/// - `window`: the state roots of the relay blocks, the relay parent last, that a block must be built
///   on to have a chance of still being included.
///
/// That is the highest block on top of `newest` whose ancestors down to it are all in the window,
/// and, if that one does not end its core's bundle, the highest of its ancestors that does: what is
/// on top of it was never proposed.
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
		let has_a_chance = rpsr_digest::extract_relay_parent_storage_root(header.digest())
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

#[cfg(test)]
mod tests {
	use super::*;
	use cumulus_primitives_core::BlockBundleInfo;
	use rpsr_digest::relay_parent_storage_root_item;
	use sp_runtime::Digest;
	use std::convert::Infallible;

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

		/// A block on `parent`, built on relay block `relay_number`.
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
	fn the_highest_block_in_the_window_is_built_on() {
		let (mut tree, genesis) = Tree::genesis();
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), genesis);
		let first = tree.add(&genesis, 1, true);
		let second = tree.add(&first, 2, true);
		let third = tree.add(&second, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), third);
		// Whatever builds on a block outside the window is outside, too.
		assert_eq!(tree.find(&genesis, &genesis, &[2, 3]), genesis);
		// What is backed needs no window.
		assert_eq!(tree.find(&genesis, &first, &[2, 3]), third);
		assert_eq!(tree.find(&first, &first, &[4]), first);
	}

	#[test]
	fn blocks_on_an_abandoned_relay_block_are_left_behind() {
		let (mut tree, genesis) = Tree::genesis();
		let first = tree.add(&genesis, 1, true);
		let on_the_fork = tree.add(&first, 12, true);
		tree.add(&on_the_fork, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), first);
		let second = tree.add(&first, 3, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2, 3]), second);
	}

	#[test]
	fn a_bundle_that_was_given_up_is_not_built_on() {
		let (mut tree, genesis) = Tree::genesis();
		let end = tree.add(&genesis, 1, true);
		let begun = tree.add(&end, 2, false);
		let middle = tree.add(&begun, 2, false);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2]), end);
		let last = tree.add(&middle, 2, true);
		assert_eq!(tree.find(&genesis, &genesis, &[1, 2]), last);
		// Not beyond what is included, whatever its digest says.
		assert_eq!(tree.find(&middle, &middle, &[]), middle);
	}
}
