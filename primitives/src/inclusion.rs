// SPDX-License-Identifier: Apache-2.0

//! Inclusion status of blocks, inclusion statistics, and notifications of inclusion.
//!
//! A parachain learns about inclusion from the relay chain's state proofs. The chain sees a block as
//! included in the first block whose relay parent has that block, or a descendant, as the parachain's
//! latest included head.

use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use sp_runtime::Weight;

/// Inclusion lag at which counting is capped, in relay blocks: longer lags are stored as this number.
pub const MAX_COUNTED_LAG: u32 = 14;

/// Inclusion status of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum InclusionStatus {
	/// The block is not included as of the latest block's relay parent.
	Unincluded {
		/// Relay blocks from the block's relay parent to the latest block's relay parent. `None` if
		/// the block was built before tracking started.
		age: Option<u32>,
	},
	/// The block is included.
	Included {
		/// Inclusion lag in relay blocks. `None` if the block is older than the pallet's inclusion
		/// window, or was built before tracking started.
		lag: Option<u32>,
		/// Whether the true lag may be longer than `lag`: lags of 14 relay blocks or more are stored
		/// as 14.
		capped: bool,
	},
}

impl InclusionStatus {
	/// Returns whether the block is included.
	pub fn is_included(&self) -> bool {
		matches!(self, Self::Included { .. })
	}
}

/// Reason why a block has no inclusion status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum NotTracked {
	/// Tracking starts with the next block.
	NotStarted,
	/// The block is older than the first tracked block. It was included when tracking started.
	Before {
		/// Number of the first tracked block.
		first_block: u32,
	},
	/// The block does not exist yet.
	After {
		/// Number of the latest block.
		latest: u32,
	},
}

impl fmt::Display for NotTracked {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NotStarted => {
				write!(f, "no block is tracked yet: tracking starts with the next block")
			},
			Self::Before { first_block } => {
				write!(
					f,
					"the block is not tracked: the first tracked block is number {first_block}"
				)
			},
			Self::After { latest } => {
				write!(f, "the block does not exist: the latest block is number {latest}")
			},
		}
	}
}

/// Number of included blocks with one inclusion lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct LagCount {
	/// Inclusion lag, in relay blocks.
	pub lag: u32,
	/// Whether the entry counts all lags of `lag` relay blocks or more.
	pub capped: bool,
	/// Number of blocks.
	pub blocks: u32,
}

/// Inclusion statistics since tracking started.
///
/// For statistics of a period, subtract the values at its first block from those at its last block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct InclusionStats {
	/// Number of the first tracked block.
	pub first_block: u32,
	/// Number of included blocks since then.
	pub included_blocks: u32,
	/// Number of included blocks without a known lag, because they were built before tracking
	/// started. The lag statistics do not contain them.
	pub blocks_with_unknown_lag: u32,
	/// Number of included blocks whose true lag may be shorter than the counted one, because the
	/// chain had no block on the previous relay block.
	pub blocks_with_uncertain_lag: u32,
	/// Relay blocks from the relay parent of the first tracked block to that of the latest block.
	pub relay_blocks: u32,
	/// Included blocks per 1,000 relay blocks, rounded down. `None` if `relay_blocks` is 0.
	pub blocks_per_1000_relay_blocks: Option<u64>,
	/// Sum of all lags, in relay blocks. The mean lag is
	/// `total_lag / (included_blocks - blocks_with_unknown_lag)`.
	pub total_lag: u64,
	/// Longest lag, in relay blocks. `None` if no lag is known.
	pub longest_lag: Option<u32>,
	/// Number of blocks per lag, ascending. Lags without blocks are left out.
	pub lags: Vec<LagCount>,
	/// Maximum number of blocks in `recent_lags`.
	pub window: u32,
	/// As `lags`, for the latest included blocks.
	pub recent_lags: Vec<LagCount>,
	/// Number of included blocks for which `OnIncluded` has not been called yet.
	pub pending_notifications: u32,
	/// Number of faults: tracking and parachain-system's segment were inconsistent.
	pub faults: u32,
}

