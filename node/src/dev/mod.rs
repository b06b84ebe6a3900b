// SPDX-License-Identifier: GPL-3.0-only

//! `conveyor-node dev`: the parachain on a simulated relay chain, in one process.
//!
//! The SDK's `--dev` includes every block immediately, so the unincluded segment is always empty and no limit
//! applies. Here inclusion takes a configurable number of relay blocks, and candidates miss attempts and relay
//! blocks are replaced with configurable probabilities, reproducible by a seed.
//!
//! Each file uses only files before it in this list:
//!
//! - [`labels`]: labels of parachain blocks in the log.
//! - [`pipeline`]: life cycle of candidates, as plain values.
//! - [`random_faults`]: decides which candidates miss an attempt, and which relay blocks are replaced.
//! - [`relay`]: the relay chain, made of real blocks.
//! - [`slot_outcome`]: the outcome of a relay slot for the collator.
//! - [`validation`]: validates candidates as a relay chain validator does.
//! - [`collator_rules`]: rules of upstream's collator that this collator repeats.
//! - [`author`]: the collator.
//! - [`display`]: log line of a relay block.
//! - [`start`]: start of the relay chain, on an empty or an existing database.
//! - [`rpc`]: the RPC method that sends a downward message.
//! - [`upstream`]: alternative collator of a real node, in real time.
//! - [`cli`]: the options.
//! - this file: the node, and the clock.

mod author;
mod cli;
mod collator_rules;
mod display;
mod labels;
mod pipeline;
mod random_faults;
mod relay;
mod rpc;
mod slot_outcome;
mod start;
mod upstream;
mod validation;

pub(crate) use cli::DevCmd;

use crate::{
	chain_spec, database,
	rpc::{create_full, FullDeps},
	service::{new_partial, Block, ParachainClient, Service},
};
use author::Author;
use cli::Collator;
use cumulus_client_service::ParachainTracingExecuteBlock;
use futures::FutureExt;
use labels::{Labels, LOG_TARGET};
use relay::{header_of, Settings, SimulatedRelay};
use rpc::{DownwardMessages, DownwardMessagesApiServer, QueuedMessages};
use sc_cli::SubstrateCli;
use sc_client_api::{Backend, Finalizer};
use sc_network::{config::FullNetworkConfiguration, Litep2pNetworkBackend, NotificationMetrics};
use sc_service::{Configuration, Error as ServiceError, SpawnTasksParams, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityId, AuraApi};
use sp_core::crypto::key_types::AURA;
use sp_keyring::Sr25519Keyring;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Header as _;
use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use validation::Validator;

/// Runs a development chain until it is stopped.
pub(crate) fn run<C: SubstrateCli>(cli: &C, cmd: &DevCmd) -> sc_cli::Result<()> {
	cmd.check()?;
	let mut runner = database::runner(cli, &cmd.run_cmd())?;
	let collators = cmd.collators();
	if collators.len() > 1 {
		runner.config_mut().chain_spec = Box::new(chain_spec::development_with(&collators)?);
	}
	let options = Options {
		relay_slot: cmd.relay_slot(),
		settings: cmd.relay_settings(),
		collator: cmd.collator,
		collators,
		validate: !cmd.no_validation,
		is_default_chain: cmd.is_default_chain(),
	};
	runner.run_node_until_exit(|config| async move {
		start_node(config, options).map_err(sc_cli::Error::Service)
	})
}

/// Options of a development chain.
struct Options {
	/// Duration of a relay slot in real time.
	relay_slot: Duration,
	/// Settings of the simulated relay chain.
	settings: Settings,
	/// The collator that builds blocks.
	collator: Collator,
	/// Collators whose keys the node has.
	collators: Vec<Sr25519Keyring>,
	/// Whether candidates are validated.
	validate: bool,
	/// Whether the chain is `dev`, whose genesis has the collators of the options.
	is_default_chain: bool,
}

