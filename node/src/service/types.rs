// SPDX-License-Identifier: GPL-3.0-only

//! The types the node is made of, all of them for one runtime.

use conveyor_runtime::apis::RuntimeApi;
use cumulus_client_consensus_aura::collators::slot_based::SlotBasedBlockImport;
use sc_executor::WasmExecutor;
use sc_service::{TFullBackend, TFullClient};
use sc_transaction_pool::TransactionPoolHandle;
use std::{sync::Arc, time::Duration};

pub(crate) use conveyor_runtime::opaque::{Block, Hash};
pub(crate) use sp_consensus_aura::sr25519::AuthorityPair;

/// Length of a relay slot. A property of the relay chain, the same for all of Polkadot's.
pub(crate) const RELAY_CHAIN_SLOT_DURATION: Duration = Duration::from_secs(6);

/// What the runtime can call in the node: what every parachain's can.
#[cfg(not(feature = "runtime-benchmarks"))]
pub(crate) type HostFunctions = cumulus_client_service::ParachainHostFunctions;

/// What the runtime can call in the node: what every parachain's can, and what benchmarks need.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) type HostFunctions = (
	cumulus_client_service::ParachainHostFunctions,
	frame_benchmarking::benchmarking::HostFunctions,
);

/// Executes the runtime.
pub(crate) type ParachainExecutor = WasmExecutor<HostFunctions>;

/// The chain: blocks, state, and calls into the runtime.
pub(crate) type ParachainClient = TFullClient<Block, RuntimeApi, ParachainExecutor>;

/// The database behind the client.
pub(crate) type ParachainBackend = TFullBackend<Block>;

/// Transactions that wait for a block.
pub(crate) type ParachainPool = TransactionPoolHandle<Block, ParachainClient>;

/// How a block gets into the database.
///
/// From the outside in: at most so many leaves are kept at one height (the relay chain may leave
/// any number of them behind), and a block's proof is recorded as if it were being built, because
/// later blocks of the same bundle must not record the same nodes again.
pub(crate) type ParachainBlockImport = cumulus_client_consensus_common::ParachainBlockImport<
	Block,
	SlotBasedBlockImport<Block, Arc<ParachainClient>, ParachainClient>,
	ParachainBackend,
>;
