// SPDX-License-Identifier: GPL-3.0-only

//! What a block costs with the SDK's consensus hook, and with pallet-velocity in its place.
//!
//! `scripts/bench.sh` runs it and says on what machine; `--samples N` sets the pairs of samples per
//! block.
//!
//! # What is compared
//!
//! Two runtimes as Wasm that differ in the consensus hook: with the SDK's hook the limits are constants and
//! there is no pallet-velocity (see `runtime-variants/`). Both have the same
//! limits, and build the same blocks on the same history: inherents only, or with signed transfers,
//! on segments of different lengths, alone or as a bundle. Before anything is measured, both must
//! show that the limits are the same, and the Wasm's own `validate_block` must accept each candidate.
//!
//! # How
//!
//! - Execution is `Core_execute_block` on the state before the block, with the recorder of a proof
//!   and the trie cache of a node. The Wasm is compiled and the state is in memory before the clock
//!   starts.
//! - Validation is `validate_block` with a whole candidate, as the relay chain's validators call it.
//! - Time is the CPU time of the thread that executes the Wasm. On a machine that does something else
//!   too, the time on the wall would tell about that.
//! - A sample is a pair, one execution with each hook, and who is first changes with each pair. So
//!   other work on the machine affects both alike, and the ratio is more precise than either time. Benchmark harnesses measure one function after the other, which is why there is
//!   none here.
//! - The first row of each table compares the SDK's hook with itself: how far from 1 it is, is what
//!   the others cannot tell.
//! - The host is built with our profile `bench-host`: executor, state machine and trie are optimised as
//!   in a release, without LTO. With `local` an execution spends most of its time in the unoptimised
//!   state machine, and the ratios say little about a node of a real chain. In a validation storage is
//!   inside the Wasm, and of the host only hashes and signatures are left.
//! - Proof size is what the block adds to the compact proof of its candidate. Keys are distinct keys:
//!   those that were looked up in the state before the block, and those that were written. Reads and
//!   writes are the calls, and count a key as often as it is called for.

mod accesses;
mod history;
mod measure;
mod report;

use conveyor_testing::{Code, State};
use history::{prepare, History, LIMITS};
use measure::{costs, execution_time, pairs, validation_time};
use report::{Report, Row, Times};
use serde_json::{json, Value};
use std::process::exit;

/// Pairs of samples for each block, unless told otherwise.
const SAMPLES: usize = 100;

/// A runtime and the genesis that gives it [`LIMITS`].
struct Chain {
	code: Code,
	genesis: Value,
}

impl Chain {
	/// The limits are in the code.
	fn with_the_sdks_hook() -> Self {
		let mut genesis = Code::of_runtime().preset("development");
		// The only pallet that this runtime does not have.
		genesis.as_object_mut().expect("a patch is an object").remove("velocity");
		Self { code: Code::new(conveyor_runtime_sdk_hook::WASM_BINARY), genesis }
	}

	/// The limits are in the genesis.
	fn with_pallet_velocity() -> Self {
		let code = Code::of_runtime().clone();
		let mut genesis = code.preset("development");
		genesis["velocity"]["limits"] = json!({
			"velocity": LIMITS.velocity,
			"capacity": LIMITS.capacity,
			"targetBlockRate": LIMITS.target_block_rate,
		});
		Self { code, genesis }
	}

	fn state(&self) -> State {
		State::new(&self.code, self.genesis.clone())
	}
}

/// The pairs of samples that the arguments ask for. Cargo adds `--bench`.
fn samples() -> Result<usize, String> {
	let mut samples = SAMPLES;
	let mut arguments = std::env::args().skip(1);
	while let Some(argument) = arguments.next() {
		match argument.as_str() {
			"--bench" => {},
			"--samples" => {
				let value = arguments.next().unwrap_or_default();
				samples =
					value.parse().ok().filter(|samples| *samples > 0).ok_or_else(|| {
						format!("--samples needs a number above 0, not '{value}'")
					})?;
			},
			_ => return Err(format!("unknown argument '{argument}'; there is --samples N")),
		}
	}
	Ok(samples)
}

fn main() {
	let samples = samples().unwrap_or_else(|error| {
		eprintln!("error: {error}");
		exit(2);
	});
	let sdk = Chain::with_the_sdks_hook();
	let ours = Chain::with_pallet_velocity();
	for chain in [&sdk, &ours] {
		history::assert_limits(chain.state());
	}

	let mut report = Report::default();
	for history in History::ALL {
		let (sdk, ours) = (prepare(sdk.state(), history), prepare(ours.state(), history));
		if report.blocks.is_empty() {
			report.control = Some((
				pairs(execution_time, &sdk.blocks[0], &sdk.blocks[0], samples),
				pairs(validation_time, &sdk, &sdk, samples),
			));
		}
		for (place, (sdk, ours)) in sdk.blocks.iter().zip(&ours.blocks).enumerate() {
			let name = history.block(place);
			eprintln!("measuring the execution: {name}");
			let pairs = pairs(execution_time, sdk, ours, samples);
			let times = Times { name, blocks: 1, is_empty: history.is_empty(), pairs };
			report.blocks.push(Row { times, sdk: costs(sdk), ours: costs(ours) });
		}
		let name = history.candidate();
		eprintln!("measuring the validation: {name}");
		let pairs = pairs(validation_time, &sdk, &ours, samples);
		let blocks = ours.blocks.len();
		report.candidates.push(Times { name, blocks, is_empty: history.is_empty(), pairs });
	}
	println!("{report}");
}
