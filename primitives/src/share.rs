// SPDX-License-Identifier: Apache-2.0

//! Maximum weight of one block: its share of a core.
//!
//! This file repeats a private rule of `cumulus-pallet-parachain-system` 0.32, file
//! `block_weight/mod.rs`: `FULL_CORE_WEIGHT` and `MaxParachainBlockWeight::target_block_weight`. A test
//! of `pallet-message-service` compares both.

use sp_runtime::Weight;

/// One second of reference time, in picoseconds.
const SECOND: u64 = 1_000_000_000_000;

/// Maximum execution time of all blocks of a relay slot, in picoseconds: full nodes import them one after
/// the other.
const IMPORT_TIME: u64 = 6 * SECOND;

/// Maximum weight of one candidate: validators allow 2 s and 10 MiB of proof.
pub const FULL_CORE: Weight = Weight::from_parts(2 * SECOND, 10 * 1024 * 1024);

/// Returns the maximum weight of one block so that all blocks of its bundle fit into their core.
///
/// - `target_block_rate`: blocks per relay slot, on all cores.
/// - `cores`: number of cores that the collator uses at the relay slot.
///
/// The blocks of a bundle share [`FULL_CORE`] evenly, and all blocks of a relay slot together take at most
/// 6 s. If the rate or the number of cores is 0, the result is [`FULL_CORE`].
pub const fn block_share(target_block_rate: u32, cores: u32) -> Weight {
	if target_block_rate == 0 || cores == 0 {
		return FULL_CORE;
	}
	let blocks_per_core = target_block_rate.div_ceil(cores) as u64;
	let on_core = FULL_CORE.ref_time() / blocks_per_core;
	let to_import = IMPORT_TIME / target_block_rate as u64;
	let ref_time = if on_core < to_import { on_core } else { to_import };
	Weight::from_parts(ref_time, FULL_CORE.proof_size() / blocks_per_core)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::plan::bundle_length;
	use proptest::prelude::*;

	fn millis_and_kib(share: Weight) -> (u64, u64) {
		(share.ref_time() / (SECOND / 1_000), share.proof_size() / 1024)
	}

	#[test]
	fn core_and_import_time_are_shared_evenly() {
		assert_eq!(block_share(1, 1), FULL_CORE);
		assert_eq!(millis_and_kib(block_share(12, 1)), (166, 853));
		assert_eq!(millis_and_kib(block_share(12, 3)), (500, 2_560));
		// Four full cores would take 8 s.
		assert_eq!(millis_and_kib(block_share(4, 4)), (1_500, 10_240));
		// The longest bundle decides: three blocks on the first core, two on the other cores.
		assert_eq!(millis_and_kib(block_share(7, 3)), (666, 3_413));
		assert_eq!(block_share(0, 3), FULL_CORE);
		assert_eq!(block_share(3, 0), FULL_CORE);
	}

	proptest! {
		#[test]
		fn a_bundle_fits_into_its_core_and_a_relay_slot_into_its_import_time(rate in 1..=255u32, cores in 1..=255u32) {
			let share = block_share(rate, cores);
			for core in 0..cores.min(rate) {
				let bundle = u64::from(bundle_length(rate, cores, core));
				prop_assert!(share.saturating_mul(bundle).all_lte(FULL_CORE));
			}
			prop_assert!(share.ref_time() * u64::from(rate) <= IMPORT_TIME);
			prop_assert!(share.all_gt(Weight::zero()));
		}
	}
}
