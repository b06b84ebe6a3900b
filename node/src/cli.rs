// SPDX-License-Identifier: GPL-3.0-only

//! The command line: what can be typed, and what of it is refused with a reason.
//!
//! Arguments that come after `--` are the relay chain's, see [`crate::relay_chain_cli`].

use crate::{chain_spec, dev::DevCmd, service::NodeOptions};
use sc_cli::SubstrateCli;
use sc_service::ChainSpec;
use sc_storage_monitor::StorageMonitorParams;
use std::{fmt, path::PathBuf, str::FromStr};

/// Arguments of the node.
#[derive(Debug, clap::Parser)]
#[command(
	propagate_version = true,
	args_conflicts_with_subcommands = true,
	subcommand_negates_reqs = true
)]
pub(crate) struct Cli {
	/// Something else than to run a node of the chain.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// What every node of a parachain understands.
	#[command(flatten)]
	pub(crate) run: cumulus_client_cli::RunCmd,

	/// When to stop because the disk is nearly full.
	#[command(flatten)]
	pub(crate) storage_monitor: StorageMonitorParams,

	/// How blocks are authored. `slot-based` is the only way.
	#[arg(long, value_name = "STYLE", default_value_t = Authoring::SlotBased)]
	pub(crate) authoring: Authoring,

	/// Do not measure the hardware at the start.
	///
	/// The measurement takes a few seconds, goes to the log and to telemetry if there is any, and
	/// warns a collator whose hardware is slower than the relay chain expects.
	#[arg(long)]
	pub(crate) no_hardware_benchmarks: bool,

	/// Write every proof of validity that this collator builds to the given folder.
	///
	/// One file a core, to find out why validators reject a candidate.
	#[arg(long, value_name = "PATH")]
	pub(crate) export_pov_to_path: Option<PathBuf>,

	/// How many neighbours in the order of authoring a collator keeps a connection open for.
	///
	/// Has an effect as soon as the runtime has the runtime API `AuthorityDiscoveryApi`. Zero
	/// turns it off.
	#[arg(long, value_name = "N", default_value_t = 32)]
	pub(crate) collator_reserved_slots: usize,

	/// Arguments of the relay chain's half of the node, after a `--`.
	#[arg(raw = true)]
	pub(crate) relay_chain_args: Vec<String>,
}

/// What can be done instead of running a node of the chain.
// Parsed once in a process and then only read: no size is worth an allocation.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Run a development chain on a simulated relay chain: no relay chain node, real inclusion.
	Dev(DevCmd),

	/// Print an embedded or a given chain specification.
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Write an embedded or a given chain specification to a file.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Make a chain specification from a runtime's Wasm, or change one. Also for relay chains.
	ChainSpecBuilder(chain_spec_builder::ChainSpecBuilder),

	/// Execute a block of the database once more.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state after a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file into the database.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Take blocks that are not finalized out of the database.
	Revert(sc_cli::RevertCmd),

	/// Remove the databases of the parachain and of the relay chain's half.
	PurgeChain(PurgeChainCmd),

	/// Write the genesis head of the parachain, which its registration needs.
	#[command(alias = "export-genesis-state")]
	ExportGenesisHead(cumulus_client_cli::ExportGenesisHeadCommand),

	/// Write the genesis code of the parachain, which its registration needs.
	ExportGenesisWasm(cumulus_client_cli::ExportGenesisWasmCommand),

	/// Make, inspect and use keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Measure weights and hardware.
	#[command(subcommand)]
	Benchmark(frame_benchmarking_cli::BenchmarkCmd),
}

/// Which databases to remove, and, after `--`, which relay chain they are of.
#[derive(Debug, clap::Parser)]
#[group(skip)]
pub(crate) struct PurgeChainCmd {
	/// Which databases, and whether to ask first.
	#[command(flatten)]
	pub(crate) base: cumulus_client_cli::PurgeChainCmd,

