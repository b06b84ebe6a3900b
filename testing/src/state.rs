// SPDX-License-Identifier: GPL-3.0-only

//! A chain's in-memory state, and calls into the runtime's Wasm.

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

/// Executes a runtime with the host functions of a parachain node.
type Executor = WasmExecutor<ParachainHostFunctions>;

/// One executor for all states: it compiles each Wasm once, up to its cache size.
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
	/// Key in the executor's cache.
	hash: Vec<u8>,
}

impl FetchRuntimeCode for Code {
	fn fetch_runtime_code(&self) -> Option<Cow<'_, [u8]>> {
		Some(Cow::Borrowed(self.wasm))
	}
}

impl Code {
	/// `wasm` is a runtime's constant `WASM_BINARY`.
	pub fn new(wasm: Option<&'static [u8]>) -> Self {
		let wasm = wasm.expect("built without the Wasm: unset SKIP_…WASM_BUILD and build again");
		Self { wasm, hash: blake2_256(wasm).to_vec() }
	}

	/// The default runtime, without a variant.
	pub fn of_runtime() -> &'static Self {
		static CODE: LazyLock<Code> = LazyLock::new(|| Code::new(conveyor_runtime::WASM_BINARY));
		&CODE
	}

	/// Returns the Wasm as in a chain specification: compacted and compressed.
	pub fn wasm(&self) -> &'static [u8] {
		self.wasm
	}

	/// Returns the genesis preset `name`, as a patch of the default genesis.
	pub fn preset(&self, name: &str) -> Value {
		self.genesis(Some(name.into())).unwrap_or_else(|| panic!("there is no preset {name}"))
	}

	fn genesis(&self, preset: Option<PresetId>) -> Option<Value> {
		let json: Option<Vec<u8>> = State::empty(self).call("GenesisBuilder_get_preset", preset);
		json.map(|json| serde_json::from_slice(&json).expect("a preset is JSON"))
	}

	/// Calls a function of the Wasm that needs no state.
	///
	/// The error is the executor's error for a panic, without the panic's text.
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

/// More than all states of one test need.
const CACHE_SIZE: CacheSize = CacheSize::new(64 * 1024 * 1024);

/// A chain: its newest header, and the state after it.
#[derive(Clone)]
pub struct State {
	code: Code,
	backend: InMemoryBackend<BlakeTwo256>,
	/// The trie cache of a node. Without it every access walks the trie.
	cache: SharedTrieCache<BlakeTwo256>,
	genesis: Header,
	head: Header,
	/// The part of the state that the candidate's proof already contains.
	proven: IgnoredNodes<Hash>,
}

impl State {
	/// Creates a chain with the default runtime and one of its genesis presets.
	pub fn of_preset(name: &str) -> Self {
		let code = Code::of_runtime();
		Self::new(code, code.preset(name))
	}

	/// Creates a chain on `code` with `genesis`, a patch of the default genesis.
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

	/// Returns a chain with an empty state.
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

	/// Returns the runtime.
	pub fn code(&self) -> &Code {
		&self.code
	}

	/// Returns the newest header.
	pub fn head(&self) -> &Header {
		&self.head
	}

	/// Returns the hash of the genesis header.
	pub fn genesis_hash(&self) -> Hash {
		self.genesis.hash()
	}

	/// Runs `look` with the state as native externalities.
	pub fn inspect<R>(&self, look: impl FnOnce() -> R) -> R {
		self.backend.inspect_state(look)
	}

	/// Starts a new candidate: the next block's proof starts empty.
	pub fn begin_candidate(&mut self) {
		self.proven = Default::default();
	}

	/// Starts the execution of a block on this state.
	///
	/// State that previous blocks of the candidate have read or written is not recorded again, because the
	/// validator has it already. This determines the proof size that a block measures, and so the weight that
	/// it registers.
	pub fn begin_block(&self) -> Execution {
		Execution {
			changes: Default::default(),
			recorder: Recorder::with_ignored_nodes(self.proven.clone()),
		}
	}

	/// Calls a runtime API and discards its changes.
	pub fn call<T: Decode>(&self, method: &str, arguments: impl Encode) -> T {
		let mut execution = Execution::default();
		let result = self
			.execute(&mut execution, method, &arguments.encode())
			.unwrap_or_else(|error| panic!("{method}: {error}"));
		T::decode(&mut &result[..]).expect("the result decodes")
	}

	/// Calls a runtime API on top of the changes of `execution`.
	///
	/// The error is the executor's error for a panic, without the panic's text.
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

	/// Executes a block as an importing node does, and makes it the head. Returns the block's part of the
	/// candidate's proof.
	pub fn import(&mut self, block: &Block) -> Result<StorageProof, String> {
		let mut execution = self.begin_block();
		self.execute(&mut execution, EXECUTE_BLOCK, &without_seal(block))?;
		let proof = execution.proof();
		self.commit(execution, block.header.clone());
		Ok(proof)
	}

	/// Makes the changes of `execution` the state after `head`.
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

/// The runtime API that executes a block. Its argument is [`without_seal`].
pub const EXECUTE_BLOCK: &str = "Core_execute_block";

/// Returns the block without its seal, as [`EXECUTE_BLOCK`] needs it.
pub fn without_seal(block: &Block) -> Vec<u8> {
	let mut block = block.clone();
	block.header.digest_mut().pop().expect("the seal is the last item");
	block.encode()
}

/// The execution of a block: its changes and its recorded proof.
#[derive(Default)]
pub struct Execution {
	changes: OverlayedChanges<BlakeTwo256>,
	recorder: Recorder<BlakeTwo256>,
}

impl Execution {
	/// Returns the recorded proof, without state that was proven before the block.
	pub fn proof(&self) -> StorageProof {
		self.recorder.to_storage_proof()
	}

	/// Returns the number of keys read from the state before the block.
	pub fn keys_read(&self) -> usize {
		self.recorder.recorded_keys().values().map(|keys| keys.len()).sum()
	}

	/// Returns the number of keys written or removed.
	pub fn keys_written(&self) -> usize {
		self.changes.changes().count()
	}
}
