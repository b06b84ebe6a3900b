// SPDX-License-Identifier: GPL-3.0-only

//! The options of `conveyor-node dev`.

use super::{
	pipeline::Rules,
	random_faults::RandomFaults,
	relay::{Settings, SimulatedRelay, RELAY_SLOT_ON_CHAIN_MS},
};
use crate::chain_spec;
use clap::{error::ErrorKind, CommandFactory};
use conveyor_runtime::RELAY_PARENT_OFFSET;
use cumulus_client_cli::NormalizedRunCmd;
use sc_cli::{Cors, DatabasePruningMode};
use sc_network::{multiaddr::Protocol, Multiaddr};
use sp_keyring::Sr25519Keyring;
use std::{net::Ipv4Addr, ops::RangeInclusive, time::Duration};

#[cfg(test)]
mod tests;

/// Port of the peer-to-peer network, unless `--port` names another.
const DEFAULT_P2P_PORT: u16 = 30_333;

/// Origins from which a browser may use the RPC: local ones, and polkadot.js Apps.
const BROWSER_ORIGINS: [&str; 5] = [
	"http://localhost:*",
	"http://127.0.0.1:*",
	"https://localhost:*",
	"https://127.0.0.1:*",
	"https://polkadot.js.org",
];

/// Range of `--relay-slot-ms`, in milliseconds. Building a block takes longer than a shorter slot.
const RELAY_SLOT_MS: RangeInclusive<u64> = 50..=60_000;

/// Range of `--inclusion-delay`, limited by the number of blocks that the simulated relay chain stores.
const INCLUSION_DELAY: RangeInclusive<u32> = 1..=(SimulatedRelay::KEPT as u32 / 2);

/// Range of `--lookahead`, limited by the number of blocks that the simulated relay chain stores.
const LOOKAHEAD: RangeInclusive<u32> = 1..=(SimulatedRelay::KEPT as u32);

/// The lookahead of the test networks.
const DEFAULT_LOOKAHEAD: u32 = 5;

/// Maximum number of cores of a relay chain.
const CORES: RangeInclusive<u8> = 1..=100;

/// Range of probabilities.
const PROBABILITY: RangeInclusive<f64> = 0.0..=1.0;

/// The well-known collators, in the order of `--collators`.
const COLLATORS: [Sr25519Keyring; 6] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
];

/// Range of `--relay-session`, in relay blocks. Shorter sessions would include few candidates; 14,400
/// relay blocks are a day.
const SESSION: RangeInclusive<u32> = 10..=14_400;

/// The collator that builds blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Collator {
	/// The development chain's collator: any relay slot duration, and the same history with the same seed.
	Own,
	/// The slot-based collator of a real node (cumulus-client-consensus-aura), in real time.
	Upstream,
}

/// How to read the log, with the letters of `observer/`, and the limits of the simulation.
const LOG_AND_LIMITS: &str = "\
The log has a line per relay block. `R7: P4(I) P5(B) P6(C)` means: in relay block 7, parachain block 4 was \
included and block 5 was backed, and block 6 was collated in its slot. With several cores, `P5(B@1)` was \
backed on core 1. `P5(L)` is lost: its relay parent is too old, or its parent is lost. `P5(T)` timed out: \
its data was not available in time. `P5(D)` was dropped, because the relay session ended before its \
inclusion. `P5'` is the second block 5 that was built.

The simulated relay chain has no validators that could disagree: no backing groups and no disputes. It has \
no other parachains: HRMP channels do not exist. It does not execute upward messages. It schedules the \
same cores in every relay block. A candidate that is not available times out after 4 relay blocks; a real \
relay chain looks for such candidates only after a rotation of its backing groups.";

/// Run a development chain: one process with a simulated relay chain.
///
/// Blocks are built before their ancestors are included, as on a real relay chain, so that the unincluded
/// segment fills and the limits of pallet-velocity apply. The chain is `dev` with Alice as its only
/// collator and sudo key, unless `--chain` or `--collators` is given. Its state is temporary, unless
/// `--base-path` is given. The state of every block is kept (`--state-pruning archive`), so that explorers
/// can show old blocks; `--state-pruning 256` keeps only that of the newest finalized blocks.
#[derive(Clone, Debug, clap::Parser)]
#[group(skip)]
#[command(after_long_help = LOG_AND_LIMITS)]
pub(crate) struct DevCmd {
	/// Duration of a relay slot in real time, in milliseconds.
	///
	/// On chain a relay slot always takes 6 s. With a shorter duration the chain's time runs faster than the
	/// clock.
	#[arg(long, value_name = "MS", default_value_t = 6_000, value_parser = in_range(RELAY_SLOT_MS))]
	pub(crate) relay_slot_ms: u64,