	/// Arguments of the relay chain's half, after a `--`: its `--chain` says which one it is.
	#[arg(raw = true)]
	pub(crate) relay_chain_args: Vec<String>,
}

/// How blocks are authored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authoring {
	/// Once a relay slot, as many blocks as the target block rate says, on the relay parent that
	/// is the relay parent offset behind the relay chain's tip.
	SlotBased,
}

impl fmt::Display for Authoring {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::SlotBased => f.write_str("slot-based"),
		}
	}
}

impl FromStr for Authoring {
	type Err = String;

	fn from_str(style: &str) -> Result<Self, Self::Err> {
		match style {
			"slot-based" => Ok(Self::SlotBased),
			"lookahead" => Err("the lookahead collator builds on the relay chain's tip and \
				brings no descendants of the relay parent: a runtime with a relay parent offset \
				above 0, like this one, panics on every block it builds. Leave the option out, or \
				say `slot-based`"
				.into()),
			_ => Err("the only value is `slot-based`".into()),
		}
	}
}

impl Cli {
	/// Refuses what clap cannot know to be wrong: nothing has been created yet.
	pub(crate) fn check(&self) -> sc_cli::Result<()> {
		if self.run.base.shared_params.dev {
			return Err("`--dev` starts nothing here: with the SDK's `--dev` a block's parent is \
				always included already, so that nothing of asynchronous backing happens. `dev` \
				(without dashes) runs a development chain on a simulated relay chain; `--chain \
				dev` uses the development chain's specification on a real one."
				.to_string()
				.into());
		}
		if let Some(percentage) = self.run.experimental_max_pov_percentage {
			if !(1..=100).contains(&percentage) {
				return Err(format!(
					"`--experimental-max-pov-percentage {percentage}`: it is a share of the \
					 largest proof of validity that the relay chain accepts, so it is at least 1 \
					 and at most 100. Leave it out for 85.",
				)
				.into());
			}
		}
		Ok(())
	}

