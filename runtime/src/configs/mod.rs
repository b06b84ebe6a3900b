// SPDX-License-Identifier: Apache-2.0

//! How the pallets are configured, one file per role.
//!
//! - [`system`]: what a block may weigh and measure.
//! - [`consensus`]: authoring, parachain-system, sessions and collators.
//! - [`rate`]: limits and target block rate.
//! - [`tokens`]: balances and fees.
//! - [`governance`]: who may change the rest.
//! - [`delivery_fees`]: fees for messages to other chains.
//! - [`messages`]: the queues between chains.
//! - [`xcm`]: what a message from another chain may do here.

pub mod consensus;
pub mod delivery_fees;
pub mod governance;
pub mod messages;
#[cfg_attr(feature = "variant-sdk-hook", path = "../variants/sdk_hook.rs")]
pub mod rate;
pub mod system;
pub mod tokens;
pub mod xcm;
