// SPDX-License-Identifier: GPL-3.0-only

//! The options of `conveyor-node dev`.

use super::{
	chance::Chance,
	pipeline::Rules,
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

/// Port of the peer-to-peer network, unless `--port` names another.
const DEFAULT_P2P_PORT: u16 = 30_333;

/// Origins that may use the RPC from a browser: everything local, and polkadot.js Apps.
const BROWSER_ORIGINS: [&str; 5] = [
	"http://localhost:*",
	"http://127.0.0.1:*",
	"https://localhost:*",
	"https://127.0.0.1:*",
	"https://polkadot.js.org",
];

/// The relay slots that make sense, in milliseconds: below, a block takes longer than its slot.
const RELAY_SLOT_MS: RangeInclusive<u64> = 50..=60_000;

/// Inclusion delays that the simulated relay chain remembers enough blocks for.
const INCLUSION_DELAY: RangeInclusive<u32> = 1..=(SimulatedRelay::KEPT as u32 / 2);

/// Lookaheads that the simulated relay chain remembers enough blocks for.
const LOOKAHEAD: RangeInclusive<u32> = 1..=(SimulatedRelay::KEPT as u32);

/// The lookahead of the test networks.
const DEFAULT_LOOKAHEAD: u32 = 5;

/// A relay chain has no more cores than that for all its parachains.
const CORES: RangeInclusive<u8> = 1..=100;

/// What goes wrong: never, always, or anything in between.
const PROBABILITY: RangeInclusive<f64> = 0.0..=1.0;

/// The well-known collators, in the order in which they join.
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
	/// The development chain's own: any length of a relay slot, and the same history with the same seed.
	Own,
	/// The slot-based collator of a real node (cumulus-client-consensus-aura), in real time.
	Upstream,
}

/// How to read the log, with the letters of `observer/`, and what the simulated relay chain lacks.
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

/// Run a development chain: one process, no relay chain but a simulated one.
///
/// Blocks are built ahead of their inclusion, as on a real relay chain, so that the unincluded
/// segment fills and the limits of pallet-velocity apply. The chain is `dev` with Alice as its only
/// collator and sudo, unless `--chain` or `--collators` says otherwise. Its state is removed at the
/// end, unless `--base-path` names a folder to keep it in. The state of every block is kept
/// (`--state-pruning archive`), so that explorers can show old blocks; set `--state-pruning 256` to keep
/// that of the newest finalized blocks only.
#[derive(Clone, Debug, clap::Parser)]
#[group(skip)]
#[command(after_long_help = LOG_AND_LIMITS)]
pub(crate) struct DevCmd {
	/// How long a relay slot takes on the clock, in milliseconds.
	///
	/// On chain a relay slot is 6 s whatever this says: with less, the chain's time runs faster
	/// than the clock.
	#[arg(long, value_name = "MS", default_value_t = 6_000, value_parser = in_range(RELAY_SLOT_MS))]
	pub(crate) relay_slot_ms: u64,

	/// The collator that builds blocks.
	///
	/// `upstream` uses the clock: a relay slot takes 6 s, and it begins to build 1 s into the slot, as on
	/// a real relay chain.
	#[arg(long, value_name = "COLLATOR", value_enum, default_value_t = Collator::Own)]
	pub(crate) collator: Collator,

