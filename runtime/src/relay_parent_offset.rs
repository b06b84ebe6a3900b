// SPDX-License-Identifier: Apache-2.0

//! The relay parent offset.

use frame_support::traits::ConstU32;

/// Number of relay blocks between a block's relay parent and the relay chain's tip.
///
/// With an offset of 1, most reorganizations of the relay chain do not affect the parachain. The cost: messages from the
/// relay chain arrive one relay block later.
///
/// The offset must be a constant: `validate_block` reads it before it sets up the state, so a value in storage makes every
/// candidate invalid.
pub const RELAY_PARENT_OFFSET: u32 = 1;

/// [`RELAY_PARENT_OFFSET`] as a type, for the configuration of pallets.
pub type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
