// SPDX-License-Identifier: Apache-2.0

//! Circuit breaker: what a block does with a pending batch after a standstill.
//!
//! A ticket that makes every block invalid (it panics, exhausts the memory, or is too slow for validators) would stop
//! the chain: every author executes the same batch first. The chain then has no block for a time-out. The
//! circuit breaker knows nothing else.
//!
//! | standstill | this block | the next blocks |
//! | --- | --- | --- |
//! | first one with this batch | executes nothing | one block executes the whole batch |
//! | another one | executes nothing | one ticket per block, twice as many after each block that succeeds |
//! | at more than one ticket per block | executes nothing | one ticket per block |
//! | at one ticket per block | executes nothing; quarantines the head after `quarantine_after` of these | one ticket per block |
//!
//! A block at a standstill is valid for every batch, because it executes nothing. Each standstill doubles the time-out
//! of the batch, up to [`MAX_TIMEOUT_FACTOR`] time-outs. So a chain whose blocks are always less than
//! [`MAX_TIMEOUT_FACTOR`] time-outs apart executes its tickets.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Maximum factor by which standstills prolong the time-out of one batch.
pub const MAX_TIMEOUT_FACTOR: u64 = 4;

/// State of the circuit breaker after at least one standstill with the pending batch.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub struct Recovery {
	/// Number of standstills with this batch.
	pub standstills: u32,
	/// Maximum number of tickets in the next block. `None`: all that fit.
	pub limit: Option<u32>,
	/// Number of standstills with the current first ticket at a limit of 1.
	pub head_standstills: u8,
}

/// What a standstill changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standstill {
	/// State for the next block.
	pub(crate) recovery: Recovery,
	/// Whether the first ticket is set aside.
	pub(crate) quarantines_head: bool,
}

/// Returns the time without a block, in milliseconds, from which on a block is at a standstill.
pub(crate) fn timeout(recovery: Option<&Recovery>, stall_timeout: u64) -> u64 {
	let standstills = recovery.map_or(0, |recovery| recovery.standstills);
	let factor =
		1u64.checked_shl(standstills).unwrap_or(MAX_TIMEOUT_FACTOR).min(MAX_TIMEOUT_FACTOR);
	stall_timeout.saturating_mul(factor)
}

/// Returns what a block at a standstill changes. `quarantine_after`: number of standstills with the same first ticket
/// at a limit of 1 after which it is quarantined; `None` for never.
pub(crate) fn standstill(recovery: Option<Recovery>, quarantine_after: Option<u8>) -> Standstill {
	let before = recovery.unwrap_or_default();
	let mut recovery = Recovery { standstills: before.standstills.saturating_add(1), ..before };
	let mut quarantines_head = false;
	if before.standstills > 0 {
		recovery.limit = Some(1);
		recovery.head_standstills = match before.limit {
			Some(1) => before.head_standstills.saturating_add(1),
			_ => 0,
		};
		quarantines_head = quarantine_after.is_some_and(|after| recovery.head_standstills >= after);
		if quarantines_head {
			recovery.head_standstills = 0;
		}
	}
	Standstill { recovery, quarantines_head }
}

/// Returns the state after a block that executed at least one ticket of the batch and left others.
pub(crate) fn progress(recovery: Recovery) -> Recovery {
	Recovery {
		limit: recovery.limit.map(|limit| limit.saturating_mul(2)),
		head_standstills: 0,
		..recovery
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn standstills_limit_the_batch_and_quarantine_its_head() {
		let first = standstill(None, Some(2));
		assert_eq!(first.recovery, Recovery { standstills: 1, limit: None, head_standstills: 0 });
		let second = standstill(Some(first.recovery), Some(2));
		assert_eq!(
			second.recovery,
			Recovery { standstills: 2, limit: Some(1), head_standstills: 0 }
		);
		let third = standstill(Some(second.recovery), Some(2));
		assert_eq!(third.recovery.head_standstills, 1);
		assert!(!first.quarantines_head && !second.quarantines_head && !third.quarantines_head);
		let fourth = standstill(Some(third.recovery), Some(2));
		assert!(fourth.quarantines_head);
		assert_eq!(fourth.recovery.head_standstills, 0);
		assert!(!standstill(Some(third.recovery), None).quarantines_head);
	}

	#[test]
	fn the_limit_doubles_with_progress_and_returns_to_1() {
		let limited = Recovery { standstills: 2, limit: Some(1), head_standstills: 1 };
		let two = progress(limited);
		assert_eq!(two, Recovery { standstills: 2, limit: Some(2), head_standstills: 0 });
		assert_eq!(progress(two).limit, Some(4));
		let again = standstill(Some(two), Some(1));
		assert_eq!((again.recovery.limit, again.quarantines_head), (Some(1), false));
		assert_eq!(progress(Recovery { limit: Some(u32::MAX), ..limited }).limit, Some(u32::MAX));
	}

	#[test]
	fn the_time_out_doubles_up_to_four_times() {
		let after = |standstills| Recovery { standstills, ..Default::default() };
		assert_eq!(timeout(None, 60), 60);
		for (standstills, expected) in [(1, 120), (2, 240), (3, 240), (64, 240), (u32::MAX, 240)] {
			assert_eq!(timeout(Some(&after(standstills)), 60), expected);
		}
		assert_eq!(timeout(Some(&after(2)), u64::MAX), u64::MAX);
	}
}
