// SPDX-License-Identifier: GPL-3.0-only

//! An in-memory chain on a runtime's Wasm, for tests and benchmarks.
//!
//! - [`state`]: a chain's state, and calls into the Wasm on it.
//! - [`candidate`]: blocks built by the Wasm as a collator builds them, and candidates validated by the
//!   Wasm as a validator validates them.
//! - [`inbound`]: messages from the relay chain.
//! - [`transaction`]: signed transactions.
//!
//! Nothing here is part of a node. Errors panic with a message.

pub mod candidate;
pub mod inbound;
pub mod state;
pub mod transaction;

pub use candidate::{Builder, RelayContext};
pub use inbound::Inbound;
pub use state::{Code, Execution, State};
