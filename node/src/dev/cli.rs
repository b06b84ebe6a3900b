// SPDX-License-Identifier: GPL-3.0-only

//! The options of `conveyor-node dev`.

use super::relay::SimulatedRelay;
use cumulus_client_cli::NormalizedRunCmd;
use sc_cli::Cors;
use std::{ops::RangeInclusive, time::Duration};

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

/// Run a development chain: one process, no relay chain but a simulated one.
///
/// Blocks are built ahead of their inclusion, as on a real relay chain, so that the unincluded
/// segment fills and the limits of pallet-velocity apply. The chain is `dev` with Alice as its only
/// collator and sudo, unless `--chain` says otherwise. Its state is thrown away at the end, unless
/// `--base-path` says where to keep it.
#[derive(Clone, Debug, clap::Parser)]
#[group(skip)]
pub(crate) struct DevCmd {
	/// How long a relay slot takes on the clock, in milliseconds.
	///
	/// On chain a relay slot is 6 s whatever this says: with less, the chain's time runs faster
	/// than the clock.
	#[arg(long, value_name = "MS", default_value_t = 6_000, value_parser = in_range(RELAY_SLOT_MS))]
	pub(crate) relay_slot_ms: u64,

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

	/// The node's configuration, with what a development chain does not need to be told.
	pub(crate) fn run_cmd(&self) -> NormalizedRunCmd {
		let mut base = self.base.clone();
		// Temporary state, Alice's keys, and no network key needed.
		base.shared_params.dev = true;
		base.rpc_params
			.rpc_cors
			.get_or_insert_with(|| Cors::List(BROWSER_ORIGINS.map(Into::into).into()));
		NormalizedRunCmd { base }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use sc_cli::CliConfiguration;

	fn parse(args: &[&str]) -> Result<DevCmd, String> {
		DevCmd::try_parse_from(["dev"].iter().chain(args)).map_err(|error| error.to_string())
	}

	#[test]
	fn defaults_are_those_of_a_relay_chain() {
		let dev = parse(&[]).unwrap();
		assert_eq!((dev.relay_slot_ms, dev.inclusion_delay), (6_000, 2));
		let run = dev.run_cmd();
		assert!(run.is_dev().unwrap());
		assert_eq!(run.chain_id(true).unwrap(), "dev");
		let cors = run.rpc_cors(true).unwrap().expect("not everybody");
		assert!(cors.contains(&"https://polkadot.js.org".to_string()));
		assert!(cors.contains(&"http://localhost:*".to_string()));
	}

	#[test]
	fn what_is_said_is_done() {
		let dev = parse(&["--chain", "local", "--rpc-cors", "all", "--base-path", "/a"]).unwrap();
		let run = dev.run_cmd();
		assert_eq!(run.chain_id(true).unwrap(), "local");
		assert_eq!(run.rpc_cors(true).unwrap(), None);
		assert_eq!(run.base_path().unwrap().unwrap().path(), std::path::Path::new("/a"));
	}

	#[test]
	fn values_out_of_range_are_refused_with_the_range() {
		let error = parse(&["--relay-slot-ms", "5"]).unwrap_err();
		assert!(error.contains("5 is out of range, choose between 50 and 60000"), "{error}");
		let error = parse(&["--inclusion-delay", "0"]).unwrap_err();
		assert!(error.contains("0 is out of range, choose between 1 and 32"), "{error}");
		assert!(parse(&["--inclusion-delay", "some"]).is_err());
	}
}
