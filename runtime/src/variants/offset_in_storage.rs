// SPDX-License-Identifier: Apache-2.0

//! Replaces `relay_parent_offset.rs` in the variant `offset-in-storage`.

/// Initial value of the offset: that of the runtime.
pub const RELAY_PARENT_OFFSET: u32 = 1;

frame_support::parameter_types! {
	/// The offset, in storage.
	pub storage RelayParentOffset: u32 = RELAY_PARENT_OFFSET;
}
