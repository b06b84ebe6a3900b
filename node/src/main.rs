// SPDX-License-Identifier: GPL-3.0-only

//! `conveyor-node`: the node of a parachain with the Conveyor runtime.
//!
//! Where to look:
//!
//! - [`cli`]: arguments before `--`.
//! - [`relay_chain_cli`]: arguments after `--`, for the relay chain's part.
//! - [`command`]: runs the command. Longer commands have modules: [`benchmark`] measures weights, [`dev`] runs a
//!   chain with a simulated relay chain.
//! - [`chain_spec`]: the embedded chains, and chain specifications in files.
//! - [`database`]: sets ParityDB for both parts.
//! - [`rpc`]: additional RPC methods.
//! - [`service`]: the running node, from the database to the collator.

// The SDK's error types are large, and only `main` returns them: a box would gain nothing.
#![allow(clippy::result_large_err)]

mod benchmark;
mod chain_spec;
mod cli;
mod command;
mod database;
mod dev;
mod relay_chain_cli;
mod rpc;
mod service;

use std::{error::Error, process::ExitCode};

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(sc_cli::Error::Cli(error)) => error.exit(),
		Err(error) => {
			eprintln!("Error: {}", with_causes(&error));
			ExitCode::FAILURE
		},
	}
}

/// Returns the text of `error` and of its causes, one line each.
///
/// Some of the SDK's errors contain the text of their cause. Such a cause is left out.
fn with_causes(error: &dyn Error) -> String {
	let mut text = error.to_string();
	let mut cause = error.source();
	while let Some(error) = cause {
		let line = error.to_string();
		if !text.contains(&line) {
			text.push_str("\n  caused by: ");
			text.push_str(&line);
		}
		cause = error.source();
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_cause_is_printed_once() {
		let cause = std::io::Error::other("disk on fire");
		let repeats = sc_service::Error::Application(Box::new(cause));
		assert_eq!(with_causes(&repeats), "Application: disk on fire");

		#[derive(Debug)]
		struct Silent(std::io::Error);
		impl std::fmt::Display for Silent {
			fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
				write!(f, "cannot start")
			}
		}
		impl Error for Silent {
			fn source(&self) -> Option<&(dyn Error + 'static)> {
				Some(&self.0)
			}
		}
		let silent = Silent(std::io::Error::other("disk on fire"));
		assert_eq!(with_causes(&silent), "cannot start\n  caused by: disk on fire");
	}
}
