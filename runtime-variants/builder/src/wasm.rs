// SPDX-License-Identifier: Apache-2.0

//! The Wasm builds. `substrate-wasm-builder` takes its settings from the environment of the build script.
//! Settings that already exist are not changed.

use crate::{declare_variants, VARIABLE};
use std::{env, path::PathBuf};
use substrate_wasm_builder::WasmBuilder;

/// Prefix of the variants' crate names.
const PREFIX: &str = "conveyor-runtime-";

/// Profiles of the workspace that the Wasm builder does not know.
const OUR_PROFILES: [&str; 2] = ["bench-host", "local"];

/// Builds the runtime without a variant. Called by the runtime's build script.
pub fn build_runtime() {
	declare_variants();
	prepare("..");
	// Never a variant, whatever the environment contains.
	env::remove_var(VARIABLE);
	WasmBuilder::build_using_defaults();
}

/// Builds the variant with the name of the calling crate. `quick` skips optimization when linking.
///
/// `SKIP_<NAME OF THE CRATE>_WASM_BUILD=1` skips the build. Users of the Wasm then fail.
///
/// # Panics
///
/// If the crate is not named `conveyor-runtime-<variant>`.
pub fn build_variant(quick: bool) {
	prepare("../..");
	if let Some(profile) = profile_directory() {
		// The builder compiles the runtime's dependencies here. The variants share them.
		let shared = profile.join("wbuild/conveyor-runtime/target");
		set_default("CARGO_BUILD_BUILD_DIR", &shared.to_string_lossy());
	}
	let package = env::var("CARGO_PKG_NAME").expect("cargo sets it");
	let name = package.strip_prefix(PREFIX).expect("all variants have the prefix");
	env::set_var(VARIABLE, name);
	if quick {
		let setting = format!("--config profile.release.package.{package}-blob.opt-level=0");
		set_default("WASM_BUILD_CARGO_ARGS", &setting);
	}
	WasmBuilder::init_with_defaults().enable_feature("variant").build();
}

/// Sets the path of the workspace for the builder, and maps the profiles `local` and `bench-host` to `release`.
///
/// - The workspace's `Cargo.lock` pins the versions of the Wasm build. The builder searches it above the
///   target directory, which lies outside the checkout. Without it, it would resolve every version again.
/// - The builder knows only the SDK's profiles. It would print a warning in every build with another one.
fn prepare(workspace: &str) {
	if let Ok(manifest) = env::var("CARGO_MANIFEST_DIR") {
		set_default("WASM_BUILD_WORKSPACE_HINT", &format!("{manifest}/{workspace}"));
	}
	let is_ours = |directory: PathBuf| OUR_PROFILES.iter().any(|name| directory.ends_with(name));
	if profile_directory().is_some_and(is_ours) {
		set_default("WASM_BUILD_TYPE", "release");
	}
}

/// Returns the directory of the current profile: `OUT_DIR` is `<profile>/build/<crate and hash>/out`.
fn profile_directory() -> Option<PathBuf> {
	let out_dir = PathBuf::from(env::var_os("OUT_DIR")?);
	out_dir.ancestors().nth(3).map(Into::into)
}

/// Sets an environment variable of this process unless it is set.
fn set_default(variable: &str, value: &str) {
	println!("cargo:rerun-if-env-changed={variable}");
	if env::var_os(variable).is_none() {
		env::set_var(variable, value);
	}
}
