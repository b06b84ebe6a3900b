// SPDX-License-Identifier: GPL-3.0-only

//! Additional RPC methods.
//!
//! `sc-service` provides the groups `author`, `chain`, `chainHead`, `chainSpec`, `childstate`, `offchain`, `state`,
//! `system` and `transaction`, and `archive` if no block is pruned. Runtime APIs are called with `state_call`.

use crate::service::types::{ParachainBackend, ParachainClient, ParachainPool};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_rpc::dev::{Dev, DevApiServer};
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};
use substrate_state_trie_migration_rpc::{StateMigration, StateMigrationApiServer};

/// Dependencies of the methods.
pub(crate) struct FullDeps {
	/// Client.
	pub(crate) client: Arc<ParachainClient>,
	/// Database.
	pub(crate) backend: Arc<ParachainBackend>,
	/// Transaction pool.
	pub(crate) pool: Arc<ParachainPool>,
}

/// Returns the additional methods.
pub(crate) fn create_full(
	FullDeps { client, backend, pool }: FullDeps,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(StateMigration::new(client.clone(), backend).into_rpc())?;
	// `dev_getBlockStats` returns, among others, the size of a block's proof.
	module.merge(Dev::new(client).into_rpc())?;
	Ok(module)
}
