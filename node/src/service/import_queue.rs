// SPDX-License-Identifier: GPL-3.0-only

//! Which blocks are accepted.

use super::types::{AuthorityPair, Block, ParachainBlockImport, ParachainClient};
use cumulus_client_consensus_aura::equivocation_import_queue::fully_verifying_import_queue;
use sc_consensus::DefaultImportQueue;
use sc_service::{Configuration, TaskManager};
use sc_telemetry::TelemetryHandle;
use std::sync::Arc;

/// The queue that checks blocks before they are imported: that their author had the slot, and that
/// it does not flood the node with blocks for the same slot, number and relay parent.
///
/// Slots are the relay chain's and are checked in the runtime, so that the only inherent the queue
/// looks at is the timestamp.
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
