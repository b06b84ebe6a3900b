// SPDX-License-Identifier: Apache-2.0

//! The weight of an empty block.

use frame_support::{
	parameter_types,
	weights::{constants::WEIGHT_REF_TIME_PER_NANOS, Weight},
};

parameter_types! {
	/// To execute a block without transactions, in ref-time picoseconds: 5 ms.
	pub const BlockExecutionWeight: Weight =
		Weight::from_parts(WEIGHT_REF_TIME_PER_NANOS.saturating_mul(5_000_000), 0);
}
