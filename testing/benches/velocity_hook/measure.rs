// SPDX-License-Identifier: GPL-3.0-only

//! Measures the execution of a block and the validation of a candidate.

use crate::{
	accesses::{accesses, Accesses},
	history::{Candidate, Prepared},
};
use conveyor_testing::{state::EXECUTE_BLOCK, Execution};
use std::time::Duration;

/// Number of warm-up pairs, which do not count.
const WARM_UP: usize = 20;

/// Storage costs of a block's execution.
pub(crate) struct Costs {
	/// The block's part of the candidate's compact proof, in bytes.
	pub(crate) proof: usize,
	/// Distinct keys read from the state before the block.
	pub(crate) read: usize,
	/// Distinct keys written.
	pub(crate) written: usize,
	/// Calls into storage.
	pub(crate) accesses: Accesses,
}

fn execute(prepared: &Prepared, execution: &mut Execution) {
	prepared
		.state
		.execute(execution, EXECUTE_BLOCK, &prepared.block)
		.expect("it was executed before");
}

/// Returns the storage costs of a block. They are equal in each execution.
pub(crate) fn costs(prepared: &Prepared) -> Costs {
	let mut execution = prepared.state.begin_block();
	let accesses = accesses(|| execute(prepared, &mut execution));
	Costs {
		proof: prepared.proof_size,
		read: execution.keys_read(),
		written: execution.keys_written(),
		accesses,
	}
}

/// Executes a block and returns its CPU time.
pub(crate) fn execution_time(prepared: &Prepared) -> Duration {
	let mut execution = prepared.state.begin_block();
	let start = cpu_time();
	execute(prepared, &mut execution);
	cpu_time() - start
}

/// Validates a candidate and returns its CPU time.
pub(crate) fn validation_time(candidate: &Candidate) -> Duration {
	let start = cpu_time();
	candidate.code.validate(&candidate.params).expect("it was valid before");
	cpu_time() - start
}

/// Returns the CPU time of this thread so far.
fn cpu_time() -> Duration {
	let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
	// SAFETY: it writes only to the `timespec` passed to it, and keeps no pointer.
	let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
	assert_eq!(status, 0, "a thread has a CPU clock");
	Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Times of two subjects, in pairs.
pub(crate) struct Pairs(Vec<(Duration, Duration)>);

/// Measures `samples` pairs in alternating order.
pub(crate) fn pairs<T>(time: fn(&T) -> Duration, one: &T, other: &T, samples: usize) -> Pairs {
	let pair = |index: usize| {
		if index.is_multiple_of(2) {
			let first = time(one);
			(first, time(other))
		} else {
			let first = time(other);
			(time(one), first)
		}
	};
	Pairs((0..WARM_UP + samples).map(pair).skip(WARM_UP).collect())
}

impl Pairs {
	/// Returns the number of pairs.
	pub(crate) fn count(&self) -> usize {
		self.0.len()
	}

	/// Returns the median time of each, in milliseconds.
	pub(crate) fn medians(&self) -> (f64, f64) {
		let median = |times: Vec<f64>| quantile(times, 0.5);
		(
			median(self.0.iter().map(|(one, _)| milliseconds(*one)).collect()),
			median(self.0.iter().map(|(_, other)| milliseconds(*other)).collect()),
		)
	}

	/// Returns the first median divided by the second.
	pub(crate) fn ratio(&self) -> f64 {
		let (one, other) = self.medians();
		other / one
	}

	/// Returns the lower and the upper quartile of the pairs' ratios.
	pub(crate) fn quartiles(&self) -> (f64, f64) {
		let ratios = || self.0.iter().map(|(one, other)| milliseconds(*other) / milliseconds(*one));
		(quantile(ratios().collect(), 0.25), quantile(ratios().collect(), 0.75))
	}
}

fn milliseconds(time: Duration) -> f64 {
	time.as_secs_f64() * 1_000.0
}

/// Returns the quantile `share` of the values, interpolated linearly.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
	values.sort_by(f64::total_cmp);
	let position = share * (values.len() - 1) as f64;
	let (below, above) = (values[position.floor() as usize], values[position.ceil() as usize]);
	below + (above - below) * position.fract()
}
