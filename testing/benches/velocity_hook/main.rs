// SPDX-License-Identifier: GPL-3.0-only

//! The cost of a block with pallet-velocity, compared with the SDK's consensus hook.
//!
//! `scripts/bench.sh` runs the benchmark and prints the machine. `--samples N` sets the number of pairs of
//! samples per block.
//!
//! # Compared runtimes
//!
//! Two Wasm runtimes that differ in the consensus hook. With the SDK's hook the limits are constants and there
//! is no pallet-velocity (see `runtime-variants/`). Both have equal limits and build the same blocks on the
//! same history: with inherents only or with signed transfers, on segments of different lengths, alone or in a
//! bundle. Before the measurement the benchmark checks that the limits are equal and that the Wasm's
//! `validate_block` accepts each candidate.
//!
//! # Method
//!
//! - Execution is `Core_execute_block` on the state before the block, with a node's proof recorder and trie
//!   cache. The Wasm is compiled and the state is in memory before the clock starts.
//! - Validation is `validate_block` of a whole candidate, as validators call it.
//! - Time is the CPU time of the thread that executes the Wasm, so that other work on the machine does not
//!   count.
//! - A sample is a pair: one execution with each hook, in alternating order. Other work on the machine affects
//!   both equally, so the ratio is more precise than each time. Benchmark harnesses measure one function after
//!   the other, so none is used.
//! - The first row of each table compares the SDK's hook with itself. Its distance from 1 is the measurement
//!   error.
//! - The host is built with the profile `bench-host`: executor, state machine and trie are optimized as in a
//!   release, without LTO. With the profile `local` most of the time would be in the unoptimized state machine.
//!   In a validation the storage is inside the Wasm, and the host computes only hashes and signatures.
//! - Proof size is the block's part of the compact proof of its candidate. Keys are distinct keys: those read
//!   from the state before the block, and those written. Reads and writes count every call.

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

/// Default number of pairs of samples per block.
const SAMPLES: usize = 100;

/// A runtime, and the genesis with [`LIMITS`].
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

/// Parses the number of pairs of samples from the arguments. Cargo adds `--bench`.
fn samples() -> Result<usize, String> {
	let mut samples = SAMPLES;
	let mut arguments = std::env::args().skip(1);
	while let Some(argument) = arguments.next() {
		match argument.as_str() {
			"--bench" => {},
			"--samples" => {
				let value = arguments.next().unwrap_or_default();
				samples = value.parse().ok().filter(|samples| *samples > 0).ok_or_else(|| {
					format!("--samples is '{value}', but must be a number above 0")
				})?;
			},
			_ => return Err(format!("unknown argument '{argument}'; use --samples N")),
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
	let velocity = Chain::with_pallet_velocity();
	for chain in [&sdk, &velocity] {
		history::assert_limits(chain.state());
	}

	let mut report = Report::default();
	for history in History::ALL {
		let (sdk, velocity) = (prepare(sdk.state(), history), prepare(velocity.state(), history));
		if report.blocks.is_empty() {
			report.control = Some((
				pairs(execution_time, &sdk.blocks[0], &sdk.blocks[0], samples),
				pairs(validation_time, &sdk, &sdk, samples),
			));
		}
		for (place, (sdk, velocity)) in sdk.blocks.iter().zip(&velocity.blocks).enumerate() {
			let name = history.block(place);
			eprintln!("measuring the execution: {name}");
			let pairs = pairs(execution_time, sdk, velocity, samples);
			let times = Times { name, blocks: 1, is_empty: history.is_empty(), pairs };
			report.blocks.push(Row { times, sdk: costs(sdk), velocity: costs(velocity) });
		}
		let name = history.candidate();
		eprintln!("measuring the validation: {name}");
		let pairs = pairs(validation_time, &sdk, &velocity, samples);
		let blocks = velocity.blocks.len();
		report.candidates.push(Times { name, blocks, is_empty: history.is_empty(), pairs });
	}
	println!("{report}");
}
