// SPDX-License-Identifier: Apache-2.0

//! The runtime APIs through which Conveyor's state can be asked of a running chain.
//!
//! They need no type definitions in polkadot.js Apps or PAPI: everything is in the metadata.

use crate::{Admission, Limits, Refusal};
use sp_consensus_slots::Slot;

sp_api::decl_runtime_apis! {
	/// How fast the chain may go, and whether it may go on now.
	pub trait VelocityApi {
		/// The limits that the next block must obey.
		fn limits() -> Limits;

		/// Whether a block may be built on this one at relay slot `relay_slot`, when
		/// `included_hash` is the latest included block as of the relay parent. Answers how many
		/// blocks there is room for, or why there is none.
		fn admission(
			included_hash: Block::Hash,
			relay_slot: Slot,
		) -> Result<Admission, Refusal>;
	}
}
