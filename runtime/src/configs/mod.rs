// SPDX-License-Identifier: Apache-2.0

//! How the pallets are configured, one file per role.
//!
//! - [`system`]: what a block may weigh and measure.
//! - [`consensus`]: who builds a block, and on what.
//! - [`pace`]: how fast.
//! - [`tokens`]: balances and fees.
//! - [`governance`]: who may change the rest.
//! - [`messages`]: the queues between chains.
//! - [`xcm`]: what a message from another chain may do here.
//!
//! `variant` is compiled into no chain: see there.

pub mod consensus;
pub mod governance;
pub mod messages;
#[cfg(not(feature = "variant-sdk-hook"))]
pub mod pace;
pub mod system;
pub mod tokens;
#[cfg(any(
	feature = "variant-next-version",
	feature = "variant-offset-in-storage",
	feature = "variant-sdk-hook"
))]
pub mod variant;
pub mod xcm;

#[cfg(feature = "variant-sdk-hook")]
pub use variant::sdk_hook as pace;
