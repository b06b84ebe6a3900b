// SPDX-License-Identifier: GPL-3.0-only

//! Start of the simulated relay chain: after the newest relay block that the parachain's database refers to.

use super::{
	labels::{BlockLabel, BundleLabel},
	pipeline::{Candidate, RelayId},
	relay::{head_data, Error, Genesis, Settings, SimulatedRelay, RELAY_SLOT_ON_CHAIN_MS},
};
use crate::service::{Block, ParachainClient};
use codec::DecodeAll;
use conveyor_runtime::opaque::Header;
use cumulus_primitives_core::{
	relay_chain::{BlockNumber, Hash, Slot},
	rpsr_digest::extract_relay_parent_storage_root,
	CumulusDigestItem, GetParachainInfo,
};
use sc_client_api::StorageProvider;
use sc_consensus_aura::standalone;
use sc_service::{Configuration, Error as ServiceError};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityPair, AuraApi};
use sp_core::storage::StorageKey;
use sp_crypto_hashing::twox_128;
use sp_runtime::traits::Header as _;
use std::time::{SystemTime, UNIX_EPOCH};

impl SimulatedRelay {
	/// Returns a relay chain that continues the one in `client`'s database.
	///
	/// Its numbers and slots continue those of the newest block, or start now. Finalized blocks are included, newer
	/// ones are backed in a single candidate, and a pending upgrade gets its go-ahead.
	pub(super) fn start_for(
		client: &ParachainClient,
		config: &Configuration,
		settings: Settings,
	) -> Result<Self, ServiceError> {
		start(client, settings).map_err(|error| {
			ServiceError::Other(format!(
				"cannot continue the chain `{}` in {}: {error}. Start with another --base-path, \
				 or with none for a new chain",
				config.chain_spec.id(),
				config.base_path.path().display(),
			))
		})
	}
}

fn start(client: &ParachainClient, settings: Settings) -> Result<SimulatedRelay, Error> {
	let info = client.info();
	let included = header(client, info.finalized_hash)?;
	let newest = newest_whole_bundle(client, header(client, info.best_hash)?)?;
	let seen = Seen::by(client, &newest)?;
	let upgrade_waits_at_included = upgrade_waits(client, &included)?;

	let mut backed = None;
	if newest.number() > included.number() {
		let label = |number| BlockLabel { number, before: 0 };
		backed = Some(Candidate {
			parent_head: head_data(&included),
			head: head_data(&newest),
			// On an earlier relay chain.
			relay_parent: RelayId { number: seen.relay_number, hash: Default::default() },
			core: 0,
			new_code: !upgrade_waits_at_included && upgrade_waits(client, &newest)?,
			processed_downward_messages: 0,
			invalid: None,
			blocks: BundleLabel {
				first: label(included.number() + 1),
				last: label(*newest.number()),
			},
		});
	}
	Ok(SimulatedRelay::new(Genesis {
		para_id: client.runtime_api().parachain_id(info.best_hash)?,
		number: seen.relay_number + 1,
		slot: seen.relay_slot.map_or(Slot::from(0), |slot| slot + 1u64).max(slot_now()?),
		included: head_data(&included),
		backed,
		upgrade_waits: upgrade_waits_at_included,
		mqc_head: downward_messages_processed(client, &newest)?,
		settings,
	}))
}

/// The relay chain as a block knows it.
struct Seen {
	/// Number of the relay parent; 0 for genesis.
	relay_number: BlockNumber,
	/// Latest possible relay slot of the relay parent; `None` for genesis.
	relay_slot: Option<Slot>,
}

impl Seen {
	fn by(client: &ParachainClient, header: &Header) -> Result<Self, Error> {
		if *header.number() == 0 {
			return Ok(Self { relay_number: 0, relay_slot: None });
		}
		let (_, relay_number) =
			extract_relay_parent_storage_root(header.digest()).ok_or_else(|| {
				format!("block #{} has no relay parent in its header", header.number())
			})?;
		let para_slot = standalone::find_pre_digest::<
			Block,
			<AuthorityPair as sp_core::Pair>::Signature,
		>(header)?;
		let duration = client.runtime_api().slot_duration(header.hash())?.as_millis();
		let end_of_para_slot = (*para_slot + 1).saturating_mul(duration);
		let relay_slot = end_of_para_slot.div_ceil(RELAY_SLOT_ON_CHAIN_MS).saturating_sub(1);
		Ok(Self { relay_number, relay_slot: Some(relay_slot.into()) })
	}
}

/// Returns `newest`, or its newest ancestor that ends a bundle.
fn newest_whole_bundle(client: &ParachainClient, newest: Header) -> Result<Header, Error> {
	let mut block = newest;
	while !CumulusDigestItem::is_last_block_in_core(block.digest()).unwrap_or(true) {
		block = header(client, *block.parent_hash())?;
	}
	Ok(block)
}

/// Returns whether new validation code waits for the relay chain's go-ahead after `block`.
fn upgrade_waits(client: &ParachainClient, block: &Header) -> Result<bool, Error> {
	// Storage of parachain-system: an empty or missing value means no pending code.
	let key = [twox_128(b"ParachainSystem"), twox_128(b"PendingValidationCode")].concat();
	let value = client.storage(block.hash(), &StorageKey(key))?;
	Ok(value.is_some_and(|code| code.0.len() > 1))
}

/// Returns the head of the hash chain of the downward messages that are processed after `block`.
fn downward_messages_processed(client: &ParachainClient, block: &Header) -> Result<Hash, Error> {
	let key = [twox_128(b"ParachainSystem"), twox_128(b"LastDmqMqcHead")].concat();
	let value = client.storage(block.hash(), &StorageKey(key))?;
	Ok(value.map_or(Ok(Hash::zero()), |head| Hash::decode_all(&mut &head.0[..]))?)
}

fn header(client: &ParachainClient, hash: sp_core::H256) -> Result<Header, Error> {
	client.header(hash)?.ok_or_else(|| format!("the header of block {hash:?} is missing").into())
}

/// Returns the current relay slot of the system clock.
pub(super) fn slot_now() -> Result<Slot, Error> {
	let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
	Ok(Slot::from(now / RELAY_SLOT_ON_CHAIN_MS))
}
