// SPDX-License-Identifier: Apache-2.0

//! Replaces `block_executor.rs` in the variant `test`: only `validate_block` executes blocks with it,
//! so it can reject what collators and full nodes accept.

use super::{Block, Executive, Runtime, Switches};
use frame_support::traits::ExecuteBlock;
use sp_runtime::traits::Block as BlockT;

type LazyBlock = <Block as BlockT>::LazyBlock;
type Inner = cumulus_pallet_aura_ext::BlockExecutor<Runtime, Executive>;

/// Executes blocks as the runtime does, unless the switch `invalid_candidates` is on.
pub struct BlockExecutor;

impl ExecuteBlock<Block> for BlockExecutor {
	fn verify_and_remove_seal(block: &mut LazyBlock) {
		Inner::verify_and_remove_seal(block)
	}

	/// Executes the block.
	///
	/// # Panics
	///
	/// If the switch is on in the state before the block. It is part of every proof, because
	/// `on_initialize` of [`Switches`] reads it.
	fn execute_verified_block(block: LazyBlock) {
		assert!(
			!Switches::invalid_candidates(),
			"every candidate is invalid: the switch `invalid_candidates` is on",
		);
		Inner::execute_verified_block(block)
	}
}
