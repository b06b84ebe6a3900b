// SPDX-License-Identifier: Apache-2.0

//! What `substrate-wasm-builder` is told through the environment of the build script that calls it,
//! unless whoever builds has set it already.

/// Where the workspace is, from the folder of the crate that is built: `workspace`. And that the
/// Wasm of our own profile is a release.
///
/// - The versions of the Wasm build are pinned by the workspace's `Cargo.lock`, which the builder
///   looks for in the directories above the target directory. Ours lies outside the checkout, so it
///   would find none and resolve every version anew.
/// - The builder knows only the profiles that the SDK has, and would say with every build that it
///   takes our own one, `local`, for a release.
pub(crate) fn prepare(workspace: &str) {
	// Asked while this runs, not while it is compiled: clones share the target directory, and the
	// program that another clone has compiled may be taken for this one's.
	if let Ok(manifest) = std::env::var("CARGO_MANIFEST_DIR") {
		set_default("WASM_BUILD_WORKSPACE_HINT", &format!("{manifest}/{workspace}"));
	}
	if profile_directory().is_some_and(|directory| directory.ends_with("local")) {
		set_default("WASM_BUILD_TYPE", "release");
	}
}

/// Where everything of the current profile is built: `OUT_DIR` is
/// `<profile>/build/<crate and hash>/out`.
pub(crate) fn profile_directory() -> Option<std::path::PathBuf> {
	let out_dir = std::env::var_os("OUT_DIR")?;
	std::path::Path::new(&out_dir).ancestors().nth(3).map(Into::into)
}

/// Set an environment variable of this process that is not set yet.
pub(crate) fn set_default(variable: &str, value: &str) {
	println!("cargo:rerun-if-env-changed={variable}");
	if std::env::var_os(variable).is_none() {
		std::env::set_var(variable, value);
	}
}
