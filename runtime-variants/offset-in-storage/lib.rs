// SPDX-License-Identifier: Apache-2.0

//! A variant of the runtime, as Wasm.
//!
//! The crate has the constants that the runtime itself has: `WASM_BINARY`, `WASM_BINARY_BLOATY` and
//! `WASM_BINARY_PATH`. All are `None` if the build of the Wasm was skipped.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

// In the Wasm, this crate is nothing but the runtime.
#[cfg(not(feature = "std"))]
extern crate conveyor_runtime as _;