	/// Relay blocks from the proposal of a candidate to its inclusion.
	///
	/// 2 is a relay chain that backs at once and includes at once: the fastest there is.
	#[arg(
		long,
		value_name = "RELAY_BLOCKS",
		default_value_t = 2,
		value_parser = in_range(INCLUSION_DELAY),
	)]
	pub(crate) inclusion_delay: u32,

	/// How many relay blocks after its relay parent a candidate can still be backed, and for how many
	/// relay blocks cores are scheduled.
	///
	/// `scheduler_params.lookahead` of the relay chain's configuration. The default is 5, as on the
	/// test networks, or as many as the inclusion delay takes.
	#[arg(long, value_name = "RELAY_BLOCKS", value_parser = in_range(LOOKAHEAD))]
	pub(crate) lookahead: Option<u32>,

	/// Cores that the parachain has.
	///
	/// A core takes one candidate per relay block. The collator uses as many cores as it builds
	/// blocks per relay slot, at most: raise the target block rate (pallet-velocity) to use several.
	#[arg(long, value_name = "N", default_value_t = 1, value_parser = in_range(CORES))]
	pub(crate) cores: u8,

	/// Collators that take turns, all in this node: Alice, Bob, Charlie, Dave, Eve and Ferdie.
	///
	/// The genesis of the chain `dev` has as many of them as said.
	#[arg(
		long,
		value_name = "N",
		default_value_t = 1,
		value_parser = in_range(1..=COLLATORS.len() as u8),
	)]
	pub(crate) collators: u8,

	/// The probability, 0 to 1, that a core's candidate misses its chance in a relay block to be
	/// backed.
	///
	/// It is proposed again to the next one, until it is older than the lookahead allows. Then it is
	/// lost with all that was built on it, and their transactions are in the pool again.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) miss_rate: f64,

	/// The probability, 0 to 1, that the data of a core's backed candidate is not available in a relay
	/// block.
	///
	/// The candidate keeps its core occupied. After 4 relay blocks it times out and is lost with all that
	/// was built on it.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) availability_miss_rate: f64,

	/// Length of a relay session, in relay blocks. Without it the session never changes.
	///
	/// The relay block that begins a session backs nothing, candidates that are backed and not included
	/// are dropped, and no candidate of the session before can be backed.
	#[arg(long, value_name = "RELAY_BLOCKS", value_parser = in_range(SESSION))]
	pub(crate) relay_session: Option<u32>,

	/// Counts every candidate as valid, without `validate_block`.
	///
	/// By default each candidate is validated with the code of its parent's state before it can be
	/// backed, as relay chain validators do.
	#[arg(long)]
	pub(crate) no_validation: bool,

	/// The probability, 0 to 1, that a relay block is replaced by a sibling, a relay slot after it
	/// came.
	///
	/// What was backed and included in it was not. Parachain blocks are lost only if it is their relay
	/// parent, which a relay parent offset of 1 rules out. They are finalized a relay block later than
	/// without forks.
	#[arg(
		long,
		value_name = "PROBABILITY",
		default_value_t = 0.0,
		value_parser = in_range(PROBABILITY),
	)]
	pub(crate) relay_fork_rate: f64,

	/// Decides when something goes wrong: the same seed, the same relay blocks.
	#[arg(long, value_name = "NUMBER", default_value_t = 0)]
	pub(crate) seed: u64,

	/// What every node can be told.
	#[command(flatten)]
	pub(crate) base: sc_cli::RunCmd,
}

/// Parses a number within `range`, and says what is wrong with one that is not.
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
				"{number} is out of range, choose between {} and {}",
				range.start(),
				range.end(),
			)),
		}
	}
}

impl DevCmd {
	/// How long a relay slot takes on the clock.
	pub(crate) fn relay_slot(&self) -> Duration {
		Duration::from_millis(self.relay_slot_ms)
	}

	/// Refuses what clap cannot know to be wrong, as clap refuses. Nothing has been created yet.
	pub(crate) fn check(&self) -> Result<(), clap::Error> {
		let refuse = |text: String| Err(Self::command().error(ErrorKind::ValueValidation, text));
		let (lookahead, delay) = (self.relay_settings().rules.lookahead, self.inclusion_delay);
		let needed = needed_lookahead(delay);
		if lookahead < needed {
			return refuse(format!(
				"--lookahead {lookahead} is too short for an inclusion delay of {delay}: a \
				 candidate's first chance to be backed comes {needed} relay blocks after its relay \
				 parent. Say --lookahead {needed} or more, or a shorter --inclusion-delay",
			));
		}
		if self.collator == Collator::Upstream && self.relay_slot_ms != RELAY_SLOT_ON_CHAIN_MS {
			return refuse(format!(
				"--relay-slot-ms {} is not possible with --collator upstream, which uses the clock: a \
				 relay slot takes {RELAY_SLOT_ON_CHAIN_MS} ms. Leave out one of them",
				self.relay_slot_ms,
			));
		}
		if self.collators > 1 && !self.is_default_chain() {
			let chain = self.base.shared_params.chain.as_deref().unwrap_or_default();
			return refuse(format!(
				"--collators {} makes a genesis of the chain `dev`, and --chain {chain} brings its \
				 own. Leave out one of them",
				self.collators,
			));
		}
		Ok(())
	}

