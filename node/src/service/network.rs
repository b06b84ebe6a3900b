// SPDX-License-Identifier: GPL-3.0-only

//! The parachain's network.
//!
//! Only what depends on the network backend is here, so that only this is compiled for both.

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

/// The parachain's network, running.
pub(crate) struct Network {
	/// The network itself.
	pub(crate) service: Arc<dyn NetworkService>,
	/// What fetches and announces blocks.
	pub(crate) sync: Arc<SyncingService<Block>>,
	/// What spreads transactions.
	pub(crate) transactions: TransactionsHandlerController<Hash>,
	/// Where the RPC asks for peers and the state of the sync.
	pub(crate) system_rpc: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
}

/// What the network is built of.
pub(crate) struct NetworkParams<'a> {
	/// The configuration of the parachain's half.
	pub(crate) config: &'a Configuration,
	/// Which parachain this is.
	pub(crate) para_id: ParaId,
	/// What is synced.
	pub(crate) client: Arc<ParachainClient>,
	/// What is spread.
	pub(crate) transaction_pool: Arc<ParachainPool>,
	/// Where blocks of others go.
	pub(crate) import_queue: DefaultImportQueue<Block>,
	/// The relay chain, which says what to sync to.
	pub(crate) relay_chain: Arc<dyn RelayChainInterface>,
	/// What runs the network's tasks.
	pub(crate) task_manager: &'a TaskManager,
}

/// Starts the network on the backend that the configuration names.
pub(crate) async fn start(params: NetworkParams<'_>) -> Result<Network, sc_service::Error> {
	match params.config.network.network_backend {
		NetworkBackendType::Libp2p => start_on::<NetworkWorker<Block, Hash>>(params).await,
		NetworkBackendType::Litep2p => start_on::<Litep2pNetworkBackend>(params).await,
	}
}

/// Starts the network on the backend `Backend`.
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
			// What follows from `--blocks-pruning`. Another policy is for chains that store data.
			gap_sync_body_policy: None,
		})
		.await?;
	Ok(Network { service, sync, transactions, system_rpc })
}
