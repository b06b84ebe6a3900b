// SPDX-License-Identifier: GPL-3.0-only

//! A running development chain, and helpers to query it.

use codec::{Decode, Encode};
use conveyor_primitives::{Admission, Advice, InvalidLimits, Limits, Refusal};
use conveyor_runtime::{opaque::Header, AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent};
use cumulus_primitives_core::rpsr_digest::extract_relay_parent_storage_root;
use frame_system::EventRecord;
use jsonrpsee::{
	core::client::{ClientT, Error, Subscription, SubscriptionClientT},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_core::{
	sr25519::{self, Signature},
	Pair,
};
use sp_crypto_hashing::twox_128;
use sp_keyring::Sr25519Keyring;
use sp_runtime::DigestItem;
use std::{future::Future, process::Stdio, time::Duration};
use tokio::{
	io::{AsyncBufReadExt, BufReader},
	process::{Child, Command},
	sync::watch,
};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_conveyor-node");

/// Time limit for every wait, long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Logged by every node with the SDK's fork-aware pool when it stops: a blocking task of the pool ignores the exit, ends
/// when the pool is dropped, and is then reported as failed.
const POOL_ENDS: &str = "Essential task `txpool-background` failed. Shutting down service.";

/// The pool already has the transaction: an error code of `author_submitAndWatchExtrinsic`.
const ALREADY_IMPORTED: i32 = 1013;

/// No block can contain the transaction, for example because one already does: error codes for a transaction that is
/// invalid now, and for one that became invalid.
const IN_A_BLOCK: [i32; 2] = [1010, 1012];

/// Logged by a node that stops during the import of a block.
const CLIENT_ENDS: &str = "Unable to send AnnouncePin worker message";

/// Logged by a node whose collator stops while it builds a block.
const COLLATOR_ENDS: &str = "Cancelled oneshot channel";

/// Logged by litep2p when the async runtime shuts down before the network worker has ended.
const NETWORK_ENDS: [&str; 4] = [
	"TCP listener terminated with error error=Custom { kind: Other, error: \"A Tokio 1.x context was found",
	"Installed transports terminated, ignore if the node is stopping",
	"Litep2p backend terminated",
	"Essential task `network-worker` failed. Shutting down service.",
];

/// A temporary folder, removed when dropped.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
	pub(crate) fn new() -> Self {
		Self(tempfile::tempdir().expect("there is a folder for temporary files"))
	}

	pub(crate) fn path(&self) -> &str {
		self.0.path().to_str().expect("its name is text")
	}
}

/// A development chain. Killed when dropped, unless it was stopped.
pub(crate) struct DevChain {
	process: Child,
	log: watch::Receiver<Vec<String>>,
	rpc: WsClient,
	heads: Subscription<Header>,
	/// The newest block that [`Self::next_blocks`] has returned or skipped.
	seen: u32,
}

