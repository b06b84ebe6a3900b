// SPDX-License-Identifier: GPL-3.0-only

//! Random faults of the simulated relay chain, determined by a seed.
//!
//! Every draw depends on the seed, the relay block and the core only, not on earlier draws. So the same
//! seed causes the same faults on chains with different limits, and they can be compared.

use cumulus_primitives_core::relay_chain::BlockNumber;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};

/// Number of 32-bit words per draw.
const WORDS: u128 = 2;

/// Rates of random faults, and the seed that determines them.
#[derive(Clone, Debug)]
pub(crate) struct RandomFaults {
	/// Seed of all draws.
	pub(crate) seed: u64,
	/// Probability that a core's candidate misses an attempt.
	pub(crate) miss_rate: f64,
	/// Probability that the data of a core's backed candidate is not available in a relay block.
	pub(crate) availability_miss_rate: f64,
	/// Probability that a relay block is replaced by a sibling.
	pub(crate) relay_fork_rate: f64,
}

/// Index of the first draw about availability. Draws about backing use the indices below, for more cores
/// than possible. So the two kinds of draws never share an index.
const AVAILABILITY_DRAWS: u128 = 1 << 10;

impl RandomFaults {
	/// Returns whether relay block `number` is replaced by a sibling.
	pub(crate) fn replaces(&self, number: BlockNumber) -> bool {
		self.draw(number, 0) < self.relay_fork_rate
	}

	/// Returns whether no candidate is backed on `core` in relay block `number`, or in the `sibling` that
	/// replaces it.
	pub(crate) fn misses(&self, number: BlockNumber, sibling: bool, core: u8) -> bool {
		self.draw(number, 1 + 2 * u128::from(core) + u128::from(sibling)) < self.miss_rate
	}

	/// Returns whether the data of the candidate on `core` is not available in relay block `number`, or in the
	/// `sibling` that replaces it.
	pub(crate) fn misses_availability(&self, number: BlockNumber, sibling: bool, core: u8) -> bool {
		let index = AVAILABILITY_DRAWS + 2 * u128::from(core) + u128::from(sibling);
		self.draw(number, index) < self.availability_miss_rate
	}

	/// Returns draw `index` of relay block `number`, uniformly distributed in [0, 1).
	fn draw(&self, number: BlockNumber, index: u128) -> f64 {
		let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
		generator.set_stream(number.into());
		generator.set_word_pos(WORDS * index);
		// A float has 53 significant bits.
		(generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
	}
}

/// No faults, for tests.
#[cfg(test)]
pub(crate) const NO_FAULTS: RandomFaults =
	RandomFaults { seed: 0, miss_rate: 0.0, availability_miss_rate: 0.0, relay_fork_rate: 0.0 };

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn faults(seed: u64, miss_rate: f64, relay_fork_rate: f64) -> RandomFaults {
		RandomFaults { seed, miss_rate, availability_miss_rate: miss_rate, relay_fork_rate }
	}

	#[test]
	fn rates_of_0_and_1_mean_never_and_always() {
		let (never, always) = (faults(1, 0.0, 0.0), faults(1, 1.0, 1.0));
		for number in 0..1_000 {
			assert!(!never.replaces(number) && !never.misses(number, false, 0));
			assert!(always.replaces(number) && always.misses(number, true, 7));
			assert!(!never.misses_availability(number, false, 0));
			assert!(always.misses_availability(number, true, 7));
		}
	}

	/// A documented seed must cause the same faults after an update.
	#[test]
	fn a_seed_always_causes_the_same_faults() {
		let faults = faults(0, 0.3, 0.1);
		let misses = (1..=60).filter(|number| faults.misses(*number, false, 0)).collect::<Vec<_>>();
		assert_eq!(
			misses,
			[3, 5, 7, 10, 12, 13, 14, 15, 18, 21, 31, 32, 37, 40, 43, 46, 50, 51, 54, 56, 58, 59],
		);
		let replaced = (1..=60).filter(|number| faults.replaces(*number)).collect::<Vec<_>>();
		assert_eq!(replaced, [3, 11, 21, 35, 42, 43, 54, 59]);
	}

	proptest! {
		#![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

		#[test]
		fn draws_follow_the_rate(seed: u64, rate in 0.0..=1.0) {
			const DRAWS: u32 = 500;
			let faults = faults(seed, rate, rate);
			let expected = rate * f64::from(DRAWS);
			// Seven standard deviations.
			let tolerance = 7.0 * (f64::from(DRAWS) / 4.0).sqrt();
			for count in [
				(0..DRAWS).filter(|number| faults.misses(*number, false, 2)).count(),
				(0..DRAWS).filter(|number| faults.replaces(*number)).count(),
				(0..DRAWS).filter(|number| faults.misses_availability(*number, false, 2)).count(),
			] {
				prop_assert!((count as f64 - expected).abs() < tolerance, "{count} of {DRAWS}");
			}
		}

		#[test]
		fn draws_differ(seed: u64, number in 0..1_000u32, index in 0..100u128) {
			let faults = faults(seed, 0.5, 0.5);
			let draw = faults.draw(number, index);
			prop_assert_eq!(draw, faults.draw(number, index));
			prop_assert!((0.0..1.0).contains(&draw));
			prop_assert_ne!(draw, faults.draw(number + 1, index));
			prop_assert_ne!(draw, faults.draw(number, index + 1));
		}
	}
}
