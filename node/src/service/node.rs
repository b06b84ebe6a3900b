// SPDX-License-Identifier: GPL-3.0-only

//! The complete node: a parachain's part and a relay chain's part in one process.

use super::{
	collator::{self, CollatorParams},
	discovery::{self, DiscoverySettings},
	hardware,
	network::{self, Network, NetworkParams},
	para_id,
	partial::{new_partial, Other, Service},
	requirements,
	types::{Block, ParachainBackend, ParachainClient, ParachainPool, RELAY_CHAIN_SLOT_DURATION},
};
use crate::rpc::{self, FullDeps};
use codec::Encode;
use cumulus_client_bootnodes::{start_bootnode_tasks, StartBootnodeTasksParams};
use cumulus_client_cli::CollatorOptions;
use cumulus_client_service::{
	build_relay_chain_interface, prepare_node_config, start_relay_chain_tasks, DARecoveryProfile,
	ParachainTracingExecuteBlock, StartRelayChainTasksParams,
};
use futures::FutureExt;
use sc_client_api::Backend;
use sc_consensus::ImportQueue;
use sc_network::{service::traits::NetworkService, NetworkBlock, NetworkStateInfo};
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{Configuration, SpawnTasksParams, TaskManager};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_sysinfo::HwBench;
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::AccountIdConversion;
use std::{error::Error, path::Path, sync::Arc};

/// Options of a node in addition to its configuration.
pub(crate) struct NodeOptions {
	/// Source of the relay chain, and bootnode tasks.
	pub(crate) collator: CollatorOptions,
	/// Folder for all PoVs, if they are stored.
	pub(crate) export_pov: Option<std::path::PathBuf>,
	/// Maximum size of a PoV, in percent of the relay chain's maximum. Default 85.
	pub(crate) max_pov_percentage: Option<u32>,
	/// Number of other authors to keep connections to; 0 disables it.
	pub(crate) collator_reserved_slots: usize,
	/// Options of the disk space monitor.
	pub(crate) storage_monitor: StorageMonitorParams,
}

