// SPDX-License-Identifier: GPL-3.0-only

//! A chain's state in memory, and calls into the runtime's Wasm on it.

use codec::{Decode, Encode};
use conveyor_runtime::{
	opaque::{Block, Header},
	Hash, VERSION,
};
use cumulus_client_service::ParachainHostFunctions;
use sc_chain_spec::json_merge;
use sc_executor::WasmExecutor;
use serde_json::Value;
use sp_core::{
	storage::well_known_keys,
	traits::{CallContext, CodeExecutor, FetchRuntimeCode, RuntimeCode},
};
use sp_crypto_hashing::blake2_256;
use sp_externalities::{Extensions, Externalities};
use sp_genesis_builder::PresetId;
use sp_runtime::traits::{BlakeTwo256, Hash as _, Header as _};
use sp_state_machine::{
	InMemoryBackend, InspectState, OverlayedChanges, StateMachine, TrieBackendBuilder,
};
use sp_trie::{
	cache::{CacheSize, SharedTrieCache},
	proof_size_extension::ProofSizeExt,
	recorder::{IgnoredNodes, Recorder},
	StorageProof,
};
use std::{borrow::Cow, sync::LazyLock};

/// Executes a runtime, with what a parachain node offers it.
type Executor = WasmExecutor<ParachainHostFunctions>;

/// One for everybody: it compiles each Wasm once, as long as there are no more than it remembers.
fn executor() -> &'static Executor {
	static EXECUTOR: LazyLock<Executor> = LazyLock::new(|| {
		Executor::builder().with_max_runtime_instances(8).with_runtime_cache_size(4).build()
	});
	&EXECUTOR
}

/// A runtime as Wasm.
#[derive(Clone)]
pub struct Code {
	wasm: &'static [u8],
	/// What the executor knows it by.
	hash: Vec<u8>,
}

impl FetchRuntimeCode for Code {
	fn fetch_runtime_code(&self) -> Option<Cow<'_, [u8]>> {
		Some(Cow::Borrowed(self.wasm))
	}
}

impl Code {
	/// The constant `WASM_BINARY` of a runtime.
	pub fn new(wasm: Option<&'static [u8]>) -> Self {
		let wasm = wasm.expect("built without the Wasm: unset SKIP_…WASM_BUILD and build again");
		Self { wasm, hash: blake2_256(wasm).to_vec() }
	}

	/// The runtime that chains run.
	pub fn of_runtime() -> &'static Self {
		static CODE: LazyLock<Code> = LazyLock::new(|| Code::new(conveyor_runtime::WASM_BINARY));
		&CODE
	}

	/// The Wasm as chains get it: compacted and compressed.
	pub fn wasm(&self) -> &'static [u8] {
		self.wasm
	}

	/// The genesis that the runtime has under that name, as a patch of its default genesis.
	pub fn preset(&self, name: &str) -> Value {
		self.genesis(Some(name.into())).unwrap_or_else(|| panic!("there is no preset {name}"))
	}

	fn genesis(&self, preset: Option<PresetId>) -> Option<Value> {
		let json: Option<Vec<u8>> = State::empty(self).call("GenesisBuilder_get_preset", preset);
		json.map(|json| serde_json::from_slice(&json).expect("a preset is JSON"))
	}

	/// Call a function of the Wasm that needs no state, or brings its own.
	///
	/// The error is what the executor makes of a panic, without the panic's text.
	pub fn call(
		&self,
		externalities: &mut dyn Externalities,
		function: &str,
		arguments: &[u8],
	) -> Result<Vec<u8>, String> {
		let code = self.for_executor();
		let (result, _) =
			executor().call(externalities, &code, function, arguments, CallContext::Offchain);
		result.map_err(|error| error.to_string())
	}

	fn for_executor(&self) -> RuntimeCode<'_> {
		RuntimeCode { code_fetcher: self, heap_pages: None, hash: self.hash.clone() }
	}
}

/// More than all states of a test take.
const CACHE_SIZE: CacheSize = CacheSize::new(64 * 1024 * 1024);

/// A chain: its newest header and the state after it.
#[derive(Clone)]
pub struct State {
	code: Code,
	backend: InMemoryBackend<BlakeTwo256>,
	/// What a node has as well, and without which every access walks the trie.
	cache: SharedTrieCache<BlakeTwo256>,
	genesis: Header,
	head: Header,
	/// The part of the state that is in the proof of the candidate already.
	proven: IgnoredNodes<Hash>,
}

impl State {
	/// A chain on the runtime that chains run, with one of its presets.
	pub fn of_preset(name: &str) -> Self {
		let code = Code::of_runtime();
		Self::new(code, code.preset(name))
	}

	/// A chain on `code` that starts with `genesis`, a patch of the default genesis.
	pub fn new(code: &Code, genesis: Value) -> Self {
		let mut state = Self::empty(code);
		let mut config = code.genesis(None).expect("there is a default genesis");
		json_merge(&mut config, genesis);

		let mut execution = Execution::default();
		let config = config.to_string().encode();
		let result = state
			.execute(&mut execution, "GenesisBuilder_build_state", &config)
			.unwrap_or_else(|error| panic!("genesis cannot be built: {error}"));
		sp_genesis_builder::Result::decode(&mut &result[..])
			.expect("the result decodes")
			.unwrap_or_else(|error| panic!("genesis cannot be built: {error}"));
		let Execution { changes, .. } = &mut execution;
		changes.set_storage(well_known_keys::CODE.to_vec(), Some(code.wasm.to_vec()));
		state.apply(execution);

		state.genesis.set_state_root(*state.backend.root());
		state.head = state.genesis.clone();
		state
	}