	/// What of the arguments the running node needs beyond its configuration.
	pub(crate) fn node_options(&self) -> NodeOptions {
		NodeOptions {
			collator: self.run.collator_options(),
			export_pov: self.export_pov_to_path.clone(),
			max_pov_percentage: self.run.experimental_max_pov_percentage,
			collator_reserved_slots: self.collator_reserved_slots,
			storage_monitor: self.storage_monitor.clone(),
		}
	}
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Conveyor Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		format!(
			"{description}\n\n\
			 Arguments before `--` are the parachain's, arguments after it are the relay \
			 chain's:\n\n    {name} [parachain arguments] -- [relay chain arguments]\n\n\
			 A development chain that needs no relay chain:\n\n    {name} dev",
			description = env!("CARGO_PKG_DESCRIPTION"),
			name = Self::executable_name(),
		)
	}

	fn author() -> String {
		"the authors of Conveyor".into()
	}

	fn support_url() -> String {
		"the issue tracker of the place you have Conveyor from".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
		chain_spec::load(id)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
		Cli::try_from_iter(std::iter::once(&"conveyor-node").chain(args))
	}

	fn parsed(args: &[&str]) -> Cli {
		parse(args).unwrap_or_else(|error| panic!("{args:?}: {error}"))
	}

	#[test]
	fn the_command_line_is_consistent() {
		Cli::setup_command(Cli::command()).debug_assert();
	}

	#[test]
	fn every_subcommand_parses() {
		for args in [
			&["dev"][..],
			&["build-spec", "--chain", "local", "--raw", "--disable-default-bootnode"],
			&["export-chain-spec", "--chain", "local", "--output", "spec.json", "--raw"],
			&[
				"chain-spec-builder",
				"create",
				"--runtime",
				"relay.wasm",
				"-t",
				"local",
				"named-preset",
				"local_testnet",
			],
			&["chain-spec-builder", "convert-to-raw", "spec.json"],
			&["check-block", "--chain", "local", "1"],
			&["export-blocks", "--chain", "local", "--from", "1", "--to", "2"],
			&["export-state", "--chain", "local", "1"],
			&["import-blocks", "--chain", "local", "blocks"],
			&["revert", "--chain", "local", "2"],
			&["purge-chain", "--chain", "local", "-y", "--", "--chain", "relay.json"],
			&["export-genesis-head", "--chain", "local", "head"],
			&["export-genesis-state", "--chain", "local", "--raw", "head"],
			&["export-genesis-wasm", "--chain", "local", "wasm"],
			&["key", "generate-node-key"],
			&["benchmark", "pallet", "--runtime", "runtime.wasm", "--pallet", "*", "--list"],
			&["benchmark", "overhead", "--runtime", "runtime.wasm"],
			&["benchmark", "block", "--chain", "local", "--from", "1", "--to", "2"],
			&["benchmark", "storage", "--chain", "local", "--state-version", "1"],
			&["benchmark", "machine", "--chain", "local"],
			&["benchmark", "extrinsic", "--chain", "local", "--list"],
		] {
			assert!(parsed(args).subcommand.is_some(), "{args:?}");
		}
	}

	#[test]
	fn both_halves_get_their_arguments() {
		let cli = parsed(&[
			"--collator",
			"--chain",
			"local",
			"--authoring=slot-based",
			"--no-hardware-benchmarks",
			"--relay-chain-rpc-urls",
			"ws://127.0.0.1:9944",
			"--no-dht-bootnode",
			"--no-dht-bootnode-discovery",
			"--export-pov-to-path",
			"povs",
			"--experimental-max-pov-percentage",
			"60",
			"--",
			"--chain",
			"relay.json",
			"--port",
			"30400",
		]);
		cli.check().expect("all of it is valid");
		assert!(cli.run.collator && cli.no_hardware_benchmarks);
		assert_eq!(cli.relay_chain_args, ["--chain", "relay.json", "--port", "30400"]);

		let options = cli.node_options();
		assert_eq!(options.max_pov_percentage, Some(60));
		assert_eq!(options.export_pov, Some("povs".into()));
		assert!(!options.collator.embedded_dht_bootnode);
		assert!(!options.collator.dht_bootnode_discovery);
		assert!(matches!(
			options.collator.relay_chain_mode,
			cumulus_client_cli::RelayChainMode::ExternalRpc(urls) if urls.len() == 1
		));
	}

	#[test]
	fn only_slot_based_authoring_is_accepted() {
		assert_eq!(parsed(&[]).authoring, Authoring::SlotBased);
		assert_eq!(parsed(&["--authoring", "slot-based"]).authoring, Authoring::SlotBased);

		let lookahead = parse(&["--authoring", "lookahead"]).unwrap_err().to_string();
		assert!(lookahead.contains("relay parent offset above 0"), "{lookahead}");
		assert!(lookahead.contains("slot-based"), "{lookahead}");

		let unknown = parse(&["--authoring", "manual"]).unwrap_err().to_string();
		assert!(unknown.contains("the only value is `slot-based`"), "{unknown}");
	}

	#[test]
	fn the_sdk_s_dev_is_refused_with_what_to_do_instead() {
		let error = parsed(&["--dev"]).check().unwrap_err().to_string();
		assert!(error.contains("`dev` (without dashes)"), "{error}");
		assert!(error.contains("--chain dev"), "{error}");
	}

	#[test]
	fn a_share_of_the_largest_pov_is_between_1_and_100() {
		for (percentage, valid) in [("0", false), ("1", true), ("100", true), ("101", false)] {
			let checked = parsed(&["--experimental-max-pov-percentage", percentage]).check();
			assert_eq!(checked.is_ok(), valid, "{percentage}");
			if let Err(error) = checked {
				let error = error.to_string();
				assert!(error.contains(percentage) && error.contains("at most 100"), "{error}");
			}
		}
	}
}
