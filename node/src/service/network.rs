// SPDX-License-Identifier: GPL-3.0-only

//! The parachain's network.
//!
//! Contains only code that depends on the network backend, because it is compiled for both.

use super::types::{Block, Hash, ParachainClient, ParachainPool};
use cumulus_client_service::BuildNetworkParams;
use cumulus_primitives_core::ParaId;
use cumulus_relay_chain_interface::RelayChainInterface;
use sc_consensus::DefaultImportQueue;
use sc_network::{
	config::{FullNetworkConfiguration, NetworkBackendType},
	service::traits::NetworkService,
	Litep2pNetworkBackend, NetworkBackend, NetworkWorker,
};
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_service::{Configuration, TaskManager};
use sc_utils::mpsc::TracingUnboundedSender;
use std::sync::Arc;

/// The parachain's running network.
pub(crate) struct Network {
	/// Network service.
	pub(crate) service: Arc<dyn NetworkService>,
	/// Fetches and announces blocks.
	pub(crate) sync: Arc<SyncingService<Block>>,
	/// Distributes transactions.
	pub(crate) transactions: TransactionsHandlerController<Hash>,
	/// Returns peers and sync state for the RPC.
	pub(crate) system_rpc: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
}

/// Dependencies of the network.
pub(crate) struct NetworkParams<'a> {
	/// Configuration of the parachain's part.
	pub(crate) config: &'a Configuration,
	/// Para id.
	pub(crate) para_id: ParaId,
	/// Client.
	pub(crate) client: Arc<ParachainClient>,
	/// Transaction pool.
	pub(crate) transaction_pool: Arc<ParachainPool>,
	/// Queue for received blocks.
	pub(crate) import_queue: DefaultImportQueue<Block>,
	/// Relay chain, which determines the sync target.
	pub(crate) relay_chain: Arc<dyn RelayChainInterface>,
	/// Spawns the network's tasks.
	pub(crate) task_manager: &'a TaskManager,
}

/// Starts the network with the configured backend.
pub(crate) async fn start(params: NetworkParams<'_>) -> Result<Network, sc_service::Error> {
	match params.config.network.network_backend {
		NetworkBackendType::Libp2p => start_on::<NetworkWorker<Block, Hash>>(params).await,
		NetworkBackendType::Litep2p => start_on::<Litep2pNetworkBackend>(params).await,
	}
}

/// Starts the network with `Backend`.
async fn start_on<Backend>(
	NetworkParams {
		config,
		para_id,
		client,
		transaction_pool,
		import_queue,
		relay_chain,
		task_manager,
	}: NetworkParams<'_>,
) -> Result<Network, sc_service::Error>
where
	Backend: NetworkBackend<Block, Hash>,
{
	let registry = config.prometheus_registry();
	let net_config =
		FullNetworkConfiguration::<Block, Hash, Backend>::new(&config.network, registry.cloned());
	let (service, system_rpc, transactions, sync, _bitswap) =
		cumulus_client_service::build_network(BuildNetworkParams {
			parachain_config: config,
			net_config,
			client,
			transaction_pool,
			para_id,
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			relay_chain_interface: relay_chain,
			import_queue,
			metrics: Backend::register_notification_metrics(registry),
			// Follows from `--blocks-pruning`. The other policy is for chains that store data.
			gap_sync_body_policy: None,
		})
		.await?;
	Ok(Network { service, sync, transactions, system_rpc })
}