	/// The collator that builds blocks.
	///
	/// `upstream` uses the system clock: a relay slot takes 6 s, and building starts 1 s into the slot, as on a
	/// real relay chain.
	#[arg(long, value_name = "COLLATOR", value_enum, default_value_t = Collator::Own)]
	pub(crate) collator: Collator,

	/// Relay blocks from the proposal of a candidate to its inclusion.
	///
	/// The minimum, 2, is a relay chain that backs and includes without delay.
	#[arg(
		long,
		value_name = "RELAY_BLOCKS",
		default_value_t = 2,
		value_parser = in_range(INCLUSION_DELAY),
	)]
	pub(crate) inclusion_delay: u32,

	/// Number of relay blocks after its relay parent in which a candidate can be backed, and for which cores are
	/// scheduled.
	///
	/// `scheduler_params.lookahead` of the relay chain's configuration. The default is 5, as on the test
	/// networks, or more if the inclusion delay requires it.
	#[arg(long, value_name = "RELAY_BLOCKS", value_parser = in_range(LOOKAHEAD))]
	pub(crate) lookahead: Option<u32>,

	/// Number of the parachain's cores.
	///
	/// A core takes one candidate per relay block. The collator uses at most as many cores as the target block
	/// rate (pallet-velocity), so raise it to use several.
	#[arg(long, value_name = "N", default_value_t = 1, value_parser = in_range(CORES))]
	pub(crate) cores: u8,

	/// Number of collators that take turns, all in this node: Alice, Bob, Charlie, Dave, Eve and Ferdie.
	///
	/// They are the collators in the genesis of the chain `dev`.
	#[arg(
		long,
		value_name = "N",
		default_value_t = 1,
		value_parser = in_range(1..=COLLATORS.len() as u8),
	)]
	pub(crate) collators: u8,

	/// Probability, 0 to 1, that a core's candidate misses an attempt.
	///
	/// The candidate is re-proposed in the next relay block while the lookahead allows it. Then it is lost with
	/// all blocks built on it, and their transactions return to the pool.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) miss_rate: f64,

	/// Probability, 0 to 1, that the data of a core's backed candidate is not available in a relay block.
	///
	/// The candidate keeps its core occupied. After 4 relay blocks it times out and is lost with all blocks
	/// built on it.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) availability_miss_rate: f64,

	/// Length of a relay session, in relay blocks. The default is a single session.
	///
	/// The relay block that starts a session backs nothing and drops unincluded candidates. Candidates of the
	/// previous session cannot be backed any more.
	#[arg(long, value_name = "RELAY_BLOCKS", value_parser = in_range(SESSION))]
	pub(crate) relay_session: Option<u32>,

	/// Treat every candidate as valid, without `validate_block`.
	///
	/// By default each candidate is validated with the code in its parent's state, as validators do before they
	/// back it.
	#[arg(long)]
	pub(crate) no_validation: bool,

	/// Probability, 0 to 1, that a relay block is replaced by a sibling one relay slot later.
	///
	/// The relay chain then loses what the block backed and included. Parachain blocks are lost only if it is
	/// their relay parent, which a relay parent offset of 1 excludes. Finalization is one relay block later.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) relay_fork_rate: f64,

	/// Seed of all random faults: the same seed gives the same relay blocks.
	#[arg(long, value_name = "NUMBER", default_value_t = 0)]
	pub(crate) seed: u64,

	/// Options of every node.
	#[command(flatten)]
	pub(crate) base: sc_cli::RunCmd,
}

