// SPDX-License-Identifier: GPL-3.0-only

//! The collator of `service` on the simulated relay chain, in real time.
//!
//! It is upstream's slot-based collator (`cumulus-client-consensus-aura`), unmodified, with the tasks that follow
//! the relay chain's best and finalized blocks in a real node. It uses the simulated relay chain like a real one:
//! it reads from [`relay_client`] and sends its collations to [`submissions`]. It uses the system clock, so a relay
//! slot takes 6 s.
//!
//! ```text
//!            publishes relay blocks                 reads
//!   clock ---------------------------> RelayClient <------- collator
//!     ^                                                        |
//!     |  candidates                         messages           |
//!     +---------------- Submissions <--------------------------+
//! ```

mod relay_client;
mod submissions;

use super::{
	display::{log_block, log_branch},
	labels::{Labels, LOG_TARGET},
	pipeline::Candidate,
	relay::{SimulatedRelay, RELAY_SLOT_ON_CHAIN_MS},
	rpc::QueuedMessages,
	slot_outcome::SlotOutcome,
	start::slot_now,
	validation::Validator,
};
use crate::service::{
	collator::{self, CollatorParams},
	requirements,
	types::ParachainPool,
	Block, ParachainBackend, ParachainBlockImport, ParachainClient,
};
use cumulus_client_consensus_aura::collators::slot_based::SlotBasedBlockImportHandle;
use cumulus_client_consensus_common::spawn_parachain_consensus_tasks;
use cumulus_primitives_core::relay_chain::{CollatorPair, Slot};
use prometheus_endpoint::Registry;
use relay_client::RelayClient;
use sc_network::PeerId;
use sc_service::{Error as ServiceError, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_blockchain::HeaderBackend;
use sp_core::Pair;
use sp_keystore::KeystorePtr;
use std::{
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use submissions::Backing;
use tokio::sync::mpsc;

/// Services of the node that the collator needs.
pub(super) struct Parts<'a> {
	pub(super) client: Arc<ParachainClient>,
	pub(super) backend: Arc<ParachainBackend>,
	pub(super) block_import: ParachainBlockImport,
	pub(super) block_import_handle: SlotBasedBlockImportHandle<Block>,
	pub(super) transaction_pool: Arc<ParachainPool>,
	pub(super) keystore: KeystorePtr,
	/// Validates candidates; `None` if every candidate counts as valid.
	pub(super) validator: Option<Arc<Validator>>,
	pub(super) registry: Option<&'a Registry>,
	pub(super) telemetry: Option<TelemetryHandle>,
	pub(super) task_manager: &'a TaskManager,
}

/// Starts the collator, and `relay` in real time.
pub(super) fn start(
	relay: SimulatedRelay,
	downward_messages: QueuedMessages,
	parts: Parts<'_>,
) -> Result<(), ServiceError> {
	let Parts {
		client,
		backend,
		block_import,
		block_import_handle,
		transaction_pool,
		keystore,
		validator,
		registry,
		telemetry,
		task_manager,
	} = parts;
	requirements::check(&client)?;
	check_clock(relay.tip().slot, now()?)?;
	if let Some(validator) = &validator {
		validator.prepare(client.info().best_hash).map_err(|error| {
			ServiceError::Other(format!("candidates cannot be validated: {error}"))
		})?;
	}

	let (overseer, submissions) = submissions::overseer();
	let relay_client = RelayClient::new(&relay, client.clone(), overseer);
	let (filling, candidates) = submissions.candidates(Backing {
		relay: relay_client.clone(),
		parachain: client.clone(),
		cores: relay.cores(),
		labels: Labels::default(),
		validator,
	});
	let (para_id, spawner) = (relay.para_id(), task_manager.spawn_essential_handle());
	spawner.spawn_blocking("simulated-backing", "dev", filling);
	spawn_parachain_consensus_tasks(
		para_id,
		client.clone(),
		relay_client.clone(),
		Arc::new(|_, _| ()),
		None,
		spawner.clone(),
	);
	collator::start(CollatorParams {
		para_id,
		client,
		backend,
		block_import,
		block_import_handle,
		transaction_pool,
		relay_chain: Arc::new(relay_client.clone()),
		keystore,
		collator_key: CollatorPair::generate().0,
		relay_chain_peer_id: PeerId::random(),
		announce_block: Arc::new(|_, _| ()),
		export_pov: None,
		max_pov_percentage: None,
		registry,
		telemetry,
		task_manager,
	});
	// On an async worker, as with the other collator.
	spawner.spawn(
		"simulated-relay-chain",
		"dev",
		run_relay(relay, relay_client, downward_messages, candidates),
	);
	Ok(())
}

/// Produces a relay block at the start of each slot, and takes candidates as they arrive.
async fn run_relay(
	mut relay: SimulatedRelay,
	client: RelayClient,
	downward_messages: QueuedMessages,
	mut candidates: mpsc::Receiver<Candidate>,
) {
	log::info!(
		target: LOG_TARGET,
		"Simulated relay chain starts at block {} in slot {}, for upstream's collator",
		relay.tip().header.number,
		*relay.tip().slot,
	);
	loop {
		let mut outcome = SlotOutcome::default();
		let slot = next_slot(relay.tip().slot);
		let begin = tokio::time::sleep(until(slot));
		tokio::pin!(begin);
		loop {
			tokio::select! {
				() = &mut begin => break,
				candidate = candidates.recv() => match candidate {
					Some(candidate) => {
						outcome.collated.push(candidate.blocks);
						relay.propose(candidate);
					},
					None => return,
				},
			}
		}
		log_block(&relay, relay.tip(), Some(&outcome));
		next_block(&mut relay, &client, &downward_messages, slot);
	}
}

/// Produces the relay block of `slot`. Replaces the previous one by a sibling if there is a fork.
fn next_block(
	relay: &mut SimulatedRelay,
	client: &RelayClient,
	downward_messages: &QueuedMessages,
	slot: Slot,
) {
	if let Some(sibling) = relay.reorganize().cloned() {
		log_branch(relay, &sibling);
		client.publish(&sibling);
	}
	downward_messages.try_iter().for_each(|message| relay.send_downward_message(message));
	client.publish(relay.advance_to(slot));
	client.finalize(&relay.settled().header);
}

/// Returns the next relay slot after that of the newest relay block, `tip`. Slots that start before the process can
/// use them, for example at its start, have no relay block.
fn next_slot(tip: Slot) -> Slot {
	now().map_or(tip, |now| now.max(tip)) + 1
}

/// Returns the time until relay slot `slot` starts.
fn until(slot: Slot) -> Duration {
	let begin = UNIX_EPOCH + Duration::from_millis(slot.saturating_mul(RELAY_SLOT_ON_CHAIN_MS));
	begin.duration_since(SystemTime::now()).unwrap_or_default()
}

fn now() -> Result<Slot, ServiceError> {
	slot_now().map_err(|error| ServiceError::Other(format!("cannot read the clock: {error}")))
}

/// Fails if `first`, the first relay slot of the chain, is too far after `now`, the relay slot of the system clock.
fn check_clock(first: Slot, now: Slot) -> Result<(), ServiceError> {
	let ahead: u64 = first.saturating_sub(*now).into();
	if ahead <= 1 {
		return Ok(());
	}
	Err(ServiceError::Other(format!(
		"the chain's relay slot {} is {} s ahead of the clock, because its relay slots were shorter \
		 than 6 s (--relay-slot-ms), and the upstream collator uses the clock. Start with \
		 --collator own, with another --base-path, or after that time",
		*first,
		ahead.saturating_mul(RELAY_SLOT_ON_CHAIN_MS) / 1_000,
	)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_chain_ahead_of_the_clock_is_rejected_with_the_remedy() {
		check_clock(7.into(), 7.into()).unwrap();
		// Restarted within the slot of its newest block.
		check_clock(8.into(), 7.into()).unwrap();
		let error = check_clock(107.into(), 7.into()).unwrap_err().to_string();
		assert!(error.contains("relay slot 107 is 600 s ahead of the clock"), "{error}");
		assert!(error.contains("--collator own, with another --base-path"), "{error}");
	}
}
