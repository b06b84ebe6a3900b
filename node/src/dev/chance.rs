// SPDX-License-Identifier: GPL-3.0-only

//! What goes wrong on the simulated relay chain, decided by a seed.
//!
//! Every question has its own answer, whatever was asked before: what happens to core 1 at relay
//! block 7 depends on the seed alone, not on what the parachain has done until then. So the same seed
//! means the same trouble also for two chains with different limits, and they can be compared.

use cumulus_primitives_core::relay_chain::BlockNumber;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};

/// Words of 32 bits that a draw takes.
const WORDS: u128 = 2;

/// Chance, tamed by a seed.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
	/// All draws follow from it.
	pub(crate) seed: u64,
	/// The probability that a core's candidate misses a chance to be backed.
	pub(crate) miss_rate: f64,
	/// The probability that the data of a core's backed candidate is not available in a relay block.
	pub(crate) availability_miss_rate: f64,
	/// The probability that a relay block is replaced by a sibling.
	pub(crate) relay_fork_rate: f64,
}

/// The first draw about availability. The draws before it are about backing, for more cores than there
/// can be: a new kind of draw leaves the earlier ones as they are.
const AVAILABILITY_DRAWS: u128 = 1 << 10;

impl Chance {
	/// Whether relay block `number` is replaced by a sibling.
	pub(crate) fn replaces(&self, number: BlockNumber) -> bool {
		self.draw(number, 0) < self.relay_fork_rate
	}

	/// Whether no candidate is backed on `core` in relay block `number`, or in the `sibling` that
	/// replaces it.
	pub(crate) fn misses(&self, number: BlockNumber, sibling: bool, core: u8) -> bool {
		self.draw(number, 1 + 2 * u128::from(core) + u128::from(sibling)) < self.miss_rate
	}

	/// Whether the data of the candidate on `core` is not available in relay block `number`, or in the
	/// `sibling` that replaces it.
	pub(crate) fn misses_availability(&self, number: BlockNumber, sibling: bool, core: u8) -> bool {
		let index = AVAILABILITY_DRAWS + 2 * u128::from(core) + u128::from(sibling);
		self.draw(number, index) < self.availability_miss_rate
	}

	/// The draw number `index` for relay block `number`, evenly between 0 and 1 and never 1.
	fn draw(&self, number: BlockNumber, index: u128) -> f64 {
		let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
		generator.set_stream(number.into());
		generator.set_word_pos(WORDS * index);
		// As many bits as a float has digits.
		(generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
	}
}

/// For tests: nothing goes wrong.
#[cfg(test)]
pub(crate) const NO_TROUBLE: Chance =
	Chance { seed: 0, miss_rate: 0.0, availability_miss_rate: 0.0, relay_fork_rate: 0.0 };

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn chance(seed: u64, miss_rate: f64, relay_fork_rate: f64) -> Chance {
		Chance { seed, miss_rate, availability_miss_rate: miss_rate, relay_fork_rate }
	}

	#[test]
	fn never_and_always_are_what_they_say() {
		let (never, always) = (chance(1, 0.0, 0.0), chance(1, 1.0, 1.0));
		for number in 0..1_000 {
			assert!(!never.replaces(number) && !never.misses(number, false, 0));
			assert!(always.replaces(number) && always.misses(number, true, 7));
			assert!(!never.misses_availability(number, false, 0));
			assert!(always.misses_availability(number, true, 7));
		}
	}

	/// A history is for ever: whoever notes a seed must find the same trouble after an update.
	#[test]
	fn a_seed_means_what_it_always_meant() {
		let chance = chance(0, 0.3, 0.1);
		let misses = (1..=60).filter(|number| chance.misses(*number, false, 0)).collect::<Vec<_>>();
		assert_eq!(
			misses,
			[3, 5, 7, 10, 12, 13, 14, 15, 18, 21, 31, 32, 37, 40, 43, 46, 50, 51, 54, 56, 58, 59],
		);
		let replaced = (1..=60).filter(|number| chance.replaces(*number)).collect::<Vec<_>>();
		assert_eq!(replaced, [3, 11, 21, 35, 42, 43, 54, 59]);
	}

	proptest! {
		#![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

		#[test]
		fn a_rate_is_about_kept(seed: u64, rate in 0.0..=1.0) {
			const DRAWS: u32 = 500;
			let chance = chance(seed, rate, rate);
			let expected = rate * f64::from(DRAWS);
			// Far beyond what chance does: seven standard deviations.
			let tolerance = 7.0 * (f64::from(DRAWS) / 4.0).sqrt();
			for count in [
				(0..DRAWS).filter(|number| chance.misses(*number, false, 2)).count(),
				(0..DRAWS).filter(|number| chance.replaces(*number)).count(),
				(0..DRAWS).filter(|number| chance.misses_availability(*number, false, 2)).count(),
			] {
				prop_assert!((count as f64 - expected).abs() < tolerance, "{count} of {DRAWS}");
			}
		}

		/// Neither relay blocks nor cores nor siblings share their luck.
		#[test]
		fn draws_differ(seed: u64, number in 0..1_000u32, index in 0..100u128) {
			let chance = chance(seed, 0.5, 0.5);
			let draw = chance.draw(number, index);
			prop_assert_eq!(draw, chance.draw(number, index));
			prop_assert!((0.0..1.0).contains(&draw));
			prop_assert_ne!(draw, chance.draw(number + 1, index));
			prop_assert_ne!(draw, chance.draw(number, index + 1));
		}
	}
}
