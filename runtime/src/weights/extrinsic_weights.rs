// SPDX-License-Identifier: Apache-2.0

//! The weight of a transaction that does nothing.

use frame_support::{
	parameter_types,
	weights::{constants::WEIGHT_REF_TIME_PER_NANOS, Weight},
};

parameter_types! {
	/// To execute a `System::remark`, in ref-time picoseconds: 125 µs.
	pub const ExtrinsicBaseWeight: Weight =
		Weight::from_parts(WEIGHT_REF_TIME_PER_NANOS.saturating_mul(125_000), 0);
}
