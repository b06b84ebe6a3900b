// SPDX-License-Identifier: GPL-3.0-only

//! RPC methods in addition to those of every node.
//!
//! `sc-service` provides the groups `author`, `chain`, `chainHead`, `chainSpec`, `childstate`,
//! `offchain`, `state`, `system`, `transaction`, and `archive` where no block is pruned. Runtime
//! APIs need no method here: `state_call` calls them.

use crate::service::types::{ParachainBackend, ParachainClient, ParachainPool};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_rpc::dev::{Dev, DevApiServer};
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};
use substrate_state_trie_migration_rpc::{StateMigration, StateMigrationApiServer};

/// What the methods need of the node.
pub(crate) struct FullDeps {
	/// The chain.
	pub(crate) client: Arc<ParachainClient>,
	/// The chain's database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// Transactions that wait for a block.
	pub(crate) pool: Arc<ParachainPool>,
}

/// The methods of this node's own groups.
pub(crate) fn create_full(
	FullDeps { client, backend, pool }: FullDeps,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(StateMigration::new(client.clone(), backend).into_rpc())?;
	// `dev_getBlockStats`: among others, how much of the state a block needs as proof.
	module.merge(Dev::new(client).into_rpc())?;
	Ok(module)
}