	/// Whether the chain is `dev`, whose genesis is made for the collators of the options.
	pub(crate) fn is_default_chain(&self) -> bool {
		self.base.shared_params.chain.as_deref().is_none_or(|chain| chain == chain_spec::DEV)
	}

	/// What the relay chain is like.
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
			chance: Chance {
				seed: self.seed,
				miss_rate: self.miss_rate,
				availability_miss_rate: self.availability_miss_rate,
				relay_fork_rate: self.relay_fork_rate,
			},
		}
	}

	/// Whose keys the node has.
	pub(crate) fn collators(&self) -> Vec<Sr25519Keyring> {
		COLLATORS.into_iter().take(self.collators.into()).collect()
	}

	/// The node's configuration, with what a development chain does not need to be told.
	pub(crate) fn run_cmd(&self) -> NormalizedRunCmd {
		let mut base = self.base.clone();
		// Temporary state, Alice's keys, and no network key needed.
		base.shared_params.dev = true;
		base.rpc_params
			.rpc_cors
			.get_or_insert_with(|| Cors::List(BROWSER_ORIGINS.map(Into::into).into()));
		// An explorer that looks at an old block needs its state.
		base.import_params.pruning_params.state_pruning.get_or_insert(DatabasePruningMode::Archive);
		// Nobody else has this chain, so nobody has to reach the node.
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

/// The shortest lookahead with which a candidate gets a chance to be backed.
fn needed_lookahead(inclusion_delay: u32) -> u32 {
	let backing_delay = Rules { inclusion_delay, lookahead: 0, session: None }.backing_delay();
	RELAY_PARENT_OFFSET + backing_delay
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use sc_cli::CliConfiguration;
	use sc_service::PruningMode;

	fn parse(args: &[&str]) -> Result<DevCmd, String> {
		let dev = DevCmd::try_parse_from(["dev"].iter().chain(args));
		let dev = dev.and_then(|dev| dev.check().map(|()| dev));
		dev.map_err(|error| error.to_string())
	}

	#[test]
	fn defaults_are_those_of_a_relay_chain() {
		let dev = parse(&[]).unwrap();
		assert_eq!((dev.relay_slot_ms, dev.inclusion_delay), (6_000, 2));
		let Settings { rules, cores, chance } = dev.relay_settings();
		assert_eq!((rules.lookahead, cores), (5, 1));
		assert_eq!((chance.seed, chance.miss_rate, chance.relay_fork_rate), (0, 0.0, 0.0));
		assert_eq!(dev.collators(), [Sr25519Keyring::Alice]);
		let run = dev.run_cmd();
		assert!(run.is_dev().unwrap());
		assert_eq!(run.chain_id(true).unwrap(), "dev");
		let cors = run.rpc_cors(true).unwrap().expect("not everybody");
		assert!(cors.contains(&"https://polkadot.js.org".to_string()));
		assert!(cors.contains(&"http://localhost:*".to_string()));
		assert_eq!(run.state_pruning().unwrap(), Some(PruningMode::ArchiveAll));
		assert_eq!(listen_addresses(&run), ["/ip4/127.0.0.1/tcp/30333"]);
	}

	fn listen_addresses(run: &NormalizedRunCmd) -> Vec<String> {
		let addresses = &run.base.network_params.listen_addr;
		addresses.iter().map(ToString::to_string).collect()
	}

	#[test]
	fn what_is_said_is_done() {
		let dev = parse(&["--chain", "local", "--rpc-cors", "all", "--base-path", "/a"]).unwrap();
		let run = dev.run_cmd();
		assert_eq!(run.chain_id(true).unwrap(), "local");
		assert_eq!(run.rpc_cors(true).unwrap(), None);
		assert_eq!(run.base_path().unwrap().unwrap().path(), std::path::Path::new("/a"));
		let run = parse(&["--state-pruning", "300", "--port", "40000"]).unwrap().run_cmd();
		assert_eq!(run.state_pruning().unwrap(), Some(PruningMode::blocks_pruning(300)));
		assert_eq!(listen_addresses(&run), ["/ip4/127.0.0.1/tcp/40000"]);
		let address = "/ip4/0.0.0.0/tcp/40001";
		let run = parse(&["--listen-addr", address]).unwrap().run_cmd();
		assert_eq!(listen_addresses(&run), [address]);

		let options = "--miss-rate 0.25 --availability-miss-rate 0.5 --relay-fork-rate 1 --seed 7 \
		               --cores 3 --lookahead 4 --relay-session 20";
		let dev = parse(&options.split(' ').collect::<Vec<_>>()).unwrap();
		let Settings { rules, cores, chance } = dev.relay_settings();
		assert_eq!((rules.lookahead, rules.session, cores), (4, Some(20), 3));
		assert_eq!(chance.availability_miss_rate, 0.5);
		assert_eq!((chance.seed, chance.miss_rate, chance.relay_fork_rate), (7, 0.25, 1.0));
		let dev = parse(&["--collators", "3", "--chain", "dev"]).unwrap();
		assert_eq!(dev.collators().last(), Some(&Sr25519Keyring::Charlie));
	}

	#[test]
	fn the_lookahead_is_long_enough_for_the_inclusion_delay() {
		let lookahead =
			|delay| parse(&["--inclusion-delay", delay]).unwrap().relay_settings().rules.lookahead;
		assert_eq!(["1", "5", "6", "32"].map(lookahead), [5, 5, 6, 32]);
		let refused = |args: &[&str]| parse(args).unwrap_err();
		let error = refused(&["--inclusion-delay", "6", "--lookahead", "5"]);
		assert!(
			error.contains("--lookahead 5 is too short for an inclusion delay of 6"),
			"{error}"
		);
		assert!(error.contains("Say --lookahead 6 or more"), "{error}");
		assert!(parse(&["--inclusion-delay", "6", "--lookahead", "6"]).is_ok());
		let error = refused(&["--lookahead", "1"]);
		assert!(error.contains("Say --lookahead 2 or more"), "{error}");
	}

	#[test]
	fn upstream_s_collator_takes_no_other_relay_slot_than_the_clock_s() {
		assert_eq!(parse(&[]).unwrap().collator, Collator::Own);
		let dev = parse(&["--collator", "upstream", "--relay-slot-ms", "6000"]).unwrap();
		assert_eq!(dev.collator, Collator::Upstream);
		for ms in ["1000", "6001"] {
			let error = parse(&["--collator", "upstream", "--relay-slot-ms", ms]).unwrap_err();
			let expected = format!("--relay-slot-ms {ms} is not possible with --collator upstream");
			assert!(error.contains(&expected), "{error}");
			assert!(error.contains("a relay slot takes 6000 ms. Leave out one"), "{error}");
		}
	}

	#[test]
	fn collators_need_a_genesis_that_has_them() {
		let error = parse(&["--collators", "2", "--chain", "local"]).unwrap_err();
		assert!(error.contains("--collators 2") && error.contains("--chain local"), "{error}");
		assert!(error.contains("Leave out one of them"), "{error}");
		let error = parse(&["--collators", "7"]).unwrap_err();
		assert!(error.contains("7 is out of range, choose between 1 and 6"), "{error}");
	}

	#[test]
	fn values_out_of_range_are_refused_with_the_range() {
		let error = parse(&["--relay-slot-ms", "5"]).unwrap_err();
		assert!(error.contains("5 is out of range, choose between 50 and 60000"), "{error}");
		let error = parse(&["--inclusion-delay", "0"]).unwrap_err();
		assert!(error.contains("0 is out of range, choose between 1 and 32"), "{error}");
		assert!(parse(&["--inclusion-delay", "some"]).is_err());
		for (option, value, range) in [
			("--miss-rate", "1.5", "0 and 1"),
			("--miss-rate", "-0.1", "0 and 1"),
			("--relay-fork-rate", "NaN", "0 and 1"),
			("--availability-miss-rate", "2", "0 and 1"),
			("--relay-session", "9", "10 and 14400"),
			("--cores", "0", "1 and 100"),
			("--lookahead", "0", "1 and 64"),
			("--lookahead", "65", "1 and 64"),
			("--collators", "0", "1 and 6"),
		] {
			let error = parse(&[&format!("{option}={value}")]).unwrap_err();
			let expected = format!("{value} is out of range, choose between {range}");
			assert!(error.contains(&expected) && error.contains(option), "{error}");
		}
		assert!(parse(&["--seed", "-1"]).is_err());
	}
}
