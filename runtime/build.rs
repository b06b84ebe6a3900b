// SPDX-License-Identifier: Apache-2.0

//! Builds this crate a second time, as the Wasm that the chain runs. In the Wasm build of a variant it
//! selects the variant: see `src/variants/README.md`.

#[cfg(feature = "std")]
fn main() {
	conveyor_runtime_builder::build_runtime();
}

#[cfg(not(feature = "std"))]
fn main() {
	conveyor_runtime_builder::select_variant();
}
