// SPDX-License-Identifier: GPL-3.0-only

//! The subcommand `benchmark`.
//!
//! | kind | measures | needs |
//! | --- | --- | --- |
//! | `pallet` | the weight of each call | a runtime built with `runtime-benchmarks` |
//! | `overhead` | the weight of an empty block and of an empty call | any runtime |
//! | `extrinsic` | the time of one call in a full block | any chain |
//! | `block` | the weight of old blocks, compared with their execution time | a database |
//! | `storage` | the weights of a read and of a write | a database, and the node's feature of that name |
//! | `machine` | the hardware, compared with the relay chain's requirements | |
//!
//! `pallet` and `overhead` take the runtime from a file (`--runtime`), so weights need no second build of the
//! node.

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

/// Runs the given benchmark.
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

/// Initializes the logger for a command without a chain.
fn init_logger(command: &impl CliConfiguration) -> sc_cli::Result<()> {
	command.init(&Cli::support_url(), &Cli::impl_version(), |_| ())
}

/// Returns the given chain specification, if any.
fn spec(cli: &Cli, params: &SharedParams) -> sc_cli::Result<Option<Box<dyn ChainSpec>>> {
	Ok(params.chain.as_deref().map(|id| cli.load_spec(id)).transpose()?)
}

/// Returns the inherents of block 1, at slot 0.
///
/// The cost of a remark does not depend on them. The relay chain has included genesis and has no messages.
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
