// SPDX-License-Identifier: GPL-3.0-only

//! `conveyor-node dev`: the parachain on a simulated relay chain, in one process.
//!
//! The SDK's `--dev` includes every block at once, so that no block is ever under way and no limit
//! ever applies. Here inclusion takes as long as told, and candidates miss their chances and relay
//! blocks are replaced as often as told: by chance, but always the same with the same seed.
//!
//! - [`cli`]: its options.
//! - [`chance`]: what goes wrong.
//! - [`pipeline`]: what becomes of candidates, as plain values.
//! - [`relay`]: the relay chain, made of real blocks.
//! - [`parent`], [`plan`]: what the collator builds on, and which blocks it plans.
//! - [`author`]: the collator.
//! - [`picture`]: what happened, in a line per relay block.
//! - [`start`]: where the relay chain starts, on an empty or an old database.
//! - this file: the node around them, and the clock.

mod author;
mod chance;
mod cli;
mod parent;
mod picture;
mod pipeline;
mod relay;
mod start;

pub(crate) use cli::DevCmd;

use crate::{
	chain_spec,
	cli::Cli,
	database, rpc,
	service::{new_partial, Block, ParachainClient, Service},
};
use author::{Author, SlotUse};
use futures::FutureExt;
use picture::Names;
use relay::{RelayBlock, Settings, SimulatedRelay};
use sc_client_api::{Backend, Finalizer};
use sc_network::{config::FullNetworkConfiguration, Litep2pNetworkBackend, NotificationMetrics};
use sc_service::{Configuration, Error as ServiceError, SpawnTasksParams, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_core::crypto::key_types::AURA;
use sp_keyring::Sr25519Keyring;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Header as _;
use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;

/// Target of the log lines.
const LOG_TARGET: &str = "dev";

/// Run a development chain until it is told to stop.
pub(crate) fn run(cli: &Cli, cmd: &DevCmd) -> sc_cli::Result<()> {
	cmd.check()?;
	let mut runner = database::runner(cli, &cmd.run_cmd())?;
	let collators = cmd.collators();
	if collators.len() > 1 {
		runner.config_mut().chain_spec = Box::new(chain_spec::development_with(&collators)?);
	}
	let (relay_slot, settings) = (cmd.relay_slot(), cmd.relay_settings());
	runner.run_node_until_exit(|config| async move {
		start_node(config, relay_slot, settings, &collators).map_err(sc_cli::Error::Service)
	})
}

/// Start everything: the node without peers, its RPC, and the relay chain with its collators.
fn start_node(
	mut config: Configuration,
	relay_slot: Duration,
	settings: Settings,
	collators: &[Sr25519Keyring],
) -> Result<TaskManager, ServiceError> {
	let Service {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain: _,
		transaction_pool,
		other,
	} = new_partial(&config)?;
	let mut telemetry = other.telemetry;

	// Nobody else has this chain.
	config.network.default_peers_set.in_peers = 0;
	config.network.default_peers_set.out_peers = 0;
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config: FullNetworkConfiguration::<_, _, Litep2pNetworkBackend>::new(
				&config.network,
				None,
			),
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: None,
			block_relay: None,
			metrics: NotificationMetrics::new(None),
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(keystore_container.keystore()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			is_validator: true,
			enable_http_requests: true,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	add_keys(&keystore_container.keystore(), collators)?;
	let relay = SimulatedRelay::start_for(&client, &config, settings)?;
	let author = Author {
		client: client.clone(),
		backend: backend.clone(),
		block_import: other.block_import,
		proposer_factory: sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			config.prometheus_registry(),
			telemetry.as_ref().map(|telemetry| telemetry.handle()),
		),
		keystore: keystore_container.keystore(),
		relay_slot,
		names: Names::default(),
	};

	let rpc_builder = {
		let (client, transaction_pool) = (client.clone(), transaction_pool.clone());
		let backend = backend.clone();
		Box::new(move |_| {
			rpc::create_full(rpc::FullDeps {
				client: client.clone(),
				pool: transaction_pool.clone(),
				backend: backend.clone(),
			})
			.map_err(Into::into)
		})
	};
	sc_service::spawn_tasks(SpawnTasksParams {
		rpc_builder,
		client: client.clone(),
		transaction_pool,
		task_manager: &mut task_manager,
		config,
		keystore: keystore_container.keystore(),
		backend,
		network,
		sync_service,
		system_rpc_tx,
		tx_handler_controller,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	task_manager.spawn_essential_handle().spawn(
		"simulated-relay-chain",
		"dev",
		run_relay(client, relay, author, relay_slot),
	);
	Ok(task_manager)
}

/// Let this node author for all of `collators`.
fn add_keys(keystore: &KeystorePtr, collators: &[Sr25519Keyring]) -> Result<(), ServiceError> {
	for collator in collators {
		keystore.sr25519_generate_new(AURA, Some(&collator.to_seed())).map_err(|error| {
			ServiceError::Other(format!(
				"the keystore does not take the key of {collator}: {error}"
			))
		})?;
	}
	Ok(())
}

/// The clock: a relay block and a chance for the collator every `relay_slot`.
async fn run_relay<PF>(
	client: Arc<ParachainClient>,
	mut relay: SimulatedRelay,
	mut author: Author<PF>,
	relay_slot: Duration,
) where
	PF: sp_consensus::Environment<Block> + Send + Sync + 'static,
	PF::Error: Send + Sync + 'static,
	PF::Proposer: Send,
	<PF::Proposer as sp_consensus::Proposer<Block>>::Error: Send + Sync + 'static,
{
	log::info!(
		target: LOG_TARGET,
		"Simulated relay chain starts at block {} in slot {}, a block every {relay_slot:?}",
		relay.tip().header.number,
		*relay.tip().slot,
	);
	let mut slots = tokio::time::interval(relay_slot);
	slots.set_missed_tick_behavior(MissedTickBehavior::Delay);
	loop {
		slots.tick().await;
		if let Some(sibling) = relay.reorganize().cloned() {
			let number = sibling.header.number;
			log::info!(
				target: LOG_TARGET,
				"-- the relay chain takes another branch: R{number} did not count",
			);
			tell(&relay, &sibling, None);
		}
		relay.advance();
		let used = match finalize_settled(&client, &relay) {
			Ok(()) => author.use_slot(&mut relay).await,
			Err(error) => Err(error),
		};
		tell(&relay, relay.tip(), used.as_ref().ok());
		if let Err(error) = used {
			log::error!(
				target: LOG_TARGET,
				"R{}: no block, trying again in the next slot: {error}",
				relay.tip().header.number,
			);
		}
	}
}

/// Finalize what the relay chain has included for good.
fn finalize_settled(client: &ParachainClient, relay: &SimulatedRelay) -> Result<(), author::Error> {
	let included = author::header_of(&relay.settled().para.included)?;
	if *included.number() > client.info().finalized_number {
		client.finalize_block(included.hash(), None, true)?;
	}
	Ok(())
}

/// Log what happened in a relay block.
fn tell(relay: &SimulatedRelay, block: &RelayBlock, used: Option<&SlotUse>) {
	let number_of = |head| author::header_of(head).map_or(0, |header| *header.number());
	let under_way = number_of(relay.newest_head()).saturating_sub(number_of(&block.para.included));
	let line = picture::line(block.header.number, &block.happened, used, relay.cores(), under_way);
	log::info!(target: LOG_TARGET, "{line}");
}
