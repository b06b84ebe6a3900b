// SPDX-License-Identifier: Apache-2.0

//! Builds the variant as Wasm.

#[cfg(feature = "std")]
fn main() {
	let quick = false; // It is measured.
	conveyor_runtime_builder::build_variant(quick);
}

#[cfg(not(feature = "std"))]
fn main() {}
