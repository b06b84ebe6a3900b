// SPDX-License-Identifier: GPL-3.0-only

//! Sets ParityDB as the database of both parts of the node.
//!
//! The SDK's default is RocksDB if any crate enables the feature `rocksdb` of `sc-cli`, which `polkadot-cli`
//! always does. The workspace replaces RocksDB with a crate that opens nothing (`patches/kvdb-rocksdb`), so the
//! default would fail. Every configuration of this node therefore comes from here: [`runner`] for the
//! parachain's part, [`configuration`] for the relay chain's part.

use clap::ValueEnum;
use sc_cli::{CliConfiguration, Database, DefaultConfigurationValues, Runner, SubstrateCli};
use sc_service::Configuration;
use tokio::runtime::Handle;

/// Value of `--database` that is rejected.
///
/// A text, because the variant of [`Database`] exists only with the feature.
const ROCKSDB: &str = "rocksdb";

/// Rejects a command with RocksDB.
///
/// Called before anything is created.
pub(crate) fn refuse_rocksdb<C, V>(command: &C) -> sc_cli::Result<()>
where
	C: CliConfiguration<V>,
	V: DefaultConfigurationValues,
{
	let asked = command.database()?.and_then(|database| database.to_possible_value());
	match asked {
		Some(value) if value.get_name() == ROCKSDB => Err(format!(
			"`--database {ROCKSDB}`: this node supports only ParityDB. Remove the option, or use \
			 `--database paritydb`. A RocksDB database cannot be converted: sync again with another \
			 `--base-path`.",
		)
		.into()),
		_ => Ok(()),
	}
}

/// Returns the runner of `command`, with logger and configuration.
pub(crate) fn runner<S, C, V>(cli: &S, command: &C) -> sc_cli::Result<Runner<S>>
where
	S: SubstrateCli,
	C: CliConfiguration<V>,
	V: DefaultConfigurationValues,
{
	refuse_rocksdb(command)?;
	let mut runner = cli.create_runner(command)?;
	default_to_paritydb(command, runner.config_mut())?;
	Ok(runner)
}

/// Returns the configuration of `command`.
pub(crate) fn configuration<S, C, V>(
	cli: &S,
	command: &C,
	tokio_handle: Handle,
) -> sc_cli::Result<Configuration>
where
	S: SubstrateCli,
	C: CliConfiguration<V>,
	V: DefaultConfigurationValues,
{
	refuse_rocksdb(command)?;
	let mut configuration = cli.create_configuration(command, tokio_handle)?;
	default_to_paritydb(command, &mut configuration)?;
	Ok(configuration)
}

