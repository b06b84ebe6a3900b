// SPDX-License-Identifier: Apache-2.0

//! The relay parent offset.

use frame_support::traits::ConstU32;

/// Number of relay blocks between a block's relay parent and the relay chain's tip.
///
/// With an offset of 1, most forks of the relay chain do not affect the parachain. In return,
/// messages from the relay chain arrive one relay block later.
///
/// The offset must stay a constant: `validate_block` reads it before there is a state to read from,
/// so that a value in storage would make every candidate invalid.
pub const RELAY_PARENT_OFFSET: u32 = 1;

/// [`RELAY_PARENT_OFFSET`] as a type, for the configuration of pallets.
pub type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
