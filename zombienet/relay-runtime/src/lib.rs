// SPDX-License-Identifier: GPL-3.0-only

//! Carries westend's runtime into a Wasm file. Native builds of this crate are empty.

#![cfg_attr(substrate_runtime, no_std)]

#[cfg(substrate_runtime)]
extern crate westend_runtime;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
