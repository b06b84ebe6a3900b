// SPDX-License-Identifier: GPL-3.0-only

//! Other nodes and validators accept the blocks and candidates of the development chain.

use super::{
	chain::{self, DevChain, Folder, PROGRAM},
	schedule_limits, sudo, transfer, FAST,
};
use conveyor_primitives::Limits;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};
use std::{collections::BTreeSet, fs, process::Command};

/// Runs a command of the node that ends by itself. Returns its log.
fn run(arguments: &[&str]) -> String {
	let output = Command::new(PROGRAM).args(arguments).output().expect("the program starts");
	let log = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(output.status.success(), "{arguments:?}: {log}");
	log
}

/// A history with bundles of 1, 3 and 12 blocks, transactions, missed attempts and relay chain reorganizations is imported
/// block by block into an empty database.
///
/// Relay slots take 6 s, because nodes reject blocks of future slots.
#[tokio::test(flavor = "multi_thread")]
async fn exported_blocks_can_be_imported() {
	let (kept, empty) = (Folder::new(), Folder::new());
	let options = ["--miss-rate=0.2", "--relay-fork-rate=0.2", "--base-path", kept.path()];
	let mut chain = DevChain::start(&options).await;
	let (mut nonce, mut submitted) = (0, Vec::new());
	for rate in [3, 12] {
		let limits = Limits { velocity: rate, capacity: 7 * rate, target_block_rate: rate };
		let call = schedule_limits(limits.velocity, limits.capacity, limits.target_block_rate);
		chain.submit_and_finalize(Alice, sudo(call)).await;
		while chain.limits().await != limits {
			chain.next_blocks(1).await;
		}
		chain.skip_to_best().await;
		for _ in 0..3 {
			for sender in [Bob, Charlie, Dave] {
				submitted.push(chain.submit(sender, transfer(), nonce).await);
			}
			nonce += 1;
			chain.next_blocks(rate as usize / 2).await;
		}
	}
	let mut with_transfers = BTreeSet::new();
	for submitted in submitted {
		with_transfers.insert(chain.finalized(submitted).await.block);
	}
	assert_eq!(chain.lines_with("is invalid"), 0);
	// A block inside a bundle can also be executed without the previous blocks.
	for block in with_transfers {
		chain.trace(block).await;
	}
	let (_, finalized) = chain.best_and_finalized().await;
	let last = chain.block_hash(finalized).await;
	chain.stop().await;

	let in_folder = |name| format!("{}/{name}", empty.path());
	let (file, node) = (in_folder("blocks"), in_folder("node"));
	let (file, node) = (file.as_str(), node.as_str());
	let to = finalized.to_string();
	run(&[
		"export-blocks",
		"--chain=dev",
		"--base-path",
		kept.path(),
		"--from=1",
		"--to",
		&to,
		file,
	]);
	run(&["import-blocks", "--chain=dev", "--base-path", node, file]);
	// The import stops before a bad block, without an error.
	let log = run(&[
		"export-blocks",
		"--chain=dev",
		"--base-path",
		node,
		"--from",
		&to,
		"--to",
		&to,
		file,
	]);
	let exported = fs::read(file).expect("the block was exported");
	assert!(exported.len() > 8, "block {finalized} ({last}) was not imported: {log}");
}

