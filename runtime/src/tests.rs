// SPDX-License-Identifier: Apache-2.0

//! Tests of the runtime's configuration. The pallets have their own tests.

use crate::{genesis_config_presets, RuntimeGenesisConfig};
use codec::Compact;
use cumulus_primitives_core::{
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector, CumulusDigestItem,
};
use frame_support::genesis_builder_helper::{build_state, get_preset};
use serde_json::{json, Value};
use sp_io::TestExternalities;
use sp_runtime::DigestItem;

mod apis;
mod blocks;
mod genesis;
mod metadata;
mod weights;

/// Merges a patch into a chain spec (RFC 7386). Patches that remove fields are not supported.
fn merge(target: &mut Value, patch: Value) {
	let Value::Object(patch) = patch else {
		*target = patch;
		return;
	};
	if !target.is_object() {
		*target = json!({});
	}
	for (key, value) in patch {
		merge(&mut target[key], value);
	}
}

/// Returns the complete genesis config of a preset.
fn genesis_config(preset: &str) -> Value {
	let get = |id: Option<&str>| -> Value {
		let id = id.map(Into::into);
		let json = get_preset::<RuntimeGenesisConfig>(&id, genesis_config_presets::get_preset)
			.expect("the preset exists");
		serde_json::from_slice(&json).expect("a preset is JSON")
	};
	let mut config = get(None);
	merge(&mut config, get(Some(preset)));
	config
}

/// Returns the state at genesis.
fn chain(config: Value) -> TestExternalities {
	let mut ext = TestExternalities::new_empty();
	let built = ext.execute_with(|| build_state::<RuntimeGenesisConfig>(config.to_string().into()));
	assert_eq!(built, Ok(()));
	ext
}

/// Returns the digest items for a block on core 0 of `cores`.
fn position(cores: u16, index: u8, is_last: bool) -> Vec<DigestItem> {
	vec![
		CumulusDigestItem::CoreInfo(CoreInfo {
			selector: CoreSelector(0),
			claim_queue_offset: ClaimQueueOffset(0),
			number_of_cores: Compact(cores),
		})
		.to_digest_item(),
		CumulusDigestItem::BlockBundleInfo(BlockBundleInfo { index, is_last }).to_digest_item(),
	]
}
