// SPDX-License-Identifier: GPL-3.0-only

//! The command line of the parachain's part of the node.
//!
//! Arguments after `--` belong to the relay chain's part, see [`crate::relay_chain_cli`].

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
	/// Command other than running a node of the chain.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// Options of every parachain node.
	#[command(flatten)]
	pub(crate) run: cumulus_client_cli::RunCmd,

	/// Options of the disk space monitor.
	#[command(flatten)]
	pub(crate) storage_monitor: StorageMonitorParams,

	/// How blocks are authored. The only value is `slot-based`.
	#[arg(long, value_name = "STYLE", default_value_t = Authoring::SlotBased)]
	pub(crate) authoring: Authoring,

	/// Do not measure the hardware at the start.
	///
	/// The measurement takes a few seconds. The result is logged and sent to telemetry. A collator with
	/// slower hardware than the relay chain recommends gets a warning.
	#[arg(long)]
	pub(crate) no_hardware_benchmarks: bool,

	/// Write every PoV that this collator builds to this folder.
	///
	/// One file per candidate. Helps to find out why validators reject a candidate.
	#[arg(long, value_name = "PATH")]
	pub(crate) export_pov_to_path: Option<PathBuf>,

	/// Number of neighbors in the authoring order to which a collator keeps connections.
	///
	/// Effective if the runtime has the runtime API `AuthorityDiscoveryApi`. 0 disables it.
	#[arg(long, value_name = "N", default_value_t = 32)]
	pub(crate) collator_reserved_slots: usize,

	/// Arguments of the relay chain's part of the node, after `--`.
	#[arg(raw = true)]
	pub(crate) relay_chain_args: Vec<String>,
}

/// Commands other than running a node of the chain.
// Parsed once, so the size of the largest variant does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Run a development chain with a simulated relay chain, where inclusion takes several relay blocks.
	Dev(DevCmd),

	/// Print a chain specification.
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Write a chain specification to a file.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Create a chain specification from a runtime's Wasm, or change one. Also for relay chains.
	ChainSpecBuilder(chain_spec_builder::ChainSpecBuilder),

	/// Execute a block of the database again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks of the database to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Export the state after a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Import blocks from a file into the database.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Revert blocks that are not finalized.
	Revert(sc_cli::RevertCmd),

	/// Remove the databases of the parachain and of the relay chain's part.
	PurgeChain(PurgeChainCmd),

	/// Write the parachain's genesis head, which its registration needs.
	#[command(alias = "export-genesis-state")]
	ExportGenesisHead(cumulus_client_cli::ExportGenesisHeadCommand),

	/// Write the parachain's genesis code, which its registration needs.
	ExportGenesisWasm(cumulus_client_cli::ExportGenesisWasmCommand),

	/// Generate, inspect and use keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Run benchmarks of weights and hardware.
	#[command(subcommand)]
	Benchmark(frame_benchmarking_cli::BenchmarkCmd),
}

/// Options of `purge-chain`.
#[derive(Debug, clap::Parser)]
#[group(skip)]
pub(crate) struct PurgeChainCmd {
	/// Selected databases, and whether to ask before removal.
	#[command(flatten)]
	pub(crate) base: cumulus_client_cli::PurgeChainCmd,

	/// Arguments of the relay chain's part, after `--`. Its `--chain` selects the relay chain.
	#[arg(raw = true)]
	pub(crate) relay_chain_args: Vec<String>,
}

/// Authoring methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authoring {
	/// Builds once per relay slot, on the relay parent that is the relay parent offset behind the relay
	/// chain's tip, as many blocks as the target block rate.
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
			"lookahead" => Err("the lookahead collator sends no descendants of the relay \
				parent, so a runtime with a relay parent offset above 0, like this one, panics on \
				every block. Remove the option, or use `slot-based`"
				.into()),
			_ => Err("the only value is `slot-based`".into()),
		}
	}
}

impl Cli {
	/// Rejects wrong combinations of arguments before anything is created.
	pub(crate) fn check(&self) -> sc_cli::Result<()> {
		if self.run.base.shared_params.dev {
			return Err(
				"`--dev` is not supported: with the SDK's `--dev` every block is included \
				immediately, so the unincluded segment stays empty. Use `dev` (without dashes) to run \
				a development chain with a simulated relay chain, or `--chain dev` to use its \
				specification with a real one."
					.to_string()
					.into(),
			);
		}
		if let Some(percentage) = self.run.experimental_max_pov_percentage {
			if !(1..=100).contains(&percentage) {
				return Err(format!(
					"`--experimental-max-pov-percentage {percentage}`: it is a share of the \
					 relay chain's maximum PoV size, so it must be at least 1 and at most 100. \
					 Remove it to use 85.",
				)
				.into());
			}
		}
		Ok(())
	}

	/// Options that the running node needs in addition to its configuration.
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
			 Arguments before `--` are for the parachain, arguments after it for the relay \
			 chain:\n\n    {name} [parachain arguments] -- [relay chain arguments]\n\n\
			 A development chain with a simulated relay chain:\n\n    {name} dev",
			description = env!("CARGO_PKG_DESCRIPTION"),
			name = Self::executable_name(),
		)
	}

	fn author() -> String {
		"the authors of Conveyor".into()
	}

	fn support_url() -> String {
		"the issue tracker of the Conveyor repository".into()
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
	fn both_parts_get_their_arguments() {
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
	fn the_sdk_s_option_dev_is_rejected_with_the_remedy() {
		let error = parsed(&["--dev"]).check().unwrap_err().to_string();
		assert!(error.contains("`dev` (without dashes)"), "{error}");
		assert!(error.contains("--chain dev"), "{error}");
	}

	#[test]
	fn the_maximum_pov_percentage_is_between_1_and_100() {
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
