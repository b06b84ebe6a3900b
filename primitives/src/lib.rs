// SPDX-License-Identifier: Apache-2.0

//! Shared types and pure functions of Conveyor's pallets, tools and node.
//!
//! - [`limits`]: velocity limits and their rules.
//! - [`advice`]: recommended values and warnings for valid limits.
//! - [`admission`]: whether one more block may be built, and the reason if not.
//! - [`plan`]: the blocks that a collator plans for a relay slot.
//! - [`share`]: maximum weight of one block.
//! - [`capacity`]: capacity and lookahead that a velocity requires.
//! - [`segment`]: records of the blocks in the unincluded segment.
//! - [`inclusion`]: inclusion status, statistics and notifications.
//! - [`lane`]: receipts and commitments of asynchronous execution.
//! - [`apis`]: runtime APIs for limits, admission and the unincluded segment.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod admission;
pub mod advice;
pub mod apis;
pub mod capacity;
pub mod inclusion;
pub mod lane;
pub mod limits;
pub mod plan;
pub mod segment;
pub mod share;

pub use admission::{Admission, AuthoredInSlot, Next, NextBlock, Refusal, RestOfSlot};
pub use advice::{Advice, RelayScheduling, Warning};
pub use inclusion::{
	InclusionProvider, InclusionStats, InclusionStatus, LagCount, NotTracked, OnIncluded,
};
pub use limits::{ApplyAt, InvalidLimits, Limits, MaxLimits, ScheduledLimits};
pub use segment::{BlockRecord, OldestUnincluded, UnincludedBlock};
