// SPDX-License-Identifier: GPL-3.0-only

//! Authoring: the slot-based collator.
//!
//! Once a relay slot it takes the relay parent that is the relay parent offset behind the relay
//! chain's tip, builds as many blocks on it as the target block rate and the assigned cores allow,
//! asking the runtime before each whether it may, and sends the blocks of one core as one
//! candidate.

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

/// How far into a relay slot the collator starts to build.
///
/// The relay chain's block of that slot needs time to be authored and to arrive. Without the wait
/// the collator would build on the block before, one relay block further behind the tip. The same
/// value as upstream's nodes have.
const SLOT_OFFSET: Duration = Duration::from_secs(1);

/// What the collator is made of.
pub(crate) struct CollatorParams<'a> {
	/// Which parachain it builds for.
	pub(crate) para_id: ParaId,
	/// The chain it builds on.
	pub(crate) client: Arc<ParachainClient>,
	/// The chain's database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// How its blocks get into the database.
	pub(crate) block_import: ParachainBlockImport,
	/// Notifies the collator of imported blocks.
	pub(crate) block_import_handle: SlotBasedBlockImportHandle<Block>,
	/// Transaction pool.
	pub(crate) transaction_pool: Arc<ParachainPool>,
	/// The relay chain it builds for.
	pub(crate) relay_chain: Arc<dyn RelayChainInterface>,
	/// Where its Aura key is.
	pub(crate) keystore: KeystorePtr,
	/// The key it signs its messages to validators with.
	pub(crate) collator_key: CollatorPair,
	/// Who it is in the relay chain's network.
	pub(crate) relay_chain_peer_id: PeerId,
	/// Announces a block to the parachain's network, with the data that other nodes check before they fetch it.
	pub(crate) announce_block: Arc<dyn Fn(Hash, Option<Vec<u8>>) + Send + Sync>,
	/// Folder for all proofs of validity, if they are kept.
	pub(crate) export_pov: Option<PathBuf>,
	/// How much of the largest proof of validity to use, in percent. 85 if not given.
	pub(crate) max_pov_percentage: Option<u32>,
	/// Where its metrics go.
	pub(crate) registry: Option<&'a Registry>,
	/// Where its telemetry goes.
	pub(crate) telemetry: Option<TelemetryHandle>,
	/// What runs it.
	pub(crate) task_manager: &'a TaskManager,
}

/// Starts the collator. The node stops if it fails.
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
		// Time, slot and the relay chain's data are the collator's own business.
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
		// For chains that come from another consensus.
		reinitialize: false,
		slot_offset: SLOT_OFFSET,
		block_import_handle,
		spawner: task_manager.spawn_essential_handle(),
		relay_chain_slot_duration: RELAY_CHAIN_SLOT_DURATION,
		export_pov,
		max_pov_percentage,
	});
}
