// SPDX-License-Identifier: GPL-3.0-only

//! Connections of collators to their neighbors in the authoring order.
//!
//! A block that reaches the next author late is not built on. The runtime returns the authors with the runtime
//! API `AuthorityDiscoveryApi`. A node finds an author's address in the DHT, under the author's session key of
//! type `audi`, and publishes its own address if its keystore has such a key. If the runtime lacks the API,
//! discovery starts after the upgrade to a runtime that has it.

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

/// Settings of discovery, copied from the configuration before the configuration is consumed.
pub(crate) struct DiscoverySettings {
	/// Fork id: distinguishes the chain's network from that of a fork with the same genesis.
	fork_id: Option<String>,
	/// Whether to publish local addresses, for test networks.
	publish_non_global_ips: bool,
	/// Public addresses from the command line.
	public_addresses: Vec<Multiaddr>,
	/// Folder in which the addresses of others are stored.
	cache: Option<PathBuf>,
	/// Metrics registry.
	registry: Option<prometheus_endpoint::Registry>,
}

impl DiscoverySettings {
	/// Returns the settings in `config`.
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

/// Keeps connections to the `max_reserved` nearest other authors, once the runtime returns them.
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
		// Upstream's tasks also wait for the API, but log an error in the meantime if the node has no public
		// address.
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
			// Blocks are still distributed, with more hops.
			log::error!("Collator discovery did not start, its metrics are taken: {error}");
		}
	};
	task_manager.spawn_handle().spawn("collator-discovery-init", "collator-discovery", start);
}

/// Waits until the runtime of a finalized block has the API. Returns `false` if the node stops first.
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

/// Returns whether the runtime at block `at` has the API.
fn has_api(client: &ParachainClient, at: Hash) -> Result<bool, ApiError> {
	client.runtime_api().has_api::<dyn AuthorityDiscoveryApi<Block>>(at)
}