/// A chain with only invalid candidates stalls: its blocks are built and imported, but never included.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_candidate_is_not_backed() {
	let folder = Folder::new();
	let path = |name| format!("{}/{name}", folder.path());
	let (wasm, spec) = (path("runtime.wasm"), path("spec.json"));
	let code = conveyor_runtime_test::WASM_BINARY.expect("the variant's Wasm is built");
	fs::write(&wasm, code).expect("the file is written");
	run(&[
		"chain-spec-builder",
		"--chain-spec-path",
		&spec,
		"create",
		"--runtime",
		&wasm,
		"--relay-chain=dev",
		"--para-id=2000",
		"-t=development",
		"named-preset",
		"development",
	]);
	let text = fs::read_to_string(&spec).expect("the specification is there");
	let mut json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
	json["genesis"]["runtimeGenesis"]["patch"]["switches"] =
		serde_json::json!({ "invalidCandidates": true });
	fs::write(&spec, json.to_string()).expect("the file is written");

	let chain = DevChain::start(&[FAST, "--chain", &spec, "--lookahead=3"]).await;
	let invalid = chain.pipeline_with("P1 is invalid and not backed: ").await;
	assert!(!invalid.contains("(B)"), "{invalid}");
	chain.pipeline_with("P1'(C)").await;
	let pipeline = chain.pipeline();
	assert!(pipeline.iter().any(|line| line.contains("P1(L)")), "{pipeline:#?}");
	assert!(
		!pipeline.iter().any(|line| line.contains("(B") || line.contains("(I")),
		"{pipeline:#?}"
	);
	assert_eq!(chain.best_and_finalized().await.1, 0);
	// Not stopped like the others: the log contains the panics of `validate_block` as errors.
	drop(chain);

	// Without validation the same chain continues.
	let chain = DevChain::start(&[FAST, "--chain", &spec, "--no-validation"]).await;
	chain.pipeline_with("P1(I)").await;
	chain.stop().await;
}

/// `[UnpaidExecution, ClearOrigin]` as a `VersionedXcm` of version 5.
const MESSAGE: [u8; 6] = [5, 2 << 2, 47, 0, 0, 10];

#[tokio::test(flavor = "multi_thread")]
async fn a_downward_message_is_processed_once() {
	let mut chain = DevChain::start(&[FAST, "--relay-fork-rate=0.3"]).await;
	chain.next_blocks(2).await;
	chain.send_downward_message(&MESSAGE).await;
	let mut processed = 0;
	for block in chain.next_blocks(16).await {
		for event in chain.events(block.hash()).await {
			let text = format!("{event:?}");
			if text.contains("MessageQueue(Event::Processed") {
				assert!(text.contains("origin: Parent"), "{text}");
				assert!(text.contains("success: true"), "{text}");
				processed += 1;
			}
		}
	}
	assert_eq!(processed, 1);
	assert_eq!(chain.lines_with("is invalid"), 0);
	let empty = chain.try_send_downward_message(&[]).await.unwrap_err();
	assert!(empty.contains("a downward message of 0 bytes is out of range"), "{empty}");
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_chain_keeps_its_collators() {
	let folder = Folder::new();
	let options = [FAST, "--base-path", folder.path(), "--collators=2"];
	let mut chain = DevChain::start(&options).await;
	chain.next_blocks(3).await;
	chain.stop().await;
	let log = chain::rejected(&["--base-path", folder.path()]).await;
	for text in ["--collators 1 means Alice", "has the collators Bob, Alice", "Set --collators 2"] {
		assert!(log.contains(text), "{text}: {log}");
	}
	let chain = DevChain::start(&options).await;
	assert!(chain.best_and_finalized().await.0 >= 3);
	chain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_chain_keeps_its_number_of_states() {
	let folder = Folder::new();
	let options = [FAST, "--base-path", folder.path(), "--state-pruning=256"];
	let mut chain = DevChain::start(&options).await;
	chain.next_blocks(3).await;
	chain.stop().await;
	let log = chain::rejected(&["--base-path", folder.path()]).await;
	assert!(log.contains("Set --state-pruning to the database's mode"), "{log}");
	let chain = DevChain::start(&options).await;
	assert!(chain.best_and_finalized().await.0 >= 3);
	chain.stop().await;
}

/// A new relay session loses only candidates that could not be backed in time.
#[tokio::test(flavor = "multi_thread")]
async fn the_chain_continues_after_a_relay_session() {
	let mut chain = DevChain::start(&[FAST, "--relay-session=10"]).await;
	let line = chain.pipeline_with("a relay session starts: nothing is backed").await;
	assert!(!line.contains("(B)"), "{line}");
	chain.pipeline_with("no block is built on the previous session").await;
	let block = chain.next_blocks(12).await.pop().expect("twelve blocks");
	let begins = line[1..].split(':').next().and_then(|number| number.parse::<u32>().ok());
	assert!(chain::relay_parent(&block) > begins.expect("the line begins with a number"));
	assert!(chain.best_and_finalized().await.1 > 0);
	chain.stop().await;
}