/// Starts the node: a collator if the configuration's role is authority, otherwise a full node.
///
/// The returned task manager runs the node and ends when an essential task fails.
#[sc_tracing::logging::prefix_logs_with("Parachain")]
pub(crate) async fn start_node(
	config: Configuration,
	relay_chain_config: Configuration,
	options: NodeOptions,
	hwbench: Option<HwBench>,
) -> Result<TaskManager, sc_service::Error> {
	let config = prepare_node_config(config);
	let Service {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		transaction_pool,
		other: Other { block_import, block_import_handle, mut telemetry, telemetry_worker_handle },
		..
	} = new_partial(&config)?;
	let keystore = keystore_container.keystore();

	let is_collator = config.role.is_authority();
	if is_collator {
		requirements::check(&client)?;
	}
	let para_id = para_id(&client, Some(&*config.chain_spec))?;
	let account: polkadot_primitives::AccountId = para_id.into_account_truncating();
	log::info!("🪪 Parachain {para_id}, its account on the relay chain is {account}");

	// Values that are needed after the configurations are consumed.
	let registry = config.prometheus_registry().cloned();
	let discovery = DiscoverySettings::new(&config);
	let parachain_fork_id = config.chain_spec.fork_id().map(ToString::to_string);
	let parachain_public_addresses = config.network.public_addresses.clone();
	let advertise_non_global_ips = config.network.allow_non_globals_in_dht;
	let database_path = config.database.path().map(Path::to_path_buf);
	let relay_chain_fork_id = relay_chain_config.chain_spec.fork_id().map(ToString::to_string);

	let (relay_chain, collator_key, relay_chain_network, bootnode_requests) =
		build_relay_chain_interface(
			relay_chain_config,
			&config,
			telemetry_worker_handle,
			&mut task_manager,
			options.collator.clone(),
			hwbench.clone(),
		)
		.await
		.map_err(application)?;

	let import_queue_service = import_queue.service();
	let Network { service: network, sync, transactions, system_rpc } =
		network::start(NetworkParams {
			config: &config,
			para_id,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			import_queue,
			relay_chain: relay_chain.clone(),
			task_manager: &task_manager,
		})
		.await?;

	if is_collator && options.collator_reserved_slots > 0 {
		discovery::start(
			options.collator_reserved_slots,
			discovery,
			client.clone(),
			network.clone(),
			sync.clone(),
			keystore.clone(),
			&task_manager,
		);
	}

	if config.offchain_worker.enabled {
		start_offchain_workers(
			is_collator,
			client.clone(),
			&backend,
			transaction_pool.clone(),
			network.clone(),
			keystore.clone(),
			&task_manager,
		)?;
	}

	let rpc_builder = {
		let (client, backend, pool) = (client.clone(), backend.clone(), transaction_pool.clone());
		Box::new(move |_| {
			rpc::create_full(FullDeps {
				client: client.clone(),
				backend: backend.clone(),
				pool: pool.clone(),
			})
			.map_err(Into::into)
		})
	};
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend: backend.clone(),
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx: system_rpc,
		tx_handler_controller: transactions,
		sync_service: sync.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: Some(Arc::new(ParachainTracingExecuteBlock::new(client.clone()))),
	})?;

	if let Some(path) = database_path {
		StorageMonitorService::try_spawn(
			options.storage_monitor,
			path,
			&task_manager.spawn_essential_handle(),
		)
		.map_err(application)?;
	}
	if let Some(hwbench) = hwbench {
		hardware::report(hwbench, is_collator, telemetry.as_ref(), &task_manager);
	}

	let announce_block = {
		let sync = sync.clone();
		Arc::new(move |block, data| sync.announce_block(block, data))
	};
	let overseer_handle = relay_chain.overseer_handle().map_err(application)?;
	start_relay_chain_tasks(StartRelayChainTasksParams {
		client: client.clone(),
		announce_block: announce_block.clone(),
		para_id,
		relay_chain_interface: relay_chain.clone(),
		task_manager: &mut task_manager,
		da_recovery_profile: if is_collator {
			DARecoveryProfile::Collator
		} else {
			DARecoveryProfile::FullNode
		},
		import_queue: import_queue_service,
		relay_chain_slot_duration: RELAY_CHAIN_SLOT_DURATION,
		recovery_handle: Box::new(overseer_handle),
		sync_service: sync,
		prometheus_registry: registry.as_ref(),
	})?;

	let relay_chain_peer_id = relay_chain_network.local_peer_id();
	start_bootnode_tasks(StartBootnodeTasksParams {
		embedded_dht_bootnode: options.collator.embedded_dht_bootnode,
		dht_bootnode_discovery: options.collator.dht_bootnode_discovery,
		para_id,
		task_manager: &mut task_manager,
		relay_chain_interface: relay_chain.clone(),
		relay_chain_fork_id,
		relay_chain_network,
		request_receiver: bootnode_requests,
		parachain_network: network,
		advertise_non_global_ips,
		parachain_genesis_hash: client.info().genesis_hash.encode(),
		parachain_fork_id,
		parachain_public_addresses,
	});

	if is_collator {
		collator::start(CollatorParams {
			para_id,
			client,
			backend,
			block_import,
			block_import_handle,
			transaction_pool,
			relay_chain,
			keystore,
			collator_key: collator_key.ok_or(
				"the relay chain's half has no key to collate with, although the parachain's \
				 half is a collator",
			)?,
			relay_chain_peer_id,
			announce_block,
			export_pov: options.export_pov,
			max_pov_percentage: options.max_pov_percentage,
			registry: registry.as_ref(),
			telemetry: telemetry.as_ref().map(Telemetry::handle),
			task_manager: &task_manager,
		});
	}

	Ok(task_manager)
}

/// Runs the runtime's offchain workers after each block.
fn start_offchain_workers(
	is_collator: bool,
	client: Arc<ParachainClient>,
	backend: &ParachainBackend,
	transaction_pool: Arc<ParachainPool>,
	network: Arc<dyn NetworkService>,
	keystore: KeystorePtr,
	task_manager: &TaskManager,
) -> Result<(), sc_service::Error> {
	let workers = OffchainWorkers::<_, Block, _>::new(OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		keystore: Some(keystore),
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool)),
		network_provider: Arc::new(network),
		is_validator: is_collator,
		enable_http_requests: true,
		custom_extensions: |_| Vec::new(),
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-work",
		workers.run(client, task_manager.spawn_handle()).boxed(),
	);
	Ok(())
}

/// Converts an error of another crate into the service's error.
fn application(error: impl Error + Send + Sync + 'static) -> sc_service::Error {
	sc_service::Error::Application(Box::new(error))
}
