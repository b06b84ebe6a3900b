// SPDX-License-Identifier: GPL-3.0-only

//! The node's types for the runtime.

use conveyor_runtime::apis::RuntimeApi;
use cumulus_client_consensus_aura::collators::slot_based::SlotBasedBlockImport;
use sc_executor::WasmExecutor;
use sc_service::{TFullBackend, TFullClient};
use sc_transaction_pool::TransactionPoolHandle;
use std::{sync::Arc, time::Duration};

pub(crate) use conveyor_runtime::opaque::{Block, Hash};
pub(crate) use sp_consensus_aura::sr25519::AuthorityPair;

/// Duration of a relay slot, the same on all of Polkadot's relay chains.
pub(crate) const RELAY_CHAIN_SLOT_DURATION: Duration = Duration::from_secs(6);

/// Host functions of every parachain.
#[cfg(not(feature = "runtime-benchmarks"))]
pub(crate) type HostFunctions = cumulus_client_service::ParachainHostFunctions;

/// Host functions of every parachain, and those for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) type HostFunctions = (
	cumulus_client_service::ParachainHostFunctions,
	frame_benchmarking::benchmarking::HostFunctions,
);

/// Executes the runtime.
pub(crate) type ParachainExecutor = WasmExecutor<HostFunctions>;

/// Client: blocks, state, and runtime calls.
pub(crate) type ParachainClient = TFullClient<Block, RuntimeApi, ParachainExecutor>;

/// Database of the client.
pub(crate) type ParachainBackend = TFullBackend<Block>;

/// Transaction pool.
pub(crate) type ParachainPool = TransactionPoolHandle<Block, ParachainClient>;

/// Block import.
///
/// From the outside in: limits the number of leaves per height, because the relay chain may leave any number of
/// them behind; and records a block's proof as if the block were built here, because later blocks of the bundle
/// must not record the same nodes again.
pub(crate) type ParachainBlockImport = cumulus_client_consensus_common::ParachainBlockImport<
	Block,
	SlotBasedBlockImport<Block, Arc<ParachainClient>, ParachainClient>,
	ParachainBackend,
>;