/// Starts the node without peers, its RPC, and the relay chain with its collators.
fn start_node(
	mut config: Configuration,
	Options { relay_slot, settings, collator, collators, validate, is_default_chain }: Options,
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
	} = new_partial(&config).map_err(with_remedy)?;
	let mut telemetry = other.telemetry;
	if is_default_chain {
		check_collators(&client, &collators, &config)?;
	}

	// No other node runs this chain.
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

	add_keys(&keystore_container.keystore(), &collators)?;
	let relay = SimulatedRelay::start_for(&client, &config, settings)?;
	let validator = validate.then(|| Arc::new(Validator::new(client.clone())));
	let registry = config.prometheus_registry().cloned();
	let (downward_messages, queued_messages) = DownwardMessages::new();

	let rpc_builder = {
		let (client, transaction_pool) = (client.clone(), transaction_pool.clone());
		let backend = backend.clone();
		Box::new(move |_| {
			let deps = FullDeps {
				client: client.clone(),
				pool: transaction_pool.clone(),
				backend: backend.clone(),
			};
			create_full(deps)
				.and_then(|mut module| {
					module.merge(downward_messages.clone().into_rpc())?;
					Ok(module)
				})
				.map_err(Into::into)
		})
	};
	let rpc_handlers = sc_service::spawn_tasks(SpawnTasksParams {
		rpc_builder,
		client: client.clone(),
		transaction_pool: transaction_pool.clone(),
		task_manager: &mut task_manager,
		config,
		keystore: keystore_container.keystore(),
		backend: backend.clone(),
		network,
		sync_service,
		system_rpc_tx,
		tx_handler_controller,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: Some(Arc::new(ParachainTracingExecuteBlock::new(client.clone()))),
	})?;
	log_endpoint(rpc_handlers.listen_addresses());

	let telemetry = telemetry.as_ref().map(|telemetry| telemetry.handle());
	let keystore = keystore_container.keystore();
	match collator {
		Collator::Own => {
			let author = Author {
				client: client.clone(),
				backend,
				block_import: other.block_import,
				proposer_factory: sc_basic_authorship::ProposerFactory::new(
					task_manager.spawn_handle(),
					client.clone(),
					transaction_pool,
					registry.as_ref(),
					telemetry,
				),
				keystore,
				relay_slot,
				labels: Labels::default(),
				validator,
			};
			// Not a blocking task, because its timers would panic while the node shuts down. Block building and
			// validation run on blocking threads.
			task_manager.spawn_essential_handle().spawn(
				"simulated-relay-chain",
				"dev",
				run_relay(client, relay, queued_messages, author, relay_slot),
			);
		},
		Collator::Upstream => upstream::start(
			relay,
			queued_messages,
			upstream::Parts {
				client,
				backend,
				block_import: other.block_import,
				block_import_handle: other.block_import_handle,
				transaction_pool,
				keystore,
				validator,
				registry: registry.as_ref(),
				telemetry,
				task_manager: &task_manager,
			},
		)?,
	}
	Ok(task_manager)
}

/// Adds the remedy to the error of a database that was created with another `--state-pruning`.
fn with_remedy(error: ServiceError) -> ServiceError {
	let text = error.to_string();
	match text.contains("pruning modes") {
		true => ServiceError::Other(format!(
			"{text}. A development chain keeps all states by default. Set --state-pruning to the \
			 database's mode, or use another --base-path",
		)),
		false => error,
	}
}

/// Rejects a kept chain whose genesis has other collators than `collators`.
fn check_collators(
	client: &ParachainClient,
	collators: &[Sr25519Keyring],
	config: &Configuration,
) -> Result<(), ServiceError> {
	let info = client.info();
	// A database that does not keep all states has lost the genesis state.
	let authorities = client
		.runtime_api()
		.authorities(info.genesis_hash)
		.or_else(|_| client.runtime_api().authorities(info.best_hash))
		.map_err(|error| ServiceError::Other(format!("the collators cannot be read: {error}")))?;
	let expected: Vec<AuthorityId> =
		collators.iter().map(|collator| collator.public().into()).collect();
	// The genesis sorts its collators.
	if authorities.len() == expected.len()
		&& expected.iter().all(|authority| authorities.contains(authority))
	{
		return Ok(());
	}
	let names = |authorities: &[AuthorityId]| {
		let name = |authority: &AuthorityId| {
			Sr25519Keyring::iter()
				.find(|keyring| AuthorityId::from(keyring.public()) == *authority)
				.map_or_else(|| format!("{authority:?}"), |keyring| keyring.to_string())
		};
		authorities.iter().map(name).collect::<Vec<_>>().join(", ")
	};
	Err(ServiceError::Other(format!(
		"--collators {} means {}, but the chain in {} has the collators {}. Set --collators {}, or use \
		 another --base-path",
		collators.len(),
		names(&expected),
		config.base_path.path().display(),
		names(&authorities),
		authorities.len(),
	)))
}

/// Logs where the RPC server listens, with a link for polkadot.js Apps.
fn log_endpoint(addresses: &[sc_network::Multiaddr]) {
	use sc_network::multiaddr::Protocol;
	let port = addresses.iter().find_map(|address| {
		address.iter().find_map(|protocol| match protocol {
			Protocol::Tcp(port) => Some(port),
			_ => None,
		})
	});
	if let Some(port) = port {
		let endpoint = format!("ws://127.0.0.1:{port}");
		log::info!(
			target: LOG_TARGET,
			"RPC at {endpoint}, polkadot.js Apps at https://polkadot.js.org/apps/?rpc={endpoint}",
		);
	}
}

/// Lets this node author for all of `collators`.
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

/// Produces a relay block every `relay_slot`, and lets the collator use it.
async fn run_relay<PF>(
	client: Arc<ParachainClient>,
	mut relay: SimulatedRelay,
	downward_messages: QueuedMessages,
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
			display::log_branch(&relay, &sibling);
		}
		downward_messages.try_iter().for_each(|message| relay.send_downward_message(message));
		relay.advance();
		let outcome = match finalize_settled(&client, &relay) {
			Ok(()) => author.use_slot(&mut relay).await,
			Err(error) => Err(error),
		};
		display::log_block(&relay, relay.tip(), outcome.as_ref().ok());
		if let Err(error) = outcome {
			log::error!(
				target: LOG_TARGET,
				"R{}: no block, trying again in the next slot: {error}",
				relay.tip().header.number,
			);
		}
	}
}

/// Finalizes the blocks whose inclusion cannot be undone by a relay chain fork.
fn finalize_settled(client: &ParachainClient, relay: &SimulatedRelay) -> Result<(), relay::Error> {
	let included = header_of(&relay.settled().para.included)?;
	if *included.number() > client.info().finalized_number {
		client.finalize_block(included.hash(), None, true)?;
	}
	Ok(())
}
