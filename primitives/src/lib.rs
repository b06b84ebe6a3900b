// SPDX-License-Identifier: Apache-2.0

//! The words that Conveyor's pallets, tools and node share, and the arithmetic behind them.
//!
//! A rule that a pallet enforces, a node anticipates and a tool explains is written once, here, as
//! a plain function of plain values:
//!
//! - [`limits`]: what a parachain's velocity limits are, and which of them are valid.
//! - [`admission`]: whether one more block may be built, and if not, why.
//! - [`capacity`]: how long the unincluded segment must be for a pace to be kept.
//! - [`apis`]: the runtime APIs through which all this can be asked of a running chain.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod admission;
pub mod apis;
pub mod capacity;
pub mod limits;

pub use admission::{Admission, AuthoredInSlot, Refusal};
pub use limits::{InvalidLimits, Limits};
