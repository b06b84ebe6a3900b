// SPDX-License-Identifier: Apache-2.0

//! Builds this crate a second time, as the Wasm that the chain runs.

#[cfg(feature = "std")]
#[path = "build/environment.rs"]
mod environment;

#[cfg(feature = "std")]
fn main() {
	environment::prepare("..");
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}

#[cfg(not(feature = "std"))]
fn main() {}
