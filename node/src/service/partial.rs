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

/// The services that commands on the database and the node need.
pub(crate) type Service = PartialComponents<
	ParachainClient,
	ParachainBackend,
	(),
	DefaultImportQueue<Block>,
	ParachainPool,
	Other,
>;

/// Services without a field in [`Service`].
pub(crate) struct Other {
	/// Imports blocks that are authored here.
	pub(crate) block_import: ParachainBlockImport,
	/// Notifies the collator of imported blocks. Dropped if the node is not a collator.
	pub(crate) block_import_handle: SlotBasedBlockImportHandle<Block>,
	/// The parachain's telemetry, if enabled.
	pub(crate) telemetry: Option<Telemetry>,
	/// Handle to send the relay chain's telemetry with the same worker.
	pub(crate) telemetry_worker_handle: Option<TelemetryWorkerHandle>,
}

/// Opens the database, or creates it with the genesis of `config`'s chain, and starts all services that need no
/// network.
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

	// Blocks of one bundle share a proof, so the import of a block must record it: hence `record_import` and
	// `true`.
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
		// The relay chain selects the best block.
		select_chain: (),
		other: Other { block_import, block_import_handle, telemetry, telemetry_worker_handle },
	})
}

/// Returns the executor for `config`.
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
