// SPDX-License-Identifier: Apache-2.0

//! Inclusion progress: the newest included block, derived from the relay chain's state proof and from
//! parachain-system's segment.

/// Latest included head in the relay chain's state proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IncludedHead {
	/// The proof contains no head.
	Missing,
	/// The head does not decode as a header of this chain.
	Invalid,
	/// The head is a header.
	Block {
		/// Block number.
		number: u32,
	},
}

/// Newest included block, compared with the one known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
	/// No newer block is included.
	None,
	/// Blocks up to this number are included.
	UpTo(u32),
	/// Blocks up to this number are included if its hash is that of the included head.
	UpToIfSameHash(u32),
}

/// Returns the inclusion progress that a block sees.
///
/// - `included`: newest block that was known as included.
/// - `parent`: number of the block's parent.
/// - `dropped_to`: newest block that parachain-system dropped from its segment in this block, if any. It
///   drops blocks up to the one whose hash is the included head's, so the head is an ancestor.
/// - `head`: latest included head.
///
/// Without `dropped_to`, a head above `included` is either an ancestor that is missing from
/// parachain-system's segment, or a block of a fork. The hash decides.
pub(crate) fn inclusion_progress(
	included: u32,
	parent: u32,
	dropped_to: Option<u32>,
	head: IncludedHead,
) -> Progress {
	let is_unincluded = |number: u32| included < number && number <= parent;
	match (dropped_to, head) {
		// A consensus hook that expects an included parent drops all blocks without a head.
		(Some(number), IncludedHead::Missing) if is_unincluded(number) => Progress::UpTo(number),
		(Some(last), IncludedHead::Block { number }) if last == number && is_unincluded(number) => {
			Progress::UpTo(number)
		},
		(_, IncludedHead::Block { number }) if is_unincluded(number) => {
			Progress::UpToIfSameHash(number)
		},
		_ => Progress::None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn progress_follows_from_the_proof_alone() {
		let block = |number| IncludedHead::Block { number };
		// parachain-system dropped up to the head's number.
		assert_eq!(inclusion_progress(3, 9, Some(5), block(5)), Progress::UpTo(5));
		assert_eq!(inclusion_progress(3, 9, Some(9), block(9)), Progress::UpTo(9));
		assert_eq!(inclusion_progress(3, 9, Some(9), IncludedHead::Missing), Progress::UpTo(9));
		// The numbers differ, or nothing was dropped: the hash decides.
		assert_eq!(inclusion_progress(3, 9, Some(6), block(5)), Progress::UpToIfSameHash(5));
		assert_eq!(inclusion_progress(3, 9, None, block(5)), Progress::UpToIfSameHash(5));
		// A known head, a head above the parent, or no head.
		assert_eq!(inclusion_progress(3, 9, None, block(3)), Progress::None);
		assert_eq!(inclusion_progress(3, 9, Some(3), block(3)), Progress::None);
		assert_eq!(inclusion_progress(3, 9, None, block(10)), Progress::None);
		assert_eq!(inclusion_progress(3, 9, Some(12), block(12)), Progress::None);
		assert_eq!(inclusion_progress(3, 9, None, IncludedHead::Missing), Progress::None);
		assert_eq!(inclusion_progress(3, 9, Some(5), IncludedHead::Invalid), Progress::None);
	}

	proptest! {
		#[test]
		fn progress_is_above_the_known_block_and_not_above_the_parent(
			included in 0..50u32, parent in 0..50u32, dropped_to in proptest::option::of(0..60u32),
			head in prop_oneof![
				Just(IncludedHead::Missing),
				Just(IncludedHead::Invalid),
				(0..60u32).prop_map(|number| IncludedHead::Block { number }),
			],
		) {
			match inclusion_progress(included, parent, dropped_to, head) {
				Progress::None => (),
				Progress::UpTo(number) => {
					prop_assert!(included < number && number <= parent);
					prop_assert_eq!(dropped_to, Some(number));
				},
				Progress::UpToIfSameHash(number) => {
					prop_assert!(included < number && number <= parent);
					prop_assert_eq!(head, IncludedHead::Block { number });
				},
			}
		}
	}
}
