// SPDX-License-Identifier: Apache-2.0

//! Replaces `genesis_config_presets.rs` in the variant `sdk-hook`. The runtime's presets contain limits, which this
//! variant does not have. Its users remove them from a preset of the runtime.

use alloc::vec::Vec;
use sp_genesis_builder::PresetId;

/// Returns `None`: there are no presets.
pub fn get_preset(_: &PresetId) -> Option<Vec<u8>> {
	None
}

/// Returns an empty list: there are no presets.
pub fn preset_names() -> Vec<PresetId> {
	Vec::new()
}
