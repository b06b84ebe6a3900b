// SPDX-License-Identifier: GPL-3.0-only

//! Runs the command of the command line.

use crate::{
	benchmark,
	cli::{Cli, PurgeChainCmd, Subcommand},
	database, dev,
	relay_chain_cli::{self, RelayChainCli},
	service::{self, Service},
};
use frame_benchmarking_cli::SUBSTRATE_REFERENCE_HARDWARE;
use sc_cli::SubstrateCli;
use sc_service::Configuration;
use sc_sysinfo::HwBench;

/// Parses the command line and runs the command.
pub(crate) fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	let Some(subcommand) = &cli.subcommand else { return run_node(&cli) };
	match subcommand {
		Subcommand::Dev(command) => dev::run(&cli, command),
		Subcommand::BuildSpec(command) => database::runner(&cli, command)?
			.sync_run(|config| command.run(config.chain_spec, config.network)),
		Subcommand::ExportChainSpec(command) => command.run(cli.load_spec(&command.chain)?),
		Subcommand::ChainSpecBuilder(command) => command.run().map_err(Into::into),
		Subcommand::CheckBlock(command) => database::runner(&cli, command)?.async_run(|config| {
			let Service { client, import_queue, task_manager, .. } = service::new_partial(&config)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Subcommand::ExportBlocks(command) => database::runner(&cli, command)?.async_run(|config| {
			let Service { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((command.run(client, config.database), task_manager))
		}),
		Subcommand::ExportState(command) => database::runner(&cli, command)?.async_run(|config| {
			let Service { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((command.run(client, config.chain_spec), task_manager))
		}),
		Subcommand::ImportBlocks(command) => database::runner(&cli, command)?.async_run(|config| {
			let Service { client, import_queue, task_manager, .. } = service::new_partial(&config)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Subcommand::Revert(command) => database::runner(&cli, command)?.async_run(|config| {
			let Service { client, backend, task_manager, .. } = service::new_partial(&config)?;
			Ok((command.run(client, backend, None), task_manager))
		}),
		Subcommand::PurgeChain(command) => purge_chain(&cli, command),
		Subcommand::ExportGenesisHead(command) => {
			database::runner(&cli, command)?.sync_run(|config| {
				let Service { client, .. } = service::new_partial(&config)?;
				command.run(client)
			})
		},
		Subcommand::ExportGenesisWasm(command) => {
			let params = &command.shared_params;
			let spec = cli.load_spec(&params.chain_id(params.is_dev()))?;
			command.run(&*spec)
		},
		Subcommand::Key(command) => command.run(&cli),
		Subcommand::Benchmark(command) => benchmark::run(&cli, command),
	}
}

/// Runs a node of the chain until a stop signal or a failure.
fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	// Checks the arguments of both parts first, so that a wrong argument does not leave folders behind.
	cli.check()?;
	let relay_chain_args = relay_chain_cli::parse(&cli.relay_chain_args)?;
	database::refuse_rocksdb(&relay_chain_args.base)?;

	let runner = database::runner(cli, &cli.run.normalize())?;
	let relay_chain = RelayChainCli::new(runner.config(), relay_chain_args);
	let relay_chain_config = relay_chain_configuration(runner.config(), &relay_chain)?;

	runner.run_node_until_exit(|config| async move {
		let hwbench = if cli.no_hardware_benchmarks { None } else { measure_hardware(&config) };
		if config.role.is_authority() {
			log::info!("✍️  Collating: yes, {} authoring", cli.authoring);
		} else {
			log::info!("✍️  Collating: no");
		}
		service::start_node(config, relay_chain_config, cli.node_options(), hwbench)
			.await
			.map_err(Into::into)
	})
}

/// Returns the configuration of the relay chain's part.
fn relay_chain_configuration(
	parachain: &Configuration,
	relay_chain: &RelayChainCli,
) -> sc_cli::Result<Configuration> {
	let mut config =
		database::configuration(relay_chain, relay_chain, parachain.tokio_handle.clone())?;
	// As upstream: the relay chain's part of a collator does not listen on WebRTC by default.
	if parachain.role.is_authority() && !relay_chain.chose_addresses() {
		config.network.remove_webrtc_addresses();
	}
	Ok(config)
}

/// Measures the hardware, with the disk of the database.
fn measure_hardware(config: &Configuration) -> Option<HwBench> {
	let folder = config.database.path()?;
	if let Err(error) = std::fs::create_dir_all(folder) {
		// Opening the database will fail for the same reason and stop the node.
		log::warn!("cannot create {} to measure its disk: {error}", folder.display());
		return None;
	}
	Some(sc_sysinfo::gather_hwbench(Some(folder), &SUBSTRATE_REFERENCE_HARDWARE))
}

/// Removes the databases of the parachain, of the relay chain's part, or of both.
fn purge_chain(cli: &Cli, command: &PurgeChainCmd) -> sc_cli::Result<()> {
	let both = command.base.parachain == command.base.relaychain;
	let relay_chain_args = relay_chain_cli::parse(&command.relay_chain_args)?;
	let runner = database::runner(cli, &command.base)?;

	// The relay chain's folder depends on its specification, so that is loaded before anything is removed.
	let relay_chain_database = if both || command.base.relaychain {
		let relay_chain = RelayChainCli::new(runner.config(), relay_chain_args);
		let config = relay_chain_configuration(runner.config(), &relay_chain).map_err(|error| {
			let error = match error {
				sc_cli::Error::Input(text) => text,
				other => other.to_string(),
			};
			format!("{error} `--parachain` removes only the parachain's database.")
		})?;
		Some(config.database)
	} else {
		None
	};

	runner.sync_run(|config| {
		// The SDK's command and not cumulus': it also removes the folder of the candidates' data, which is
		// beside the database.
		if both || command.base.parachain {
			command.base.base.run(config.database)?;
		}
		relay_chain_database.map_or(Ok(()), |database| command.base.base.run(database))
	})
}
