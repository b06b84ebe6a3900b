// SPDX-License-Identifier: Apache-2.0

//! Builds a variant: the build script of all of them.
//!
//! `SKIP_<NAME OF THE CRATE>_WASM_BUILD=1` leaves its Wasm out. What needs it then fails.

#[cfg(feature = "std")]
#[path = "../runtime/build/environment.rs"]
mod environment;

#[cfg(feature = "std")]
fn main() {
	environment::prepare("../..");
	if let Some(profile) = environment::profile_directory() {
		// The dependencies are those of the runtime itself, and are compiled once for all of them:
		// this is where the builder puts the runtime's.
		let shared = profile.join("wbuild/conveyor-runtime/target");
		environment::set_default("CARGO_BUILD_BUILD_DIR", &shared.to_string_lossy());
	}
	if cfg!(feature = "quick") {
		let name = std::env::var("CARGO_PKG_NAME").expect("cargo sets it");
		let setting = format!("--config profile.release.package.{name}-blob.opt-level=0");
		environment::set_default("WASM_BUILD_CARGO_ARGS", &setting);
	}
	// The builder only looks at the files beside the manifest.
	println!("cargo:rerun-if-changed=../lib.rs");
	substrate_wasm_builder::WasmBuilder::init_with_defaults().enable_feature("variant").build();
}

#[cfg(not(feature = "std"))]
fn main() {}
