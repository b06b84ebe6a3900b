// SPDX-License-Identifier: Apache-2.0

//! The words that Conveyor's pallets, tools and node share, and the arithmetic behind them.
//!
//! A rule that a pallet enforces, a node anticipates and a tool explains is written once, here, as
//! a plain function of plain values:
//!
//! - [`limits`]: what a parachain's velocity limits are, and which of them are valid.
//! - [`advice`]: what valid limits mean on the relay chain that there is.
//! - [`admission`]: whether one more block may be built, and if not, why.
//! - [`plan`]: the blocks that a collator plans for a relay slot, and how they are split over cores.
//! - [`share`]: what one of these blocks may take of its core.
//! - [`capacity`]: how long the unincluded segment must be for a pace to be kept.
//! - [`segment`]: what is known of a block from authored to included, and how inclusion went.
//! - [`apis`]: the runtime APIs through which all this can be asked of a running chain.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod admission;
pub mod advice;
pub mod apis;
pub mod capacity;
pub mod limits;
pub mod plan;
pub mod segment;
pub mod share;

pub use admission::{Admission, AuthoredInSlot, Next, Refusal, RestOfSlot};
pub use advice::{Advice, RelayScheduling, Warning};
pub use limits::{InvalidLimits, Limits, MaxLimits, ScheduledLimits, Start};
pub use segment::{
	BlockRecord, BlockUnderWay, Included, InclusionStats, InclusionStatus, NotTracked,
	OldestUnderWay, OnIncluded,
};
