// SPDX-License-Identifier: Apache-2.0

//! The runtime's version.

use crate::apis::RUNTIME_API_VERSIONS;
use alloc::borrow::Cow;
use sp_version::RuntimeVersion;

/// Version of the runtime.
///
/// With `system_version` 1, values of more than 32 bytes are stored outside the trie nodes: a proof that passes such a
/// value without reading it contains only its hash, which makes PoVs smaller.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("conveyor"),
	impl_name: Cow::Borrowed("conveyor"),
	authoring_version: 1,
	spec_version: 100,
	impl_version: 0,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};
