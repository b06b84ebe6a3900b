// SPDX-License-Identifier: GPL-3.0-only

//! Connections that collators keep open to their neighbours in the order of authoring.
//!
//! A block that reaches the next author late is a block that the next author does not build on.
//! The runtime returns the authors by the runtime API `AuthorityDiscoveryApi`. A node finds the address
//! of an author in the DHT, under the author's session key of type `audi`; it publishes its own
//! address if its keystore holds such a key. On a chain whose runtime lacks the API, discovery starts
//! with the upgrade to a runtime that has it.

use super::types::{Block, Hash, ParachainClient};
use cumulus_client_collator_discovery::{start_collator_discovery, StartCollatorDiscoveryParams};
use futures::StreamExt;
use sc_client_api::BlockchainEvents;
use sc_network::{service::traits::NetworkService, Multiaddr};
use sc_network_sync::SyncingService;
use sc_service::{Configuration, TaskManager};
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use sp_authority_discovery::AuthorityDiscoveryApi;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use std::{path::PathBuf, sync::Arc};

/// What the configuration says about discovery. The configuration itself is used up before.
pub(crate) struct DiscoverySettings {
	/// Distinguishes the chain's network from that of a fork with the same genesis.
	fork_id: Option<String>,
	/// Whether to publish addresses that only this machine or site can reach. For test networks.
	publish_non_global_ips: bool,
	/// The addresses that the operator says the node can be reached at.
	public_addresses: Vec<Multiaddr>,
	/// Where the addresses of others are kept between two runs.
	cache: Option<PathBuf>,
	/// Where the metrics go.
	registry: Option<prometheus_endpoint::Registry>,
}

impl DiscoverySettings {
	/// What `config` says about discovery.
	pub(crate) fn new(config: &Configuration) -> Self {
		Self {
			fork_id: config.chain_spec.fork_id().map(ToString::to_string),
			publish_non_global_ips: config.network.allow_non_globals_in_dht,
			public_addresses: config.network.public_addresses.clone(),
			cache: config.network.net_config_path.clone(),
			registry: config.prometheus_registry().cloned(),
		}
	}
}

/// Keeps connections to the `max_reserved` nearest other authors, once the runtime names them.
pub(crate) fn start(
	max_reserved: usize,
	settings: DiscoverySettings,
	client: Arc<ParachainClient>,
	network: Arc<dyn NetworkService>,
	sync_service: Arc<SyncingService<Block>>,
	keystore: KeystorePtr,
	task_manager: &TaskManager,
) {
	let DiscoverySettings { fork_id, publish_non_global_ips, public_addresses, cache, registry } =
		settings;
	let spawn_handle = task_manager.spawn_handle();
	let start = async move {
		// Upstream's tasks wait for the API too, but do not announce this node meanwhile, and log an error
		// if it has no public address.
		if !wait_for_api(&client).await {
			return;
		}
		let started = start_collator_discovery(StartCollatorDiscoveryParams {
			max_reserved,
			authority_discovery: client.clone(),
			genesis_hash: client.info().genesis_hash,
			client,
			network_event_stream: network.event_stream("para-authority-discovery"),
			network,
			sync_service,
			keystore,
			fork_id,
			publish_non_global_ips,
			public_addresses,
			persisted_cache_directory: cache,
			prometheus_registry: registry,
			spawn_handle,
		});
		if let Err(error) = started {
			// Blocks still get around, only with more hops.
			log::error!("Collator discovery did not start, its metrics are taken: {error}");
		}
	};
	task_manager.spawn_handle().spawn("collator-discovery-init", "collator-discovery", start);
}

/// Waits until the runtime of a finalized block has the API. `false` if the node ends before.
async fn wait_for_api(client: &ParachainClient) -> bool {
	let mut finalized = client.finality_notification_stream();
	let mut block = client.info().finalized_hash;
	while !has_api(client, block).unwrap_or(false) {
		match finalized.next().await {
			Some(notification) => block = notification.hash,
			None => return false,
		}
	}
	true
}

/// Whether the runtime at block `at` says who the authors are.
fn has_api(client: &ParachainClient, at: Hash) -> Result<bool, ApiError> {
	client.runtime_api().has_api::<dyn AuthorityDiscoveryApi<Block>>(at)
}
