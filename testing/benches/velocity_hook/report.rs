// SPDX-License-Identifier: GPL-3.0-only

//! Prints the figures as Markdown tables.

use crate::measure::{Costs, Pairs};
use std::fmt::{Display, Formatter, Result};

/// Goal: maximum ratio of the times.
const RATIO_GOAL: f64 = 1.02;
/// Goal: maximum difference of the times, in milliseconds per block. Meeting one goal is enough. For an empty
/// block this one allows more than [`RATIO_GOAL`].
const DIFFERENCE_GOAL: f64 = 0.05;
/// Goal: maximum additional bytes of proof per block.
const PROOF_GOAL: i64 = 256;

/// Times of a block or a candidate.
pub(crate) struct Times {
	/// Name of the block or candidate.
	pub(crate) name: String,
	/// Number of blocks. Those of a candidate are validated together.
	pub(crate) blocks: usize,
	/// Whether it contains only inherents.
	pub(crate) is_empty: bool,
	/// Times, the SDK's hook first.
	pub(crate) pairs: Pairs,
}

impl Times {
	/// Returns the additional time with pallet-velocity, in milliseconds.
	fn difference(&self) -> f64 {
		let (sdk, velocity) = self.pairs.medians();
		velocity - sdk
	}

	fn meets_goal(&self) -> bool {
		self.pairs.ratio() <= RATIO_GOAL
			|| self.difference() <= DIFFERENCE_GOAL * self.blocks as f64
	}
}

/// Results for one block.
pub(crate) struct Row {
	/// Execution times.
	pub(crate) times: Times,
	/// Storage costs with the SDK's hook.
	pub(crate) sdk: Costs,
	/// Storage costs with pallet-velocity.
	pub(crate) velocity: Costs,
}

impl Row {
	fn proof_difference(&self) -> i64 {
		self.velocity.proof as i64 - self.sdk.proof as i64
	}
}

/// All results.
#[derive(Default)]
pub(crate) struct Report {
	/// Control: execution and validation of the first block, with the SDK's hook twice.
	pub(crate) control: Option<(Pairs, Pairs)>,
	/// Executions of blocks.
	pub(crate) blocks: Vec<Row>,
	/// Validations of candidates.
	pub(crate) candidates: Vec<Times>,
}

fn write_times(to: &mut Formatter<'_>, block: &str, times: &Pairs) -> Result {
	let ((sdk, velocity), (lower, upper)) = (times.medians(), times.quartiles());
	let ratio = times.ratio();
	writeln!(
		to,
		"| {block} | {sdk:.3} ms | {velocity:.3} ms | {ratio:.4} | {lower:.4} to {upper:.4} |"
	)
}

fn verdict(met: bool) -> &'static str {
	if met {
		"met"
	} else {
		"NOT met"
	}
}

fn write_time_table<'a>(
	to: &mut Formatter<'_>,
	what: &str,
	control: Option<&Pairs>,
	rows: impl Iterator<Item = &'a Times>,
) -> Result {
	let samples = control.map_or(0, Pairs::count);
	writeln!(to, "{what}, median of {samples} pairs of samples:\n")?;
	writeln!(to, "| | SDK's hook | pallet-velocity | ratio | quartiles of the pairs' ratios |")?;
	writeln!(to, "| --- | --- | --- | --- | --- |")?;
	if let Some(control) = control {
		write_times(to, "control: the next with the SDK's hook, twice", control)?;
	}
	for Times { name, pairs, .. } in rows {
		write_times(to, name, pairs)?;
	}
	writeln!(to)
}

/// Writes the highest ratio for empty and for full blocks, and whether all meet the goal. Empty blocks take so
/// little time that the same difference gives a higher ratio.
fn write_verdict<'a>(
	to: &mut Formatter<'_>,
	what: &str,
	all: impl Iterator<Item = &'a Times> + Clone,
) -> Result {
	for (which, is_empty) in [("with transfers", false), ("empty", true)] {
		let mut some = all.clone().filter(|times| times.is_empty == is_empty);
		let Some(highest) = some.clone().max_by(|a, b| a.pairs.ratio().total_cmp(&b.pairs.ratio()))
		else {
			continue;
		};
		let (ratio, more) = (highest.pairs.ratio(), highest.difference());
		let met = verdict(some.all(Times::meets_goal));
		writeln!(
			to,
			"Highest ratio, {what}, {which}: {ratio:.4} ({more:+.3} ms), \
			 goal {RATIO_GOAL} or +{DIFFERENCE_GOAL} ms per block: {met}.  ",
		)?;
	}
	Ok(())
}

impl Display for Report {
	fn fmt(&self, to: &mut Formatter<'_>) -> Result {
		let executions = self.control.as_ref().map(|(executions, _)| executions);
		let validations = self.control.as_ref().map(|(_, validations)| validations);
		let blocks = self.blocks.iter().map(|row| &row.times);
		let candidates = self.candidates.iter();
		write_time_table(to, "Execution of a block", executions, blocks.clone())?;
		write_time_table(to, "Validation of a candidate", validations, candidates.clone())?;

		writeln!(to, "Proof and storage of a block, SDK's hook and pallet-velocity:\n")?;
		writeln!(to, "| | proof | difference | keys read | keys written | reads | writes |")?;
		writeln!(to, "| --- | --- | --- | --- | --- | --- | --- |")?;
		for row @ Row { times, sdk, velocity } in &self.blocks {
			writeln!(
				to,
				"| {} | {}, {} bytes | {:+} | {}, {} | {}, {} | {}, {} | {}, {} |",
				times.name,
				sdk.proof,
				velocity.proof,
				row.proof_difference(),
				sdk.read,
				velocity.read,
				sdk.written,
				velocity.written,
				sdk.accesses.reads,
				velocity.accesses.reads,
				sdk.accesses.writes,
				velocity.accesses.writes,
			)?;
		}
		writeln!(to)?;

		write_verdict(to, "execution", blocks)?;
		write_verdict(to, "validation", candidates)?;
		let proof = self.blocks.iter().map(Row::proof_difference).max().unwrap_or_default();
		let met = verdict(proof <= PROOF_GOAL);
		writeln!(to, "Highest difference of the proof: {proof:+} bytes, goal {PROOF_GOAL}: {met}.")
	}
}
