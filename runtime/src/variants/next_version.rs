// SPDX-License-Identifier: Apache-2.0

//! Replaces `version.rs` in the variant `test`.

use crate::apis::RUNTIME_API_VERSIONS;
use alloc::borrow::Cow;
use sp_version::RuntimeVersion;

/// The runtime's version with a higher `spec_version`.
///
/// Written out, because the macro for the Wasm's custom section reads the source and not the value.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("conveyor"),
	impl_name: Cow::Borrowed("conveyor"),
	authoring_version: 1,
	spec_version: 101,
	impl_version: 0,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};