/// Starts a development chain that ends with an error. Returns its log.
pub(crate) async fn rejected(options: &[&str]) -> String {
	let program = Command::new(PROGRAM)
		.args(["dev", "--rpc-port=0", "--port=0", "--no-prometheus"])
		.args(options)
		.kill_on_drop(true)
		.output();
	let output = tokio::time::timeout(PATIENCE, program)
		.await
		.unwrap_or_else(|_| panic!("with {options:?} the chain runs instead of ending"))
		.expect("the program starts");
	assert!(!output.status.success(), "{options:?}");
	String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for an event of the chain.
async fn expect<T>(
	what: &str,
	log: &watch::Receiver<Vec<String>>,
	event: impl Future<Output = T>,
) -> T {
	tokio::time::timeout(PATIENCE, event).await.unwrap_or_else(|_| {
		panic!("{what} did not happen within {PATIENCE:?}. The log:\n{}", log.borrow().join("\n"))
	})
}

impl DevChain {
	/// Starts a chain with `options`, on free ports.
	pub(crate) async fn start(options: &[&str]) -> Self {
		let mut process = Command::new(PROGRAM)
			.args(["dev", "--rpc-port=0", "--port=0", "--no-prometheus", "--no-telemetry"])
			// Adds the level to every line.
			.arg("--detailed-log-output")
			.args(options)
			.stdout(Stdio::null())
			.stderr(Stdio::piped())
			.kill_on_drop(true)
			.spawn()
			.expect("the program starts");
		let stderr = process.stderr.take().expect("it is piped");
		let (sender, mut log) = watch::channel(Vec::new());
		tokio::spawn(async move {
			let mut lines = BufReader::new(stderr).lines();
			while let Ok(Some(line)) = lines.next_line().await {
				sender.send_modify(|log: &mut Vec<String>| log.push(line));
			}
		});
		let address = |log: &Vec<String>| {
			let line = log.iter().find(|line| line.contains("Running JSON-RPC server: addr="))?;
			let address = line.split("addr=").nth(1)?.split([',', ' ']).next()?;
			Some(address.to_string())
		};
		let mut waiting = log.clone();
		let address = expect("the RPC server", &log, async move {
			let log = waiting.wait_for(|log| address(log).is_some()).await;
			address(&log.expect("the program ended before it served RPC")).expect("just seen")
		})
		.await;
		let rpc = WsClientBuilder::default()
			.build(format!("ws://{address}"))
			.await
			.expect("the server responds");
		let heads = subscribe_to_heads(&rpc).await;
		log.mark_unchanged();
		Self { process, log, rpc, heads, seen: 0 }
	}

	/// Stops the chain with Ctrl-C, and checks that the log has no error.
	pub(crate) async fn stop(mut self) {
		let id = self.process.id().expect("the program runs");
		let lines_before = self.log.borrow().len();
		let interrupted = Command::new("kill").args(["-INT", &id.to_string()]).status().await;
		assert!(interrupted.expect("kill starts").success());
		let status = expect("the end after Ctrl-C", &self.log, self.process.wait()).await;
		assert!(status.expect("the program has a status").success());
		let errors = self
			.log
			.borrow()
			.iter()
			.enumerate()
			.filter(|(_, line)| line.contains(" ERROR ") || line.contains("panicked"))
			.filter(|(index, line)| *index < lines_before || !is_logged_when_stopping(line))
			.map(|(_, line)| line.clone())
			.collect::<Vec<_>>();
		assert!(errors.is_empty(), "{}", errors.join("\n"));
	}

	/// Returns the number of log lines that contain `text`.
	pub(crate) fn lines_with(&self, text: &str) -> usize {
		self.log.borrow().iter().filter(|line| line.contains(text)).count()
	}

	/// Returns the lines of the pipeline so far: one per relay block, and one per abandoned branch.
	pub(crate) fn pipeline(&self) -> Vec<String> {
		self.log.borrow().iter().filter_map(|line| pipeline_line(line)).map(Into::into).collect()
	}

	/// Waits for a line of the pipeline that contains `text`.
	pub(crate) async fn pipeline_with(&self, text: &str) -> String {
		let mut log = self.log.clone();
		let found = |log: &Vec<String>| {
			let mut lines = log.iter().filter_map(|line| pipeline_line(line));
			lines.find(|line| line.contains(text)).map(ToString::to_string)
		};
		expect(text, &self.log, async move {
			let log = log.wait_for(|log| found(log).is_some()).await;
			found(&log.expect("the program runs")).expect("just seen")
		})
		.await
	}

	/// Skips the best block and all blocks before it.
	pub(crate) async fn skip_to_best(&mut self) {
		self.seen = self.seen.max(self.best_and_finalized().await.0);
	}

	/// Returns the headers of the next `count` best blocks with new numbers.
	pub(crate) async fn next_blocks(&mut self, count: usize) -> Vec<Header> {
		let mut headers = Vec::new();
		while headers.len() < count {
			// The subscription starts with the current best block.
			let (heads, seen) = (&mut self.heads, self.seen);
			let header = expect("the next block", &self.log, async move {
				loop {
					let header = next_head(heads).await;
					if header.number > seen {
						return header;
					}
				}
			})
			.await;
			self.seen = header.number;
			headers.push(header);
		}
		headers
	}

	/// Returns the header of the next best block, with any number.
	pub(crate) async fn next_best(&mut self) -> Header {
		expect("the next best block", &self.log, next_head(&mut self.heads)).await
	}

	async fn request<T: serde::de::DeserializeOwned>(&self, method: &str, params: Vec<Value>) -> T {
		let request = self.rpc.request(method, params);
		expect(method, &self.log, request).await.unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// Calls a runtime API on the state after block `at`.
	async fn call<T: Decode>(&self, method: &str, arguments: impl Encode, at: Hash) -> T {
		let result: String = self
			.request("state_call", vec![method.into(), hex(&arguments.encode()), at_block(at)])
			.await;
		T::decode(&mut &unhex(&result)[..]).expect("the result decodes")
	}

	/// Returns the value of `key` after block `at`.
	async fn storage<T: Decode>(&self, key: &[u8], at: Hash) -> Option<T> {
		let value: Option<String> =
			self.request("state_getStorage", vec![hex(key), at_block(at)]).await;
		value.map(|value| T::decode(&mut &unhex(&value)[..]).expect("the value decodes"))
	}

	pub(crate) async fn block_hash(&self, number: u32) -> Hash {
		self.request("chain_getBlockHash", vec![number.into()]).await
	}

	async fn best_hash(&self) -> Hash {
		self.request("chain_getBlockHash", vec![]).await
	}

	pub(crate) async fn header(&self, hash: Hash) -> Header {
		self.request("chain_getHeader", vec![at_block(hash)]).await
	}

	pub(crate) async fn best_and_finalized(&self) -> (u32, u32) {
		let best = self.header(self.best_hash().await).await.number;
		let finalized: Hash = self.request("chain_getFinalizedHead", vec![]).await;
		(best, self.header(finalized).await.number)
	}

	/// Returns the limits for the next block.
	pub(crate) async fn limits(&self) -> Limits {
		self.call("VelocityApi_limits", (), self.best_hash().await).await
	}

	/// Returns the runtime's advice for `limits`, as of the best block.
	pub(crate) async fn check_limits(&self, limits: Limits) -> Result<Advice, InvalidLimits> {
		self.call("VelocityApi_check_limits", limits, self.best_hash().await).await
	}

	/// Returns the runtime's verdict on one more block on `at`.
	pub(crate) async fn admission(
		&self,
		at: Hash,
		included: Hash,
		relay_slot: u64,
	) -> Result<Admission, Refusal> {
		self.call("VelocityApi_admission", (included, relay_slot), at).await
	}

	/// Returns the length of the unincluded segment after block `at`.
	pub(crate) async fn unincluded_segment(&self, at: Hash) -> u32 {
		let key = cumulus_pallet_parachain_system::UnincludedSegment::<Runtime>::hashed_key();
		let segment: Option<Vec<cumulus_pallet_parachain_system::Ancestor<Hash>>> =
			self.storage(&key, at).await;
		segment.map_or(0, |segment| segment.len() as u32)
	}

	/// Returns the events of block `at`.
	pub(crate) async fn events(&self, at: Hash) -> Vec<RuntimeEvent> {
		let key = [twox_128(b"System"), twox_128(b"Events")].concat();
		let events: Vec<EventRecord<RuntimeEvent, Hash>> =
			self.storage(&key, at).await.expect("every block has events");
		events.into_iter().map(|record| record.event).collect()
	}

	pub(crate) async fn free_balance(&self, account: Sr25519Keyring) -> u128 {
		let account: AccountId = account.to_account_id();
		let key = frame_system::Account::<Runtime>::hashed_key_for(account);
		let info: frame_system::AccountInfo<u32, pallet_balances::AccountData<u128>> =
			self.storage(&key, self.best_hash().await).await.expect("the account exists");
		info.data.free
	}

	/// Signs and submits `call`. Returns the hash of the block with it, once that is finalized.
	pub(crate) async fn submit_and_finalize(
		&self,
		signer: Sr25519Keyring,
		call: RuntimeCall,
	) -> Hash {
		let at = self.best_hash().await;
		let account: AccountId = signer.to_account_id();
		let nonce: u32 = self.call("AccountNonceApi_account_nonce", account, at).await;
		let submitted = self.submit(signer, call, nonce).await;
		self.finalized(submitted).await.block
	}

	/// Signs and submits `call` until the pool keeps it.
	pub(crate) async fn submit(
		&self,
		signer: Sr25519Keyring,
		call: RuntimeCall,
		nonce: u32,
	) -> Submitted {
		let genesis = self.block_hash(0).await;
		let transaction = super::transaction::signed(signer, call, nonce, genesis).encode();
		self.submit_signed(signer, nonce, transaction).await
	}

	/// Submits a transaction of `signer` with that nonce until the pool keeps it.
	///
	/// The pool makes a view of itself for each new block. One that takes a transaction from the pool
	/// while it is still being submitted has it already when it is submitted to the views. If no other view
	/// accepts it, it is rejected: it has no watcher, and the pool drops it with that view
	/// (sc-transaction-pool 48, `ViewStore::submit_and_watch`). So this function tries again with each new
	/// block until the transaction is accepted or found in a finalized block.
	pub(crate) async fn submit_signed(
		&self,
		signer: Sr25519Keyring,
		nonce: u32,
		transaction: Vec<u8>,
	) -> Submitted {
		let mut heads: Option<Subscription<Header>> = None;
		loop {
			let submitting = self.rpc.subscribe(
				"author_submitAndWatchExtrinsic",
				rpc_params![hex(&transaction)],
				"author_unwatchExtrinsic",
			);
			match submitting.await {
				Ok(status) => return Submitted { transaction, fate: Fate::Watched(status) },
				Err(Error::Call(error)) if error.code() == ALREADY_IMPORTED => {},
				Err(Error::Call(error))
					if IN_A_BLOCK.contains(&error.code()) && heads.is_some() => {},
				Err(error) => panic!("the transaction is refused: {error}"),
			}
			if let Some(block) = self.finalized_with(signer, nonce, &transaction).await {
				return Submitted { transaction, fate: Fate::Finalized(block) };
			}
			let heads = match &mut heads {
				Some(heads) => heads,
				// Starts with the current newest block.
				none => none.insert(subscribe_to_heads(&self.rpc).await),
			};
			expect("the next best block", &self.log, next_head(heads)).await;
		}
	}

	/// Returns the finalized block with that transaction of `signer`, if any.
	async fn finalized_with(
		&self,
		signer: Sr25519Keyring,
		nonce: u32,
		transaction: &Vec<u8>,
	) -> Option<Hash> {
		let mut block: Hash = self.request("chain_getFinalizedHead", vec![]).await;
		let account: AccountId = signer.to_account_id();
		let next: u32 = self.call("AccountNonceApi_account_nonce", account, block).await;
		if next <= nonce {
			return None;
		}
		while !self.transactions(block).await.contains(transaction) {
			let header = self.header(block).await;
			assert!(header.number > 0, "the nonce {nonce} is used up by another transaction");
			block = header.parent_hash;
		}
		Some(block)
	}

	/// Waits for a transaction's finalized block.
	pub(crate) async fn finalized(&self, submitted: Submitted) -> Finalized {
		let Submitted { transaction, fate } = submitted;
		match fate {
			Fate::Watched(status) => {
				let (block, blocks) = until_finalized(status, &self.log).await;
				Finalized { transaction, block, blocks }
			},
			Fate::Finalized(block) => Finalized { transaction, block, blocks: vec![block] },
		}
	}

	/// Executes block `at` again and traces it.
	pub(crate) async fn trace(&self, at: Hash) {
		let trace: Value = self.request("state_traceBlock", vec![at_block(at)]).await;
		assert!(trace.get("blockTrace").is_some(), "{at:?}: {trace}");
	}

	/// Sends a message from the relay chain to the parachain.
	pub(crate) async fn send_downward_message(&self, message: &[u8]) {
		self.request("dev_sendDownwardMessage", vec![hex(message)]).await
	}

	/// Same as [`Self::send_downward_message`], with the text of the error.
	pub(crate) async fn try_send_downward_message(&self, message: &[u8]) -> Result<(), String> {
		let request = self.rpc.request("dev_sendDownwardMessage", rpc_params![hex(message)]);
		request.await.map_err(|error| error.to_string())
	}

	/// Returns the transactions of block `at`, as they were submitted.
	pub(crate) async fn transactions(&self, at: Hash) -> Vec<Vec<u8>> {
		let block: Value = self.request("chain_getBlock", vec![at_block(at)]).await;
		let transactions = block["block"]["extrinsics"].as_array().expect("a block has a list");
		transactions.iter().map(|text| unhex(text.as_str().expect("in hexadecimal"))).collect()
	}
}

async fn subscribe_to_heads(rpc: &WsClient) -> Subscription<Header> {
	rpc.subscribe("chain_subscribeNewHeads", rpc_params![], "chain_unsubscribeNewHeads")
		.await
		.expect("heads can be subscribed to")
}

async fn next_head(heads: &mut Subscription<Header>) -> Header {
	heads.next().await.expect("the subscription continues").expect("a header")
}

/// A transaction in the pool.
pub(crate) struct Submitted {
	pub(crate) transaction: Vec<u8>,
	fate: Fate,
}

/// Source of a transaction's status.
enum Fate {
	/// The pool reports its status.
	Watched(Subscription<Value>),
	/// It is in this finalized block, and the pool has not reported it.
	Finalized(Hash),
}

/// Finalized transaction.
pub(crate) struct Finalized {
	/// The submitted transaction.
	pub(crate) transaction: Vec<u8>,
	/// The block that contains it.
	pub(crate) block: Hash,
	/// The blocks that contained it, including this one, as far as the pool has reported them.
	pub(crate) blocks: Vec<Hash>,
}

/// Returns the finalized block with a transaction, and all blocks that contained it.
async fn until_finalized(
	mut status: Subscription<Value>,
	log: &watch::Receiver<Vec<String>>,
) -> (Hash, Vec<Hash>) {
	let hash =
		|value: &Value| -> Hash { serde_json::from_value(value.clone()).expect("a block hash") };
	let mut blocks = Vec::new();
	let block = expect("the finalized transaction", log, async {
		while let Some(status) = status.next().await {
			let status = status.expect("a status");
			if let Some(block) = status.get("inBlock") {
				blocks.push(hash(block));
			}
			if let Some(block) = status.get("finalized") {
				return hash(block);
			}
			for end in ["dropped", "invalid", "usurped", "finalityTimeout"] {
				assert!(status != end && status.get(end).is_none(), "{status}");
			}
		}
		panic!("the transaction's status ended before it was finalized")
	})
	.await;
	(block, blocks)
}

/// Returns whether nodes log this error when they stop, and only then.
fn is_logged_when_stopping(line: &str) -> bool {
	[POOL_ENDS, CLIENT_ENDS, COLLATOR_ENDS]
		.into_iter()
		.chain(NETWORK_ENDS)
		.any(|text| line.contains(text))
}

/// Returns a log line's part about a relay block or a branch, if any.
fn pipeline_line(line: &str) -> Option<&str> {
	let (_, text) = line.split_once(" dev: ")?;
	let of_a_block = |text: &str| text.starts_with('R') && text[1..].starts_with(char::is_numeric);
	(of_a_block(text) || text.starts_with("-- ")).then_some(text)
}

/// Returns the para slot of a block, and the well-known collator that sealed it.
pub(crate) fn slot_and_author(header: &Header) -> (u64, Sr25519Keyring) {
	let slot = header.digest.convert_first(|item| match item {
		DigestItem::PreRuntime(AURA_ENGINE_ID, slot) => u64::decode(&mut &slot[..]).ok(),
		_ => None,
	});
	let mut unsealed = header.clone();
	let seal = unsealed.digest.pop().expect("every block is sealed");
	let DigestItem::Seal(AURA_ENGINE_ID, seal) = seal else { panic!("{seal:?} is no seal") };
	let seal = Signature::try_from(&seal[..]).expect("a seal is a signature");
	let author = Sr25519Keyring::well_known()
		.find(|key| sr25519::Pair::verify(&seal, unsealed.hash().as_bytes(), &key.public()))
		.expect("one of them has sealed it");
	(slot.expect("every block names its slot"), author)
}

/// Returns the number of a block's relay parent.
pub(crate) fn relay_parent(header: &Header) -> u32 {
	extract_relay_parent_storage_root(&header.digest).expect("every block names it").1
}

fn hex(bytes: &[u8]) -> Value {
	sp_core::bytes::to_hex(bytes, false).into()
}

fn unhex(text: &str) -> Vec<u8> {
	sp_core::bytes::from_hex(text).expect("the node returns hexadecimal text")
}

fn at_block(hash: Hash) -> Value {
	hex(hash.as_bytes())
}
