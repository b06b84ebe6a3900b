// SPDX-License-Identifier: Apache-2.0

//! The Wasm builds. `substrate-wasm-builder` takes its settings from the environment of the build
//! script that calls it. Settings that the environment has already are not changed.

use crate::{declare_variants, VARIABLE};
use std::{env, path::PathBuf};
use substrate_wasm_builder::WasmBuilder;

/// Prefix of the names of the variants' crates.
const PREFIX: &str = "conveyor-runtime-";

/// Profiles of our `Cargo.toml` that the Wasm builder does not know.
const OUR_PROFILES: [&str; 2] = ["bench-host", "local"];

/// Builds the Wasm that chains run. For the build script of the runtime.
pub fn build_runtime() {
	declare_variants();
	prepare("..");
	// It is never a variant, whatever the environment says.
	env::remove_var(VARIABLE);
	WasmBuilder::build_using_defaults();
}

/// Builds the variant that the calling crate is named after. `quick` skips the optimisation while
/// linking.
///
/// `SKIP_<NAME OF THE CRATE>_WASM_BUILD=1` skips the Wasm. Whatever needs it then fails.
///
/// # Panics
///
/// If the crate is not named `conveyor-runtime-<variant>`.
pub fn build_variant(quick: bool) {
	prepare("../..");
	if let Some(profile) = profile_directory() {
		// The builder puts the runtime's dependencies here. The variants have the same dependencies
		// and use the compiled ones.
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

/// Names the workspace to the builder, by its path from the folder of the crate that is built, and
/// names the Wasm of our profiles `local` and `bench-host` a release.
///
/// - The versions of the Wasm build are pinned by the workspace's `Cargo.lock`, which the builder
///   looks for in the directories above the target directory. Ours lies outside the checkout, so it
///   would find none and resolve every version anew.
/// - The builder knows only the SDK's profiles. With another one it warns in every build that it builds
///   a release.
fn prepare(workspace: &str) {
	if let Ok(manifest) = env::var("CARGO_MANIFEST_DIR") {
		set_default("WASM_BUILD_WORKSPACE_HINT", &format!("{manifest}/{workspace}"));
	}
	let is_ours = |directory: PathBuf| OUR_PROFILES.iter().any(|name| directory.ends_with(name));
	if profile_directory().is_some_and(is_ours) {
		set_default("WASM_BUILD_TYPE", "release");
	}
}

/// Returns the directory that everything of the current profile is built in: `OUT_DIR` is
/// `<profile>/build/<crate and hash>/out`.
fn profile_directory() -> Option<PathBuf> {
	let out_dir = PathBuf::from(env::var_os("OUT_DIR")?);
	out_dir.ancestors().nth(3).map(Into::into)
}

/// Sets an environment variable of this process that is not set yet.
fn set_default(variable: &str, value: &str) {
	println!("cargo:rerun-if-env-changed={variable}");
	if env::var_os(variable).is_none() {
		env::set_var(variable, value);
	}
}
