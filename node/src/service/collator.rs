// SPDX-License-Identifier: GPL-3.0-only

//! Authoring: the slot-based collator.
//!
//! Once per relay slot the collator takes the relay parent that is the relay parent offset behind the relay chain's
//! tip. It builds as many blocks on it as the target block rate and the assigned cores allow, and asks the runtime
//! for admission before each. It sends the blocks of one core as one candidate.

use super::types::{
	AuthorityPair, Block, Hash, ParachainBackend, ParachainBlockImport, ParachainClient,
	ParachainPool, RELAY_CHAIN_SLOT_DURATION,
};
use cumulus_client_collator::service::CollatorService;
use cumulus_client_consensus_aura::collators::slot_based::{
	self, Params, SlotBasedBlockImportHandle,
};
use cumulus_primitives_core::{
	relay_chain::{CollatorPair, ValidationCode},
	ParaId,
};
use cumulus_relay_chain_interface::RelayChainInterface;
use prometheus_endpoint::Registry;
use sc_basic_authorship::ProposerFactory;
use sc_network::PeerId;
use sc_service::TaskManager;
use sc_telemetry::TelemetryHandle;
use sp_keystore::KeystorePtr;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Time from the start of a relay slot to the start of building.
///
/// The slot's relay block must be authored and received first. Without the wait the collator would build on the
/// previous one, one relay block further behind the tip. The value is upstream's.
const SLOT_OFFSET: Duration = Duration::from_secs(1);

/// Dependencies of the collator.
pub(crate) struct CollatorParams<'a> {
	/// Para id.
	pub(crate) para_id: ParaId,
	/// Client.
	pub(crate) client: Arc<ParachainClient>,
	/// Database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// Imports built blocks.
	pub(crate) block_import: ParachainBlockImport,
	/// Notifies the collator of imported blocks.
	pub(crate) block_import_handle: SlotBasedBlockImportHandle<Block>,
	/// Transaction pool.
	pub(crate) transaction_pool: Arc<ParachainPool>,
	/// Relay chain.
	pub(crate) relay_chain: Arc<dyn RelayChainInterface>,
	/// Keystore with the Aura key.
	pub(crate) keystore: KeystorePtr,
	/// Key that signs messages to validators.
	pub(crate) collator_key: CollatorPair,
	/// Peer id on the relay chain's network.
	pub(crate) relay_chain_peer_id: PeerId,
	/// Announces a block on the parachain's network, with the data that other nodes check before they fetch it.
	pub(crate) announce_block: Arc<dyn Fn(Hash, Option<Vec<u8>>) + Send + Sync>,
	/// Folder for all PoVs, if they are stored.
	pub(crate) export_pov: Option<PathBuf>,
	/// Maximum size of a PoV, in percent of the relay chain's maximum. Default 85.
	pub(crate) max_pov_percentage: Option<u32>,
	/// Metrics registry.
	pub(crate) registry: Option<&'a Registry>,
	/// Telemetry.
	pub(crate) telemetry: Option<TelemetryHandle>,
	/// Spawns the collator's tasks.
	pub(crate) task_manager: &'a TaskManager,
}

/// Starts the collator. A failure stops the node.
pub(crate) fn start(
	CollatorParams {
		para_id,
		client,
		backend,
		block_import,
		block_import_handle,
		transaction_pool,
		relay_chain,
		keystore,
		collator_key,
		relay_chain_peer_id,
		announce_block,
		export_pov,
		max_pov_percentage,
		registry,
		telemetry,
		task_manager,
	}: CollatorParams<'_>,
) {
	let proposer = ProposerFactory::new(
		task_manager.spawn_handle(),
		client.clone(),
		transaction_pool,
		registry,
		telemetry,
	);
	let collator_service = CollatorService::new(client.clone(), announce_block, client.clone());
	let code_of = client.clone();

	slot_based::run::<Block, AuthorityPair, _, _, _, _, _, _, _, _, _>(Params {
		// The collator creates time, slot and the relay chain's data itself.
		create_inherent_data_providers: |_, ()| async { Ok(()) },
		block_import,
		para_client: client,
		para_backend: backend,
		relay_client: relay_chain,
		code_hash_provider: move |block| {
			code_of.code_at(block).ok().map(|code| ValidationCode::from(code).hash())
		},
		keystore,
		collator_key,
		collator_peer_id: relay_chain_peer_id,
		para_id,
		proposer,
		collator_service,
		// Used by chains that change their consensus.
		reinitialize: false,
		slot_offset: SLOT_OFFSET,
		block_import_handle,
		spawner: task_manager.spawn_essential_handle(),
		relay_chain_slot_duration: RELAY_CHAIN_SLOT_DURATION,
		export_pov,
		max_pov_percentage,
	});
}
