// SPDX-License-Identifier: Apache-2.0

//! A variant of the runtime, as Wasm.
//!
//! The crate has the runtime's constants `WASM_BINARY`, `WASM_BINARY_BLOATY` and `WASM_BINARY_PATH`. They are
//! `None` if the Wasm build was skipped.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

// In the Wasm build, this crate contains only the runtime.
#[cfg(not(feature = "std"))]
extern crate conveyor_runtime as _;
