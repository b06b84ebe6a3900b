// SPDX-License-Identifier: Apache-2.0

//! Builds this crate a second time, as the Wasm that the chain runs.
//!
//! `substrate-wasm-builder` does it, and is told two things through the environment of this
//! process, unless whoever builds has set them already:
//!
//! - Where the workspace is. The versions of the second build are pinned by the workspace's
//!   `Cargo.lock`, which the builder looks for in the directories above the target directory. Ours
//!   lies outside the checkout, so it would find none and resolve every version anew.
//! - That the Wasm of our own profile, `local`, is a release. The builder knows only the profiles
//!   that the SDK has, and would say with every build that it takes this one for a release.

#[cfg(feature = "std")]
fn main() {
	// Asked while this runs, not while it is compiled: clones share the target directory, and the
	// program that another clone has compiled may be taken for this one's.
	if let Ok(manifest) = std::env::var("CARGO_MANIFEST_DIR") {
		set_default("WASM_BUILD_WORKSPACE_HINT", &format!("{manifest}/.."));
	}
	if is_local_profile() {
		set_default("WASM_BUILD_TYPE", "release");
	}
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}

#[cfg(not(feature = "std"))]
fn main() {}

#[cfg(feature = "std")]
fn set_default(variable: &str, value: &str) {
	println!("cargo:rerun-if-env-changed={variable}");
	if std::env::var_os(variable).is_none() {
		std::env::set_var(variable, value);
	}
}

/// Whether the profile is ours: `OUT_DIR` is `<profile>/build/<crate and hash>/out`.
#[cfg(feature = "std")]
fn is_local_profile() -> bool {
	let out_dir = std::env::var_os("OUT_DIR").unwrap_or_default();
	let profile = std::path::Path::new(&out_dir).ancestors().nth(3);
	profile.is_some_and(|directory| directory.ends_with("local"))
}
