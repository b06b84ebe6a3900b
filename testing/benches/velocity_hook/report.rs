// SPDX-License-Identifier: GPL-3.0-only

//! The figures as tables in Markdown.

use crate::measure::{Costs, Pairs};
use std::fmt::{Display, Formatter, Result};

/// The ratio of the times that we are content with.
const RATIO_GOAL: f64 = 1.02;
/// The bytes of proof per block that we are content with.
const PROOF_GOAL: i64 = 256;

/// What was measured for one block.
pub(crate) struct Row {
	/// Which block it is.
	pub(crate) block: String,
	/// The times, the SDK's hook first.
	pub(crate) times: Pairs,
	/// The costs with the SDK's hook.
	pub(crate) sdk: Costs,
	/// The costs with pallet-velocity.
	pub(crate) ours: Costs,
}

impl Row {
	fn proof_difference(&self) -> i64 {
		self.ours.proof as i64 - self.sdk.proof as i64
	}
}

/// All that was measured.
#[derive(Default)]
pub(crate) struct Report {
	/// Execution and validation of the first, with the SDK's hook twice.
	pub(crate) control: Option<(Pairs, Pairs)>,
	/// The execution of blocks.
	pub(crate) blocks: Vec<Row>,
	/// The validation of candidates.
	pub(crate) candidates: Vec<(String, Pairs)>,
}

fn write_times(to: &mut Formatter<'_>, block: &str, times: &Pairs) -> Result {
	let ((sdk, ours), (lower, upper)) = (times.medians(), times.quartiles());
	let ratio = times.ratio();
	writeln!(to, "| {block} | {sdk:.3} ms | {ours:.3} ms | {ratio:.4} | {lower:.4} to {upper:.4} |")
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
	rows: impl Iterator<Item = (&'a str, &'a Pairs)>,
) -> Result {
	let samples = control.map_or(0, Pairs::count);
	writeln!(to, "{what}, median of {samples} pairs of samples:\n")?;
	writeln!(to, "| | SDK's hook | pallet-velocity | ratio | quartiles of the pairs' ratios |")?;
	writeln!(to, "| --- | --- | --- | --- | --- |")?;
	if let Some(control) = control {
		write_times(to, "control: the next with the SDK's hook, twice", control)?;
	}
	for (name, times) in rows {
		write_times(to, name, times)?;
	}
	writeln!(to)
}

impl Display for Report {
	fn fmt(&self, to: &mut Formatter<'_>) -> Result {
		let executions = self.control.as_ref().map(|(executions, _)| executions);
		let validations = self.control.as_ref().map(|(_, validations)| validations);
		let blocks = || self.blocks.iter().map(|row| (row.block.as_str(), &row.times));
		let candidates = || self.candidates.iter().map(|(name, times)| (name.as_str(), times));
		write_time_table(to, "Execution of a block", executions, blocks())?;
		write_time_table(to, "Validation of a candidate", validations, candidates())?;

		writeln!(to, "Proof and storage of a block, SDK's hook and pallet-velocity:\n")?;
		writeln!(to, "| | proof | difference | keys read | keys written | reads | writes |")?;
		writeln!(to, "| --- | --- | --- | --- | --- | --- | --- |")?;
		for row @ Row { block, sdk, ours, .. } in &self.blocks {
			writeln!(
				to,
				"| {block} | {}, {} bytes | {:+} | {}, {} | {}, {} | {}, {} | {}, {} |",
				sdk.proof,
				ours.proof,
				row.proof_difference(),
				sdk.read,
				ours.read,
				sdk.written,
				ours.written,
				sdk.accesses.reads,
				ours.accesses.reads,
				sdk.accesses.writes,
				ours.accesses.writes,
			)?;
		}
		writeln!(to)?;

		for (what, times) in [
			("execution", blocks().map(|(_, times)| times.ratio()).fold(f64::NAN, f64::max)),
			("validation", candidates().map(|(_, times)| times.ratio()).fold(f64::NAN, f64::max)),
		] {
			let met = verdict(times <= RATIO_GOAL);
			writeln!(to, "Highest ratio, {what}: {times:.4}, goal {RATIO_GOAL}: {met}.  ")?;
		}
		let proof = self.blocks.iter().map(Row::proof_difference).max().unwrap_or_default();
		let met = verdict(proof <= PROOF_GOAL);
		writeln!(to, "Highest difference of the proof: {proof:+} bytes, goal {PROOF_GOAL}: {met}.")
	}
}
