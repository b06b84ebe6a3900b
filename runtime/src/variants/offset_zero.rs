// SPDX-License-Identifier: Apache-2.0

//! Replaces `relay_parent_offset.rs` in the variant `offset-zero`.

use frame_support::traits::ConstU32;

/// Number of relay blocks between a block's relay parent and the relay chain's tip.
pub const RELAY_PARENT_OFFSET: u32 = 0;

/// [`RELAY_PARENT_OFFSET`] as a type, for the configuration of pallets.
pub type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