/// Returns a parser for numbers within `range`. Its error names the range.
fn in_range<N>(
	range: RangeInclusive<N>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
	N: std::str::FromStr<Err: std::fmt::Display>
		+ PartialOrd
		+ std::fmt::Display
		+ Clone
		+ Send
		+ Sync
		+ 'static,
{
	move |text| {
		let number = text.parse::<N>().map_err(|error| error.to_string())?;
		match range.contains(&number) {
			true => Ok(number),
			false => Err(format!(
				"{number} is out of range, use a number from {} to {}",
				range.start(),
				range.end(),
			)),
		}
	}
}

impl DevCmd {
	/// Returns the duration of a relay slot in real time.
	pub(crate) fn relay_slot(&self) -> Duration {
		Duration::from_millis(self.relay_slot_ms)
	}

	/// Rejects combinations of options that clap cannot check, with clap's error format.
	pub(crate) fn check(&self) -> Result<(), clap::Error> {
		let reject = |text: String| Err(Self::command().error(ErrorKind::ValueValidation, text));
		let (lookahead, delay) = (self.relay_settings().rules.lookahead, self.inclusion_delay);
		let needed = needed_lookahead(delay);
		if lookahead < needed {
			return reject(format!(
				"--lookahead {lookahead} is too short for an inclusion delay of {delay}: a \
				 candidate's first attempt is {needed} relay blocks after its relay parent. Set \
				 --lookahead to at least {needed}, or a shorter --inclusion-delay",
			));
		}
		if self.collator == Collator::Upstream && self.relay_slot_ms != RELAY_SLOT_ON_CHAIN_MS {
			return reject(format!(
				"--relay-slot-ms {} is not possible with --collator upstream, which uses the system \
				 clock: a relay slot takes {RELAY_SLOT_ON_CHAIN_MS} ms. Remove one of them",
				self.relay_slot_ms,
			));
		}
		if self.collators > 1 && !self.is_default_chain() {
			let chain = self.base.shared_params.chain.as_deref().unwrap_or_default();
			return reject(format!(
				"--collators {} creates a genesis of the chain `dev`, and --chain {chain} has another \
				 genesis. Remove one of them",
				self.collators,
			));
		}
		Ok(())
	}

	/// Returns whether the chain is `dev`, whose genesis follows from the options.
	pub(crate) fn is_default_chain(&self) -> bool {
		self.base.shared_params.chain.as_deref().is_none_or(|chain| chain == chain_spec::DEV)
	}

	/// Returns the settings of the simulated relay chain.
	pub(crate) fn relay_settings(&self) -> Settings {
		let inclusion_delay = self.inclusion_delay;
		let default = || needed_lookahead(inclusion_delay).max(DEFAULT_LOOKAHEAD);
		Settings {
			rules: Rules {
				inclusion_delay,
				lookahead: self.lookahead.unwrap_or_else(default),
				session: self.relay_session,
			},
			cores: self.cores,
			faults: RandomFaults {
				seed: self.seed,
				miss_rate: self.miss_rate,
				availability_miss_rate: self.availability_miss_rate,
				relay_fork_rate: self.relay_fork_rate,
			},
		}
	}

	/// Returns the collators whose keys the node has.
	pub(crate) fn collators(&self) -> Vec<Sr25519Keyring> {
		COLLATORS.into_iter().take(self.collators.into()).collect()
	}

	/// Returns the node's configuration, with the defaults of a development chain.
	pub(crate) fn run_cmd(&self) -> NormalizedRunCmd {
		let mut base = self.base.clone();
		// Temporary state, Alice's keys, and no network key needed.
		base.shared_params.dev = true;
		base.rpc_params
			.rpc_cors
			.get_or_insert_with(|| Cors::List(BROWSER_ORIGINS.map(Into::into).into()));
		// Explorers need the state of old blocks.
		base.import_params.pruning_params.state_pruning.get_or_insert(DatabasePruningMode::Archive);
		// No other node has this chain, so no node connects.
		if base.network_params.listen_addr.is_empty() {
			let port = base.network_params.port.take().unwrap_or(DEFAULT_P2P_PORT);
			let loopback = Multiaddr::empty()
				.with(Protocol::Ip4(Ipv4Addr::LOCALHOST))
				.with(Protocol::Tcp(port));
			base.network_params.listen_addr.push(loopback);
		}
		NormalizedRunCmd { base }
	}
}

/// Returns the minimum lookahead at which a candidate has an attempt, in relay blocks.
fn needed_lookahead(inclusion_delay: u32) -> u32 {
	let backing_delay = Rules { inclusion_delay, lookahead: 0, session: None }.backing_delay();
	RELAY_PARENT_OFFSET + backing_delay
}
