// SPDX-License-Identifier: Apache-2.0

//! Configuration of the pallets, one file per role.
//!
//! - [`system`]: block weight and block length.
//! - [`consensus`]: authoring, parachain-system, sessions and collators.
//! - [`rate`]: limits and target block rate.
//! - [`tokens`]: balances and fees.
//! - [`governance`]: the origin of privileged calls.
//! - [`delivery_fees`]: fees for messages to other chains.
//! - [`messages`]: message queues.
//! - [`xcm`]: rights of messages from other chains.

pub mod consensus;
pub mod delivery_fees;
pub mod governance;
pub mod messages;
#[cfg_attr(feature = "variant-sdk-hook", path = "../variants/sdk_hook.rs")]
pub mod rate;
pub mod system;
pub mod tokens;
pub mod xcm;