/// Called once for every included block, in order.
///
/// A pallet that implements it stores work under the number of the current block, and does the work
/// when that number is included. A tuple of up to eight implementations is an implementation.
///
/// A block calls it for its own ancestors only. If that block is abandoned, its calls are undone with
/// it. Notifications that do not fit into the weight of one block are made in the next blocks.
pub trait OnIncluded {
	/// Returns the maximum weight of one call of [`Self::on_included`].
	///
	/// A block with less weight left makes no notification. An implementation with much work should
	/// store the number and do the work in later blocks.
	fn max_weight() -> Weight;

	/// Called when block `number` is included. Returns the weight used, at most [`Self::max_weight`].
	///
	/// Must not panic: a panic stalls the chain.
	fn on_included(number: u32) -> Weight;
}

#[impl_trait_for_tuples::impl_for_tuples(8)]
impl OnIncluded for Tuple {
	fn max_weight() -> Weight {
		let mut weight = Weight::zero();
		for_tuples!( #( weight = weight.saturating_add(Tuple::max_weight()); )* );
		weight
	}

	fn on_included(number: u32) -> Weight {
		let mut weight = Weight::zero();
		for_tuples!( #( weight = weight.saturating_add(Tuple::on_included(number)); )* );
		weight
	}
}

/// Provides the inclusion status of blocks to other pallets.
pub trait InclusionProvider {
	/// Returns the status of block `number`. `None` if the block was not tracked or does not exist
	/// yet. The current block is unincluded.
	fn inclusion_status(number: u32) -> Option<InclusionStatus>;
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{OldestUnincluded, UnincludedBlock};
	use core::cell::RefCell;

	#[test]
	fn not_tracked_names_the_limit() {
		assert_eq!(
			NotTracked::Before { first_block: 7 }.to_string(),
			"the block is not tracked: the first tracked block is number 7",
		);
		assert!(NotTracked::After { latest: 9 }.to_string().contains("number 9"));
		assert!(NotTracked::NotStarted.to_string().contains("next block"));
	}

	#[test]
	fn all_fields_of_api_results_have_names_and_docs() {
		use scale_info::{MetaType, PortableRegistry, Registry, TypeDef};
		let mut registry = Registry::new();
		registry.register_types([
			MetaType::new::<UnincludedBlock<[u8; 32]>>(),
			MetaType::new::<InclusionStatus>(),
			MetaType::new::<InclusionStats>(),
			MetaType::new::<OldestUnincluded>(),
			MetaType::new::<NotTracked>(),
		]);
		let mut seen = 0;
		for ty in PortableRegistry::from(registry).types {
			if ty.ty.path.namespace().first().map(|name| &name[..]) != Some("conveyor_primitives") {
				continue;
			}
			let fields = match ty.ty.type_def {
				TypeDef::Composite(composite) => composite.fields,
				TypeDef::Variant(variants) => {
					variants.variants.into_iter().flat_map(|variant| variant.fields).collect()
				},
				other => panic!("{other:?}"),
			};
			assert!(fields.iter().all(|field| field.name.is_some()), "{:?}", ty.ty.path);
			assert!(fields.iter().all(|field| !field.docs.is_empty()), "{:?}", ty.ty.path);
			seen += 1;
		}
		assert_eq!(seen, 9);
	}

	thread_local! {
		static CALLS: RefCell<Vec<(char, u32)>> = const { RefCell::new(Vec::new()) };
	}

	struct Listener<const NAME: char>;
	impl<const NAME: char> OnIncluded for Listener<NAME> {
		fn max_weight() -> Weight {
			Weight::from_parts(7, 3)
		}

		fn on_included(number: u32) -> Weight {
			CALLS.with_borrow_mut(|calls| calls.push((NAME, number)));
			Weight::from_parts(5, 2)
		}
	}

	#[test]
	fn a_tuple_calls_all_members_and_adds_their_weights() {
		type Both = (Listener<'a'>, Listener<'b'>);
		assert_eq!(Both::max_weight(), Weight::from_parts(14, 6));
		assert_eq!(Both::on_included(9), Weight::from_parts(10, 4));
		assert_eq!(CALLS.take(), [('a', 9), ('b', 9)]);
		assert_eq!(<() as OnIncluded>::max_weight(), Weight::zero());
	}
}
