// SPDX-License-Identifier: GPL-3.0-only

//! The part of a node that needs no network.

use super::{
	import_queue,
	types::{
		Block, ParachainBackend, ParachainBlockImport, ParachainClient, ParachainExecutor,
		ParachainPool,
	},
};
use conveyor_runtime::apis::RuntimeApi;
use cumulus_client_consensus_aura::collators::slot_based::{
	SlotBasedBlockImport, SlotBasedBlockImportHandle,
};
use sc_consensus::DefaultImportQueue;
use sc_executor::{HeapAllocStrategy, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_service::{Configuration, PartialComponents};
use sc_telemetry::{Telemetry, TelemetryWorker, TelemetryWorkerHandle};
use std::sync::Arc;

/// Everything that commands on the database need, and that a node is built on.
pub(crate) type Service = PartialComponents<
	ParachainClient,
	ParachainBackend,
	(),
	DefaultImportQueue<Block>,
	ParachainPool,
	Other,
>;

/// What [`Service`] has no field for.
pub(crate) struct Other {
	/// How blocks that are authored here get into the database.
	pub(crate) block_import: ParachainBlockImport,
	/// Notifies the collator of imported blocks. Dropped if the node is not a collator.
	pub(crate) block_import_handle: SlotBasedBlockImportHandle<Block>,
	/// The parachain's telemetry, if there is any.
	pub(crate) telemetry: Option<Telemetry>,
	/// To send the relay chain's telemetry by the same worker.
	pub(crate) telemetry_worker_handle: Option<TelemetryWorkerHandle>,
}

/// Opens the database, or creates it with the genesis of `config`'s chain, and puts everything on
/// top that works without a network.
pub(crate) fn new_partial(config: &Configuration) -> Result<Service, sc_service::Error> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok::<_, sc_telemetry::Error>((worker, telemetry))
		})
		.transpose()?;

	// Blocks of one bundle share a proof, so importing one has to record it: hence `record_import`
	// and `true`.
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts_record_import::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor(config),
			true,
			Vec::new(),
		)?;
	let client = Arc::new(client);

	let telemetry_worker_handle = telemetry.as_ref().map(|(worker, _)| worker.handle());
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (slot_based, block_import_handle) =
		SlotBasedBlockImport::new(client.clone(), client.clone());
	let block_import = ParachainBlockImport::new(slot_based, backend.clone());
	let import_queue = import_queue::build(
		client.clone(),
		block_import.clone(),
		config,
		telemetry.as_ref().map(Telemetry::handle),
		&task_manager,
	);

	Ok(PartialComponents {
		client,
		backend,
		import_queue,
		keystore_container,
		task_manager,
		transaction_pool,
		// The relay chain decides which chain is the best.
		select_chain: (),
		other: Other { block_import, block_import_handle, telemetry, telemetry_worker_handle },
	})
}

/// The executor that `config` asks for.
fn executor(config: &Configuration) -> ParachainExecutor {
	let heap = config
		.executor
		.default_heap_pages
		.and_then(|pages| u32::try_from(pages).ok())
		.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |extra_pages| HeapAllocStrategy::Static {
			extra_pages,
		});
	ParachainExecutor::builder()
		.with_execution_method(config.executor.wasm_method)
		.with_max_runtime_instances(config.executor.max_runtime_instances)
		.with_runtime_cache_size(config.executor.runtime_cache_size)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.build()
}
