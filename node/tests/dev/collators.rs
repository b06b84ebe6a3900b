// SPDX-License-Identifier: GPL-3.0-only

//! The development chain's collator and upstream's build the same blocks on the same relay chain.
//!
//! Each case runs both from the same genesis with the same options, upstream's in real time. The test compares the lines of
//! the pipeline (which relay block collated, backed, included or lost which blocks, on which core) and, block by block, the
//! finalized chain: relay parent, core and index in the bundle.

use super::chain::{relay_parent, DevChain, Folder, PROGRAM};
use codec::Encode;
use conveyor_primitives::Limits;
use conveyor_runtime::{opaque::Header, Runtime, UNIT};
use cumulus_primitives_core::{BlockBundleInfo, CoreInfo, CumulusDigestItem};
use serde_json::Value;
use sp_core::bytes::to_hex;
use sp_keyring::Sr25519Keyring::{Bob, Charlie};
use std::{collections::BTreeMap, process::Command};

/// Last compared relay block, 11 relay slots after the first.
const LAST: u32 = 12;

/// Relay slot for the own collator: short, but still 80 ms for each of 12 blocks.
const RELAY_SLOT: &str = "--relay-slot-ms=1000";

/// Settings with which both collators are compared.
struct Case {
	/// Velocity, capacity and target block rate.
	limits: (u32, u32, u32),
	options: &'static [&'static str],
	/// Whether upstream's candidates arrive in the same relay slot as the own collator's, so that the lines of the
	/// pipeline are equal.
	same_slot: bool,
	/// Texts that the pipeline must contain, so that the case tests what it is for.
	expected: &'static [&'static str],
	/// Lengths of the bundles of a relay slot, by core.
	bundles: &'static [u8],
}

const CASES: [Case; 4] = [
	// A relay session starts in R10: no block, and the previous one is rebuilt.
	Case {
		limits: (1, 4, 1),
		options: &["--relay-session=10"],
		same_slot: true,
		expected: &["R4: P1(I) P2(B) P3(C)", "R11: P8(L) P8'(C)"],
		bundles: &[1],
	},
	// Relay slots without a block, because the segment is full.
	Case {
		limits: (2, 4, 2),
		options: &["--inclusion-delay=5", "--no-validation"],
		same_slot: true,
		expected: &["P1-2(C)", ": - | 4 unincluded"],
		bundles: &[2],
	},
	// The bundle is complete 5 s after its start, when the next relay block arrives.
	Case {
		limits: (12, 48, 12),
		options: &["--no-validation"],
		same_slot: false,
		expected: &["P1-11(C)"],
		bundles: &[11],
	},
	// Bundles of several lengths, the last one without its last block. Lost blocks, parents that are not the newest
	// block, and relay chain reorganizations.
	Case {
		limits: (7, 42, 7),
		options: &[
			"--cores=3",
			"--miss-rate=0.15",
			"--relay-fork-rate=0.2",
			"--lookahead=3",
			"--seed=1",
			"--no-validation",
		],
		same_slot: true,
		expected: &["P1-3(C) P4-5(C) P6(C)", "(B@2)", "(L)", "'(C)", "relay chain reorganization"],
		bundles: &[3, 2, 1],
	},
];

/// Position of a block.
#[derive(Debug, PartialEq)]
struct Place {
	number: u32,
	relay_parent: u32,
	core: CoreInfo,
	bundle: BlockBundleInfo,
}

impl From<Header> for Place {
	fn from(header: Header) -> Self {
		Self {
			number: header.number,
			relay_parent: relay_parent(&header),
			core: CumulusDigestItem::find_core_info(&header.digest).expect("the core is named"),
			bundle: CumulusDigestItem::find_block_bundle_info(&header.digest)
				.expect("the place in the bundle is named"),
		}
	}
}

/// Results of a collator in the relay slots up to [`LAST`].
struct History {
	lines: Vec<String>,
	/// Finalized blocks without genesis, oldest first.
	finalized: Vec<Place>,
}