	/// No state at all.
	fn empty(code: &Code) -> Self {
		let backend = InMemoryBackend::default();
		let genesis = Header::new(
			0,
			BlakeTwo256::trie_root(Vec::new(), VERSION.extrinsics_root_state_version()),
			*backend.root(),
			Default::default(),
			Default::default(),
		);
		let head = genesis.clone();
		let cache = SharedTrieCache::new(CACHE_SIZE, None);
		Self { code: code.clone(), backend, cache, genesis, head, proven: Default::default() }
	}

	/// The runtime.
	pub fn code(&self) -> &Code {
		&self.code
	}

	/// The newest header.
	pub fn head(&self) -> &Header {
		&self.head
	}

	/// The hash of the first header.
	pub fn genesis_hash(&self) -> Hash {
		self.genesis.hash()
	}

	/// Look at the state with the runtime's own code.
	pub fn inspect<R>(&self, look: impl FnOnce() -> R) -> R {
		self.backend.inspect_state(look)
	}

	/// Forget what blocks before have proven: the next block is the first of a candidate.
	pub fn begin_candidate(&mut self) {
		self.proven = Default::default();
	}

	/// Begin to execute a block on this state.
	///
	/// What the blocks before it in its candidate have looked at, or have written themselves, is not
	/// recorded again: a validator has it. What a block knows of the size of its proof depends on
	/// that, and so does the weight that it notes.
	pub fn begin_block(&self) -> Execution {
		Execution {
			changes: Default::default(),
			recorder: Recorder::with_ignored_nodes(self.proven.clone()),
		}
	}

	/// Call a runtime API and forget what it changes.
	pub fn call<T: Decode>(&self, method: &str, arguments: impl Encode) -> T {
		let mut execution = Execution::default();
		let result = self
			.execute(&mut execution, method, &arguments.encode())
			.unwrap_or_else(|error| panic!("{method}: {error}"));
		T::decode(&mut &result[..]).expect("the result decodes")
	}

	/// Call a runtime API, on top of what `execution` has changed already.
	///
	/// The error is what the executor makes of a panic, without the panic's text.
	pub fn execute(
		&self,
		execution: &mut Execution,
		method: &str,
		arguments: &[u8],
	) -> Result<Vec<u8>, String> {
		let Execution { changes, recorder } = execution;
		let backend = TrieBackendBuilder::wrap(&self.backend)
			.with_cache(self.cache.local_cache_trusted())
			.with_recorder(recorder.clone())
			.build();
		let mut extensions = Extensions::default();
		extensions.register(ProofSizeExt::new(recorder.clone()));
		let result = StateMachine::new(
			&backend,
			changes,
			executor(),
			method,
			arguments,
			&mut extensions,
			&self.code.for_executor(),
			CallContext::Onchain { import: false },
		)
		.execute();
		result.map_err(|error| error.to_string())
	}

	/// Executes a block as an importing node does, and makes it the head. Returns what it adds to the
	/// candidate's proof.
	pub fn import(&mut self, block: &Block) -> Result<StorageProof, String> {
		let mut execution = self.begin_block();
		self.execute(&mut execution, EXECUTE_BLOCK, &without_seal(block))?;
		let proof = execution.proof();
		self.commit(execution, block.header.clone());
		Ok(proof)
	}

	/// Make what `execution` has changed the state after `head`.
	pub fn commit(&mut self, execution: Execution, head: Header) {
		self.apply(execution);
		assert_eq!(self.backend.root(), head.state_root(), "the state is the block's");
		self.head = head;
	}

	fn apply(&mut self, mut execution: Execution) {
		self.proven.extend(IgnoredNodes::from_storage_proof::<BlakeTwo256>(&execution.proof()));
		let changes = execution
			.changes
			.drain_storage_changes(&self.backend, VERSION.state_version())
			.expect("the state is in memory");
		self.proven.extend(IgnoredNodes::from_memory_db(changes.transaction.clone()));
		self.backend.apply_transaction(changes.transaction_storage_root, changes.transaction);
	}
}

/// The runtime API that executes a block. It takes [`without_seal`].
pub const EXECUTE_BLOCK: &str = "Core_execute_block";

/// Returns the block without its seal, as [`EXECUTE_BLOCK`] requires it.
pub fn without_seal(block: &Block) -> Vec<u8> {
	let mut block = block.clone();
	block.header.digest_mut().pop().expect("the seal is the last item");
	block.encode()
}

/// The execution of a block: what it has changed and what it has looked at so far.
#[derive(Default)]
pub struct Execution {
	changes: OverlayedChanges<BlakeTwo256>,
	recorder: Recorder<BlakeTwo256>,
}

impl Execution {
	/// The part of the state that it has looked at, without what was proven before it.
	pub fn proof(&self) -> StorageProof {
		self.recorder.to_storage_proof()
	}

	/// The number of keys that it has looked up in the state before it.
	pub fn keys_read(&self) -> usize {
		self.recorder.recorded_keys().values().map(|keys| keys.len()).sum()
	}

	/// The number of keys that it has written or removed.
	pub fn keys_written(&self) -> usize {
		self.changes.changes().count()
	}
}
