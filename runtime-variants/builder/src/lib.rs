// SPDX-License-Identifier: Apache-2.0

//! Builds the runtime and its variants as Wasm. Used by the build scripts of these crates.
//!
//! A build script must not include files outside its package, so this is a crate. Clones of the repository
//! share a target directory, and cargo records such files by absolute path: it would run the build script of
//! another clone, even an older one.

#[cfg(feature = "wasm")]
mod wasm;

#[cfg(feature = "wasm")]
pub use wasm::{build_runtime, build_variant};

/// Environment variable with the variant's name in the Wasm build of a variant.
const VARIABLE: &str = "CONVEYOR_RUNTIME_VARIANT";

/// Names of all variants.
const VARIANTS: [&str; 4] = ["offset-in-storage", "offset-zero", "sdk-hook", "test"];

/// Makes the compiler of the calling crate accept the flags of all variants.
fn declare_variants() {
	let values = VARIANTS.map(|name| format!("\"variant-{name}\"")).join(", ");
	println!("cargo:rustc-check-cfg=cfg(feature, values({values}))");
}

/// Selects the variant to compile, if the environment names one. Called by the runtime's build script.
///
/// The flag is `--cfg feature="variant-<name>"`, only for the runtime's crate:
///
/// - It is not a feature in the manifest: features are additive, and `--all-features` must compile.
/// - It has the form of a feature, because `#[frame_support::runtime]` evaluates no other `cfg` of a pallet.
///   With another form the pallet would be missing in `AllPalletsWithSystem`, without an error.
/// - In the flags of the whole build it would make cargo compile all dependencies again for each variant.
///
/// # Panics
///
/// If the name is not in [`VARIANTS`].
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
