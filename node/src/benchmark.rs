// SPDX-License-Identifier: GPL-3.0-only

//! The subcommand `benchmark`.
//!
//! | kind | measures | needs |
//! | --- | --- | --- |
//! | `pallet` | the weight of each call | a runtime built with `runtime-benchmarks` |
//! | `overhead` | the weight of an empty block and of an empty call | any runtime |
//! | `extrinsic` | the time one call takes in a full block | any chain |
//! | `block` | the weight of blocks of the past against the time they take | a database |
//! | `storage` | the weight of a read and of a write | a database, and the node's own feature |
//! | `machine` | the hardware against what the relay chain expects | |
//!
//! `pallet` and `overhead` take the runtime as a file (`--runtime`) and do not care how the node
//! itself was built: that is how weights are made without a second build of the node.

use crate::{
	cli::Cli,
	database,
	service::{self, Block, ParachainClient, Service},
};
use codec::Encode;
use cumulus_client_parachain_inherent::MockValidationDataInherentDataProvider;
use cumulus_client_service::storage_proof_size::HostFunctions as ProofSizeHostFunctions;
use cumulus_primitives_core::RelayParentOffsetApi;
use frame_benchmarking_cli::{
	BenchmarkCmd, ExtrinsicFactory, OpaqueBlock, SubstrateRemarkBuilder,
	SUBSTRATE_REFERENCE_HARDWARE,
};
use sc_cli::{CliConfiguration, SharedParams, SubstrateCli};
use sc_service::ChainSpec;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_inherents::{InherentData, InherentDataProvider};
use sp_runtime::traits::HashingFor;

/// Runs one kind of benchmark.
pub(crate) fn run(cli: &Cli, command: &BenchmarkCmd) -> sc_cli::Result<()> {
	database::refuse_rocksdb(command)?;
	match command {
		BenchmarkCmd::Pallet(command) => {
			init_logger(command)?;
			let spec = spec(cli, &command.shared_params)?;
			command.run_with_spec::<HashingFor<Block>, ProofSizeHostFunctions>(spec)
		},
		BenchmarkCmd::Overhead(command) => {
			init_logger(command)?;
			let spec = spec(cli, &command.shared_params)?;
			command.run_with_default_builder_and_spec::<OpaqueBlock, ProofSizeHostFunctions>(spec)
		},
		BenchmarkCmd::Extrinsic(command) => database::runner(cli, command)?.sync_run(|config| {
			let Service { client, .. } = service::new_partial(&config)?;
			let remark = SubstrateRemarkBuilder::new_from_client::<_, Block>(client.clone())?;
			let inherents = inherents_of_block_1(&client)?;
			let extrinsics = ExtrinsicFactory(vec![Box::new(remark)]);
			command.run(client, inherents, Vec::new(), &extrinsics)
		}),
		BenchmarkCmd::Block(command) => database::runner(cli, command)?.sync_run(|config| {
			let Service { client, .. } = service::new_partial(&config)?;
			command.run(client)
		}),
		#[cfg(feature = "runtime-benchmarks")]
		BenchmarkCmd::Storage(command) => database::runner(cli, command)?.sync_run(|config| {
			let Service { client, backend, .. } = service::new_partial(&config)?;
			let database = backend.expose_db();
			let storage = backend.expose_storage();
			let trie_cache = backend.expose_shared_trie_cache();
			command.run(config, client, database, storage, trie_cache)
		}),
		#[cfg(not(feature = "runtime-benchmarks"))]
		BenchmarkCmd::Storage(_) => Err("`benchmark storage` writes past the client into the \
			database, and this build does not let it. Build the node with `--features \
			runtime-benchmarks`. The other kinds do not need that."
			.into()),
		BenchmarkCmd::Machine(command) => database::runner(cli, command)?
			.sync_run(|config| command.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone())),
	}
}

/// Sets the logger up for a command that needs no chain, and so no runner to do it.
fn init_logger(command: &impl CliConfiguration) -> sc_cli::Result<()> {
	command.init(&Cli::support_url(), &Cli::impl_version(), |_| ())
}

/// The chain specification that was given, if any.
fn spec(cli: &Cli, params: &SharedParams) -> sc_cli::Result<Option<Box<dyn ChainSpec>>> {
	Ok(params.chain.as_deref().map(|id| cli.load_spec(id)).transpose()?)
}

/// The inherents that the block after genesis needs, at the beginning of time.
///
/// A remark's time does not depend on them: slot 0, nothing from the relay chain, and a relay chain
/// that has just included genesis.
fn inherents_of_block_1(client: &ParachainClient) -> sc_cli::Result<InherentData> {
	let genesis = client.info().genesis_hash;
	let header = client.header(genesis)?.ok_or("the database has no header of genesis")?;
	let relay_chain = MockValidationDataInherentDataProvider::<()> {
		para_id: service::para_id(client, None)?,
		current_para_block_head: Some(header.encode().into()),
		relay_parent_offset: client.runtime_api().relay_parent_offset(genesis).unwrap_or_default(),
		..Default::default()
	};
	let timestamp = sp_timestamp::InherentDataProvider::new(0.into());

	let mut inherents = InherentData::new();
	futures::executor::block_on(async {
		relay_chain.provide_inherent_data(&mut inherents).await?;
		timestamp.provide_inherent_data(&mut inherents).await
	})
	.map_err(|error| format!("cannot make the inherents of block 1: {error}"))?;
	Ok(inherents)
}
