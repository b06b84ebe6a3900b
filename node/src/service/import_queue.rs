// SPDX-License-Identifier: GPL-3.0-only

//! Verification of imported blocks.

use super::types::{AuthorityPair, Block, ParachainBlockImport, ParachainClient};
use cumulus_client_consensus_aura::equivocation_import_queue::fully_verifying_import_queue;
use sc_consensus::DefaultImportQueue;
use sc_service::{Configuration, TaskManager};
use sc_telemetry::TelemetryHandle;
use std::sync::Arc;

/// Returns the queue that verifies blocks before their import: the author owns the slot, and does not flood the
/// node with blocks for the same slot, number and relay parent.
///
/// The runtime checks slots, which are the relay chain's. The queue checks only the timestamp inherent.
pub(crate) fn build(
	client: Arc<ParachainClient>,
	block_import: ParachainBlockImport,
	config: &Configuration,
	telemetry: Option<TelemetryHandle>,
	task_manager: &TaskManager,
) -> DefaultImportQueue<Block> {
	fully_verifying_import_queue::<AuthorityPair, _, _, _, _>(
		client,
		block_import,
		|_, ()| async { Ok(sp_timestamp::InherentDataProvider::from_system_time()) },
		&task_manager.spawn_essential_handle(),
		config.prometheus_registry(),
		telemetry,
	)
}
