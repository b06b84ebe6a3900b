// SPDX-License-Identifier: Apache-2.0

//! Builds the variant as Wasm.

#[cfg(feature = "std")]
fn main() {
	let quick = true; // Its speed does not matter.
	conveyor_runtime_builder::build_variant(quick);
}

#[cfg(not(feature = "std"))]
fn main() {}
