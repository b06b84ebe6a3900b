// SPDX-License-Identifier: GPL-3.0-only

//! Checks the runtime APIs that the collator needs.
//!
//! The slot-based collator treats a missing runtime API as `false` or as a default, so the chain would stall
//! without an error. Here the error is reported once, before the collator starts.

use super::types::{Block, ParachainClient};
use cumulus_primitives_aura::AuraUnincludedSegmentApi;
use cumulus_primitives_core::{CollectCollationInfo, RelayParentOffsetApi, TargetBlockRate};
use sp_api::{ApiError, ApiExt, Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{sr25519::AuthorityId, AuraApi};

/// A runtime API that the collator uses.
struct Asked {
	/// Name of the API in the runtime.
	name: &'static str,
	/// Version in the runtime, if it has the API.
	version: Option<u32>,
	/// Consequence if the runtime lacks it.
	without: Without,
}

/// Consequence of a missing runtime API.
enum Without {
	/// Building fails. Contains the purpose of the API.
	Fails(&'static str),
	/// The collator assumes this default.
	Assumes(&'static str),
}

/// Fails if the runtime of the best block lacks a required API, and logs a warning for each default that the
/// collator assumes.
pub(crate) fn check(client: &ParachainClient) -> Result<(), sc_service::Error> {
	let chain = client.info();
	let best = chain.best_hash;
	let api = client.runtime_api();
	let unreadable = |error: ApiError| -> sc_service::Error {
		format!(
			"cannot read the runtime's version at block #{} ({best:?}): {error}",
			chain.best_number
		)
		.into()
	};
	// A macro, because each API is another trait object.
	macro_rules! asked {
		($name:literal, $api:ty, $without:expr) => {
			Asked {
				name: $name,
				version: api.api_version::<$api>(best).map_err(unreadable)?,
				without: $without,
			}
		};
	}
	let spec_name = api.version(best).map_err(unreadable)?.spec_name;
	verdict(
		&format!("the runtime `{spec_name}` at block #{} ({best:?})", chain.best_number),
		&[
			asked!(
				"AuraApi",
				dyn AuraApi<Block, AuthorityId>,
				Without::Fails("to find the author of a slot")
			),
			asked!(
				"AuraUnincludedSegmentApi",
				dyn AuraUnincludedSegmentApi<Block>,
				Without::Fails("to know whether the unincluded segment has room for a block")
			),
			asked!(
				"CollectCollationInfo",
				dyn CollectCollationInfo<Block>,
				Without::Fails("to create a candidate from a block")
			),
			asked!(
				"RelayParentOffsetApi",
				dyn RelayParentOffsetApi<Block>,
				Without::Assumes("a relay parent offset of 0")
			),
			asked!(
				"TargetBlockRate",
				dyn TargetBlockRate<Block>,
				Without::Assumes("a target block rate of one block per core")
			),
		],
	)
}

/// Returns an error or logs warnings for the APIs that `runtime` lacks.
fn verdict(runtime: &str, asked: &[Asked]) -> Result<(), sc_service::Error> {
	let mut failures = Vec::new();
	for Asked { name, without, .. } in asked.iter().filter(|asked| asked.version.is_none()) {
		match without {
			Without::Fails(purpose) => failures.push(format!("`{name}` {purpose}")),
			Without::Assumes(answer) => {
				log::warn!("{runtime} has no runtime API `{name}`: the collator assumes {answer}.");
			},
		}
	}
	if failures.is_empty() {
		return Ok(());
	}
	Err(format!(
		"{runtime} cannot be used by a collator, it lacks: {}. Upgrade the runtime. If a later \
		 block has upgraded it, let the node sync without `--collator` first.",
		failures.join(", "),
	)
	.into())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn asked(name: &'static str, version: Option<u32>, without: Without) -> Asked {
		Asked { name, version, without }
	}

	#[test]
	fn a_runtime_with_all_apis_is_accepted() {
		verdict("it", &[asked("A", Some(1), Without::Fails("to continue"))]).unwrap();
	}

	#[test]
	fn an_optional_api_does_not_stop_the_collator() {
		verdict("it", &[asked("A", None, Without::Assumes("the best"))]).unwrap();
	}

	#[test]
	fn all_missing_apis_are_named_with_the_remedy() {
		let error = verdict(
			"the runtime `x` at block #7",
			&[
				asked("A", None, Without::Fails("to continue")),
				asked("B", Some(2), Without::Fails("to stay")),
				asked("C", None, Without::Fails("to come back")),
			],
		)
		.unwrap_err()
		.to_string();
		for expected in ["the runtime `x` at block #7", "`A` to continue", "`C` to come back"] {
			assert!(error.contains(expected), "{error}");
		}
		assert!(!error.contains("`B`"), "{error}");
		assert!(error.contains("Upgrade the runtime"), "{error}");
		assert!(error.contains("without `--collator` first"), "{error}");
	}
}
