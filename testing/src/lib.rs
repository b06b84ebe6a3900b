// SPDX-License-Identifier: GPL-3.0-only

//! A chain in memory that runs on a runtime's Wasm, for tests and benchmarks.
//!
//! - [`state`]: a chain's state, and calls into the Wasm on it.
//! - [`candidate`]: blocks built by the Wasm as a collator builds them, and their validation by the
//!   same Wasm as a validator validates them.
//! - [`inbound`]: messages that a relay chain holds for the chain.
//! - [`transaction`]: signed transactions.
//!
//! Nothing here is part of a node. What goes wrong panics, and says why.

pub mod candidate;
pub mod inbound;
pub mod state;
pub mod transaction;

pub use candidate::{Builder, RelayContext};
pub use inbound::Inbound;
pub use state::{Code, Execution, State};
