// SPDX-License-Identifier: Apache-2.0

//! Builds the runtime and its variants as Wasm. For the build scripts of these crates.
//!
//! This is a crate, because a build script must not include files outside the folder of its package.
//! Clones of the repository share a target directory. Cargo records such files by their absolute path,
//! and would run the build script of another clone, even if that one is older.

#[cfg(feature = "wasm")]
mod wasm;

#[cfg(feature = "wasm")]
pub use wasm::{build_runtime, build_variant};

/// Name of the environment variable that holds the variant's name in the Wasm build of a variant.
const VARIABLE: &str = "CONVEYOR_RUNTIME_VARIANT";

/// Names of all variants.
const VARIANTS: [&str; 4] = ["offset-in-storage", "offset-zero", "sdk-hook", "test"];

/// Makes the compiler of the calling crate accept the flags of all variants.
fn declare_variants() {
	let values = VARIANTS.map(|name| format!("\"variant-{name}\"")).join(", ");
	println!("cargo:rustc-check-cfg=cfg(feature, values({values}))");
}

/// Selects the variant of the runtime that is compiled, if the environment names one. For the build
/// script of the runtime, when the runtime itself is compiled to Wasm.
///
/// The flag is `--cfg feature="variant-<name>"`, for the runtime's crate alone:
///
/// - It is no feature of the manifest: features are additive, and `--all-features` must compile.
/// - It looks like one, because `#[frame_support::runtime]` evaluates no other `cfg` of a pallet. With
///   any other, the pallet would be missing from `AllPalletsWithSystem`, without an error.
/// - In the flags of the whole build it would make cargo compile all dependencies again for each
///   variant.
///
/// # Panics
///
/// If there is no variant of that name.
pub fn select_variant() {
	declare_variants();
	println!("cargo:rerun-if-env-changed={VARIABLE}");
	let Ok(name) = std::env::var(VARIABLE) else { return };
	assert!(
		VARIANTS.contains(&name.as_str()),
		"{VARIABLE} is {name:?}, which is none of {VARIANTS:?}: unset it, or add the variant to \
		 runtime-variants/builder/src/lib.rs",
	);
	println!("cargo:rustc-cfg=feature=\"variant-{name}\"");
}