/// Returns the specification of the chain `dev` with its genesis state, so that a node need not execute the runtime
/// for it.
fn specification() -> Value {
	let output = Command::new(PROGRAM)
		.args(["export-chain-spec", "--chain=dev", "--raw"])
		.output()
		.expect("the program starts");
	assert!(output.status.success(), "{output:?}");
	serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// Writes `specification` with other limits to `folder`. Returns its path.
fn write(
	mut specification: Value,
	(velocity, capacity, target_block_rate): (u32, u32, u32),
	folder: &Folder,
) -> String {
	let limits = Limits { velocity, capacity, target_block_rate };
	let key = to_hex(&pallet_velocity::CurrentLimits::<Runtime>::hashed_key(), false);
	let place = &mut specification["genesis"]["raw"]["top"][key];
	assert!(place.is_string(), "genesis has no limits: {place}");
	*place = to_hex(&limits.encode(), false).into();
	let path = format!("{}/specification.json", folder.path());
	std::fs::write(&path, specification.to_string()).expect("the folder can be written to");
	path
}

/// Runs a collator up to relay block [`LAST`], and until a transfer is finalized.
async fn history(specification: &str, collator: &str, case: &Case) -> History {
	let chain = ["--chain", specification, collator];
	let chain = DevChain::start(&[&chain[..], case.options].concat()).await;
	let transfer = pallet_balances::Call::<Runtime>::transfer_keep_alive {
		dest: Charlie.to_account_id().into(),
		value: UNIT,
	};
	let transfer = chain.submit(Bob, transfer.into(), 0).await;
	chain.finalized(transfer).await;
	chain.pipeline_with(&format!("R{LAST}:")).await;
	let mut lines = chain.pipeline();
	let (_, finalized) = chain.best_and_finalized().await;
	let mut places = Vec::new();
	for number in 1..=finalized {
		places.push(chain.header(chain.block_hash(number).await).await.into());
	}
	chain.stop().await;
	let is_last = |line: &String| line.starts_with(&format!("R{LAST}:"));
	lines.truncate(1 + lines.iter().position(is_last).expect("it was awaited"));
	History { lines: lines.iter().map(|line| without_reasons(line)).collect(), finalized: places }
}

/// Returns a line of the pipeline without the reason for no block, which upstream's collator does not report to the relay
/// chain.
fn without_reasons(line: &str) -> String {
	let is_reason = |part: &&str| part.starts_with("no block: ") || part.starts_with("no further ");
	line.split(" | ").filter(|part| !is_reason(part)).collect::<Vec<_>>().join(" | ")
}

async fn both_build_the_same(case: &Case, specification: Value) {
	let folder = Folder::new();
	let specification = write(specification, case.limits, &folder);
	let (own, upstream) = tokio::join!(
		history(&specification, RELAY_SLOT, case),
		history(&specification, "--collator=upstream", case),
	);
	let Case { limits, options, same_slot, expected, bundles } = case;
	if *same_slot {
		// The first relay block has a line only with upstream's collator.
		let from_second = |history: &History| -> Vec<String> {
			history.lines.iter().filter(|line| !line.starts_with("R1:")).cloned().collect()
		};
		assert_eq!(from_second(&upstream), from_second(&own), "{limits:?} {options:?}");
	}
	let common = own.finalized.len().min(upstream.finalized.len());
	let blocks = &upstream.finalized[..common];
	assert_eq!(blocks, &own.finalized[..common], "{limits:?} {options:?}");

	// The case tests what it is for.
	for text in *expected {
		let found = upstream.lines.iter().any(|line| line.contains(text));
		assert!(found, "{text} is missing with {limits:?} {options:?}: {:#?}", upstream.lines);
	}
	let mut lengths = BTreeMap::<u32, Vec<u8>>::new();
	for Place { relay_parent, core, .. } in blocks {
		let lengths = lengths.entry(*relay_parent).or_insert_with(|| vec![0; bundles.len()]);
		lengths[usize::from(core.selector.0)] += 1;
	}
	println!("{limits:?} {options:?}: {common} finalized blocks are equal, {lengths:?}");
	assert!(lengths.values().any(|lengths| lengths == bundles), "{lengths:?}");
}

/// All cases in parallel: upstream's collator mostly waits.
#[tokio::test(flavor = "multi_thread")]
async fn both_collators_build_the_same_blocks() {
	let specification = specification();
	let cases =
		CASES.iter().map(|case| tokio::spawn(both_build_the_same(case, specification.clone())));
	for case in cases.collect::<Vec<_>>() {
		case.await.expect("the case holds");
	}
}
