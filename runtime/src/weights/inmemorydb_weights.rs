// SPDX-License-Identifier: Apache-2.0

//! The weight of state.
//!
//! What bounds a parachain block is not the collator's database but `validate_block`, where state
//! is read from the proof, in memory. The values are those that the SDK measured there for a large
//! state (Polkadot's Asset Hub, `benchmark storage --mode validate-block`) and that its own
//! parachain runtimes use.

use frame_support::{
	parameter_types,
	weights::{constants::WEIGHT_REF_TIME_PER_NANOS, RuntimeDbWeight},
};

parameter_types! {
	/// To read or write one value, in ref-time picoseconds: 13 µs and 31 µs.
	pub const InMemoryDbWeight: RuntimeDbWeight = RuntimeDbWeight {
		read: 13_036 * WEIGHT_REF_TIME_PER_NANOS,
		write: 31_215 * WEIGHT_REF_TIME_PER_NANOS,
	};
}
