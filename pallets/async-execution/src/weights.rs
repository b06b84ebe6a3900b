// SPDX-License-Identifier: Apache-2.0

//! Weights.

use frame_support::weights::Weight;

/// Weights of the calls, the transaction extension and the turn.
pub trait WeightInfo {
	/// `order`.
	fn order() -> Weight;
	/// `drop_ticket`.
	fn drop_ticket() -> Weight;
	/// `release`.
	fn release() -> Weight;
	/// `set_share`.
	fn set_share() -> Weight;
	/// `set_paused`.
	fn set_paused() -> Weight;
	/// Checks of the transaction extension before an order.
	fn check_order() -> Weight;
	/// The turn of a block without a pending batch.
	fn turn_without_batch() -> Weight;
	/// Block at a standstill.
	fn standstill() -> Weight;
	/// Work around the call of a ticket, whose encoded call has `length` bytes.
	fn execute_ticket(length: u32) -> Weight;
	/// Commitment to `receipts` receipts.
	fn conclude(receipts: u32) -> Weight;
}
