// SPDX-License-Identifier: GPL-3.0-only

//! What the execution of a block takes, and the validation of a candidate.

use crate::{
	accesses::{accesses, Accesses},
	history::{Candidate, Prepared},
};
use conveyor_testing::{state::EXECUTE_BLOCK, Execution};
use std::time::Duration;

/// Pairs that are executed before the first that counts.
const WARM_UP: usize = 20;

/// What the execution of a block takes of the state.
pub(crate) struct Costs {
	/// Bytes that the block adds to the compact proof of its candidate.
	pub(crate) proof: usize,
	/// Distinct keys looked up in the state before the block.
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

/// The costs of a block. They are the same at each execution.
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

/// Execute a block, and answer how long that took.
pub(crate) fn execution_time(prepared: &Prepared) -> Duration {
	let mut execution = prepared.state.begin_block();
	let start = cpu_time();
	execute(prepared, &mut execution);
	cpu_time() - start
}

/// Validate a candidate, and answer how long that took.
pub(crate) fn validation_time(candidate: &Candidate) -> Duration {
	let start = cpu_time();
	candidate.code.validate(&candidate.params).expect("it was valid before");
	cpu_time() - start
}

/// How long this thread has been executed so far.
fn cpu_time() -> Duration {
	let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
	// SAFETY: it writes to the `timespec` that it is given, which is ours, and keeps no pointer.
	let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
	assert_eq!(status, 0, "a thread can tell its time");
	Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The times of two, in pairs.
pub(crate) struct Pairs(Vec<(Duration, Duration)>);

/// Take the time of both `samples` times, one after the other, each as often first as second.
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
	/// How many there are.
	pub(crate) fn count(&self) -> usize {
		self.0.len()
	}

	/// The median of the times of each, in milliseconds.
	pub(crate) fn medians(&self) -> (f64, f64) {
		let median = |times: Vec<f64>| quantile(times, 0.5);
		(
			median(self.0.iter().map(|(one, _)| milliseconds(*one)).collect()),
			median(self.0.iter().map(|(_, other)| milliseconds(*other)).collect()),
		)
	}

	/// The median of the one's times over the median of the other's.
	pub(crate) fn ratio(&self) -> f64 {
		let (one, other) = self.medians();
		other / one
	}

	/// The lower and the upper quartile of the ratios within the pairs.
	pub(crate) fn quartiles(&self) -> (f64, f64) {
		let ratios = || self.0.iter().map(|(one, other)| milliseconds(*other) / milliseconds(*one));
		(quantile(ratios().collect(), 0.25), quantile(ratios().collect(), 0.75))
	}
}

fn milliseconds(time: Duration) -> f64 {
	time.as_secs_f64() * 1_000.0
}

/// The value below which the `share` of the values is, between the two nearest where it is none of
/// them.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
	values.sort_by(f64::total_cmp);
	let position = share * (values.len() - 1) as f64;
	let (below, above) = (values[position.floor() as usize], values[position.ceil() as usize]);
	below + (above - below) * position.fract()
}
