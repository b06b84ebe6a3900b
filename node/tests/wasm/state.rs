// SPDX-License-Identifier: GPL-3.0-only

//! A chain's state in memory, and calls into the runtime's Wasm on it.

use codec::{Decode, Encode};
use conveyor_runtime::{opaque::Header, Hash, VERSION};
use cumulus_client_service::ParachainHostFunctions;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_executor::WasmExecutor;
use sp_core::{
	storage::{well_known_keys, Storage},
	traits::{CallContext, RuntimeCode, WrappedRuntimeCode},
};
use sp_runtime::traits::{BlakeTwo256, Hash as _, Header as _};
use sp_state_machine::{InMemoryBackend, OverlayedChanges, StateMachine, TrieBackendBuilder};
use sp_trie::{proof_size_extension::ProofSizeExt, recorder::Recorder};
use std::{borrow::Cow, sync::LazyLock};

/// Executes the runtime, with what a parachain node offers it.
pub(crate) type Executor = WasmExecutor<ParachainHostFunctions>;

/// One for all tests: it compiles the Wasm once.
pub(crate) fn executor() -> &'static Executor {
	static EXECUTOR: LazyLock<Executor> =
		LazyLock::new(|| Executor::builder().with_max_runtime_instances(8).build());
	&EXECUTOR
}

/// The state at genesis of a chain with one of the runtime's presets.
fn genesis_storage(preset: &str) -> Storage {
	type Caller = GenesisConfigBuilderRuntimeCaller<'static, ParachainHostFunctions>;
	static CALLER: LazyLock<Caller> = LazyLock::new(|| Caller::new(code()));
	let mut storage =
		CALLER.get_storage_for_named_preset(Some(&preset.to_string())).expect("the preset builds");
	storage.top.insert(well_known_keys::CODE.to_vec(), code().to_vec());
	storage
}

/// The runtime's Wasm as chains get it: compacted and compressed.
pub(crate) fn code() -> &'static [u8] {
	conveyor_runtime::WASM_BINARY.expect("the tests are built with the Wasm; see scripts/test.sh")
}

/// The runtime's Wasm as executors want it.
pub(crate) fn runtime_code() -> RuntimeCode<'static> {
	static CODE: LazyLock<WrappedRuntimeCode<'static>> =
		LazyLock::new(|| WrappedRuntimeCode(Cow::Borrowed(code())));
	RuntimeCode { code_fetcher: &*CODE, heap_pages: None, hash: b"conveyor".to_vec() }
}

/// A chain: its newest header and the state after it.
pub(crate) struct State {
	backend: InMemoryBackend<BlakeTwo256>,
	genesis: Header,
	head: Header,
}

impl State {
	/// A chain that starts with one of the runtime's presets.
	pub(crate) fn of_preset(preset: &str) -> Self {
		let backend = InMemoryBackend::from((genesis_storage(preset), VERSION.state_version()));
		let genesis = Header::new(
			0,
			BlakeTwo256::trie_root(Vec::new(), VERSION.extrinsics_root_state_version()),
			*backend.root(),
			Default::default(),
			Default::default(),
		);
		Self { backend, head: genesis.clone(), genesis }
	}

	pub(crate) fn head(&self) -> &Header {
		&self.head
	}

	pub(crate) fn genesis_hash(&self) -> Hash {
		self.genesis.hash()
	}

	/// Call a runtime API and forget what it changes.
	pub(crate) fn call<T: Decode>(&self, method: &str, arguments: impl Encode) -> T {
		let mut execution = Execution::default();
		let result = self
			.execute(&mut execution, method, &arguments.encode())
			.unwrap_or_else(|error| panic!("{method}: {error}"));
		T::decode(&mut &result[..]).expect("the result decodes")
	}

	/// Call a runtime API, on top of what `execution` has changed already.
	pub(crate) fn execute(
		&self,
		execution: &mut Execution,
		method: &str,
		arguments: &[u8],
	) -> Result<Vec<u8>, String> {
		let Execution { changes, recorder } = execution;
		let backend =
			TrieBackendBuilder::wrap(&self.backend).with_recorder(recorder.clone()).build();
		let mut extensions = sp_externalities::Extensions::default();
		extensions.register(ProofSizeExt::new(recorder.clone()));
		let result = StateMachine::new(
			&backend,
			changes,
			executor(),
			method,
			arguments,
			&mut extensions,
			&runtime_code(),
			CallContext::Onchain { import: false },
		)
		.execute();
		result.map_err(|error| error.to_string())
	}

	/// Make what `execution` has changed the state after `head`.
	pub(crate) fn commit(&mut self, mut execution: Execution, head: Header) {
		let changes = execution
			.changes
			.drain_storage_changes(&self.backend, VERSION.state_version())
			.expect("the state is in memory");
		self.backend.apply_transaction(changes.transaction_storage_root, changes.transaction);
		assert_eq!(self.backend.root(), head.state_root(), "the state is the block's");
		self.head = head;
	}
}

/// The execution of a block: what it has changed and what it has looked at so far.
#[derive(Default)]
pub(crate) struct Execution {
	changes: OverlayedChanges<BlakeTwo256>,
	recorder: Recorder<BlakeTwo256>,
}

impl Execution {
	/// The part of the state that it has looked at.
	pub(crate) fn proof(&self) -> sp_trie::StorageProof {
		self.recorder.to_storage_proof()
	}
}