/// Sets ParityDB in `configuration`, unless `command` selects a database.
fn default_to_paritydb<C, V>(command: &C, configuration: &mut Configuration) -> sc_cli::Result<()>
where
	C: CliConfiguration<V>,
	V: DefaultConfigurationValues,
{
	if command.database()?.is_none() {
		// The cache size applies to RocksDB only.
		let cache_size = 0;
		configuration.database =
			command.database_config(&configuration.data_path, cache_size, Database::ParityDb)?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		cli::{Cli, Subcommand},
		relay_chain_cli::{self, RelayChainCli},
	};
	use sc_service::DatabaseSource;
	use std::path::Path;

	fn parachain(args: &[&str]) -> Result<Cli, clap::Error> {
		Cli::try_from_iter(["conveyor-node", "--chain", "local"].iter().chain(args))
	}

	fn relay_chain(parachain: &Configuration, args: &[&str]) -> Option<RelayChainCli> {
		// The embedded live networks are the only relay chains without a file.
		let args = ["--chain", "westend"].iter().chain(args).map(ToString::to_string);
		let base = relay_chain_cli::parse(&args.collect::<Vec<_>>()).ok()?;
		Some(RelayChainCli::new(parachain, base))
	}

	#[track_caller]
	fn assert_paritydb_in(configuration: &Configuration, folder: &Path) {
		match &configuration.database {
			DatabaseSource::ParityDb { path } => {
				assert!(path.starts_with(folder), "{} in {}", path.display(), folder.display());
			},
			other => panic!("{other} instead of ParityDB"),
		}
	}

	#[test]
	fn paritydb_is_the_default_of_both_parts() {
		let tokio = tokio::runtime::Runtime::new().unwrap();
		let folder = tempfile::tempdir().unwrap();
		let base_path = folder.path().to_str().unwrap();

		for explicit in [&[][..], &["--database", "paritydb"]] {
			let cli = parachain(&[&["--base-path", base_path], explicit].concat()).unwrap();
			let para = configuration(&cli, &cli.run.normalize(), tokio.handle().clone()).unwrap();
			assert_paritydb_in(&para, &folder.path().join("chains/conveyor_local"));

			let relay = relay_chain(&para, explicit).unwrap();
			let relay = configuration(&relay, &relay, tokio.handle().clone()).unwrap();
			assert_paritydb_in(&relay, &folder.path().join("polkadot/chains/westend2"));
		}
	}

	#[test]
	fn the_parts_use_different_ports_and_folders() {
		let tokio = tokio::runtime::Runtime::new().unwrap();
		let folder = tempfile::tempdir().unwrap();
		let cli = parachain(&["--base-path", folder.path().to_str().unwrap()]).unwrap();
		let para = configuration(&cli, &cli.run.normalize(), tokio.handle().clone()).unwrap();
		let relay = relay_chain(&para, &[]).unwrap();
		let relay = configuration(&relay, &relay, tokio.handle().clone()).unwrap();

		assert_eq!((para.rpc.port, relay.rpc.port), (9944, 9945));
		let prometheus = |config: &Configuration| {
			config.prometheus_config.as_ref().map(|prometheus| prometheus.port.port())
		};
		assert_eq!((prometheus(&para), prometheus(&relay)), (Some(9615), Some(9616)));
		assert_ne!(para.data_path, relay.data_path);
		assert_ne!(para.network.net_config_path, relay.network.net_config_path);
	}

	#[test]
	fn a_command_without_a_database_option_uses_paritydb() {
		let tokio = tokio::runtime::Runtime::new().unwrap();
		let cli = Cli::try_from_iter(["conveyor-node", "export-genesis-head", "--chain", "local"])
			.unwrap();
		let Some(Subcommand::ExportGenesisHead(command)) = &cli.subcommand else {
			panic!("it is export-genesis-head")
		};
		let configured = configuration(&cli, command, tokio.handle().clone()).unwrap();
		assert_paritydb_in(&configured, configured.base_path.path());
	}

	#[test]
	fn rocksdb_is_rejected_for_both_parts_before_anything_is_created() {
		let tokio = tokio::runtime::Runtime::new().unwrap();
		let folder = tempfile::tempdir().unwrap();
		let base_path = folder.path().join("parachain");
		let base_path_args = ["--base-path", base_path.to_str().unwrap()];
		let rocksdb = ["--database", "rocksdb"];

		// Without the SDK's feature `rocksdb`, clap rejects the value.
		let Ok(cli) = parachain(&[base_path_args, rocksdb].concat()) else { return };
		let refused = configuration(&cli, &cli.run.normalize(), tokio.handle().clone())
			.expect_err("RocksDB cannot be opened")
			.to_string();
		assert!(refused.contains("`--database rocksdb`"), "{refused}");
		assert!(refused.contains("--database paritydb"), "{refused}");
		assert!(!base_path.exists());

		let cli = parachain(&base_path_args).unwrap();
		let para = configuration(&cli, &cli.run.normalize(), tokio.handle().clone()).unwrap();
		let relay = relay_chain(&para, &rocksdb).expect("the same build parses both halves");
		let refused = configuration(&relay, &relay, tokio.handle().clone())
			.expect_err("RocksDB cannot be opened")
			.to_string();
		assert!(refused.contains("--database paritydb"), "{refused}");
		assert!(!base_path.join("polkadot").exists());
	}
}
