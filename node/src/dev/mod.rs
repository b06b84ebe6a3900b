// SPDX-License-Identifier: GPL-3.0-only

//! `conveyor-node dev`: the parachain on a simulated relay chain, in one process.
//!
//! The SDK's `--dev` includes every block at once, so that no block is ever under way and no limit
//! ever applies. Here inclusion takes as long as told.
//!
//! - [`cli`]: its options.
//! - [`relay`]: the relay chain.
//! - [`author`]: the collator.
//! - [`start`]: where the relay chain starts, on an empty or an old database.
//! - this file: the node around them, and the clock.

mod author;
mod cli;
mod relay;
mod start;

pub(crate) use cli::DevCmd;

use crate::{
	cli::Cli,
	database, rpc,
	service::{new_partial, Block, ParachainClient, Service},
};
use author::{Author, SlotOutcome};
use conveyor_runtime::opaque::Header;
use futures::FutureExt;
use relay::SimulatedRelay;
use sc_client_api::{Backend, Finalizer};
use sc_network::{config::FullNetworkConfiguration, Litep2pNetworkBackend, NotificationMetrics};
use sc_service::{Configuration, Error as ServiceError, SpawnTasksParams, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::Header as _;
use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;

/// Target of the log lines.
const LOG_TARGET: &str = "dev";

/// Run a development chain until it is told to stop.
pub(crate) fn run(cli: &Cli, cmd: &DevCmd) -> sc_cli::Result<()> {
	let (relay_slot, inclusion_delay) = (cmd.relay_slot(), cmd.inclusion_delay);
	database::runner(cli, &cmd.run_cmd())?.run_node_until_exit(|config| async move {
		start_node(config, relay_slot, inclusion_delay).map_err(sc_cli::Error::Service)
	})
}

/// Start everything: the node without peers, its RPC, and the relay chain with its collator.
fn start_node(
	mut config: Configuration,
	relay_slot: Duration,
	inclusion_delay: u32,
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

	let relay = SimulatedRelay::start_for(&client, &config, inclusion_delay)?;
	let author = Author {
		client: client.clone(),
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
		relay.advance();
		let outcome = match finalize_included(&client, &relay) {
			Ok(()) => author.use_slot(&mut relay).await,
			Err(error) => Err(error),
		};
		match outcome {
			Ok(outcome) => log::info!(target: LOG_TARGET, "{}", describe(&client, &relay, outcome)),
			Err(error) => log::error!(
				target: LOG_TARGET,
				"Relay block {}: no block, trying again in the next slot: {error}",
				relay.tip().header.number,
			),
		}
	}
}

/// Finalize what the relay chain includes. Its blocks are final at once: it has no forks.
fn finalize_included(
	client: &ParachainClient,
	relay: &SimulatedRelay,
) -> Result<(), author::Error> {
	let included = author::header_of(&relay.tip().included)?;
	if *included.number() > client.info().finalized_number {
		client.finalize_block(included.hash(), None, true)?;
	}
	Ok(())
}

/// What happened in a relay slot, in one line.
fn describe(client: &ParachainClient, relay: &SimulatedRelay, outcome: SlotOutcome) -> String {
	let info = client.info();
	let happened = match outcome {
		SlotOutcome::Built(headers) => {
			let numbers = headers.iter().map(|header: &Header| format!("#{}", header.number));
			format!("built {}", numbers.collect::<Vec<_>>().join(" "))
		},
		SlotOutcome::Refused(refusal) => format!("no block: {refusal}"),
		SlotOutcome::RelayChainTooShort => {
			"no block: the relay chain is shorter than the relay parent offset".into()
		},
		SlotOutcome::NotOurSlot(slot) => {
			format!("no block: this node has no key for the collator of para slot {}", *slot)
		},
		SlotOutcome::RelayParentUsed => {
			"no block: the newest block was built on this relay parent already".into()
		},
	};
	format!(
		"Relay block {}: {happened} (included #{}, {} under way)",
		relay.tip().header.number,
		info.finalized_number,
		info.best_number.saturating_sub(info.finalized_number),
	)
}
