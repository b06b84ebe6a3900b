// SPDX-License-Identifier: GPL-3.0-only

//! Validates candidates as a relay chain validator does: it executes `validate_block` of the parachain's code with a
//! validator's settings and host functions, and only with the PoV.
//!
//! As a validator, it compares the resulting commitments with those of the collation.

use super::{labels::LOG_TARGET, relay::Error};
use crate::service::ParachainClient;
use codec::{DecodeAll, Encode};
use cumulus_primitives_core::PersistedValidationData;
use polkadot_node_core_pvf_common::executor_interface::{
	execute_artifact, params_to_wasmtime_semantics, prepare, prevalidate,
};
use polkadot_node_primitives::{Collation, MaybeCompressedPoV, POV_BOMB_LIMIT};
use polkadot_parachain_primitives::primitives::{
	BlockData, ValidationCode, ValidationParams, ValidationResult,
};
use polkadot_primitives::ExecutorParams;
use sc_client_api::StorageProvider;
use sp_core::{
	storage::{well_known_keys, StorageKey},
	H256,
};
use std::{
	sync::{Arc, Mutex, PoisonError},
	thread,
	time::Instant,
};

/// Maximum size of decompressed validation code, in bytes (`VALIDATION_CODE_BOMB_LIMIT`).
const CODE_LIMIT: usize = (polkadot_primitives::MAX_CODE_SIZE as usize) * 4;

/// Stack of a validator's thread in addition to the Wasm's stack, in bytes.
const HOST_STACK: usize = 2 * 1024 * 1024;

/// Validates candidates of a parachain.
pub(crate) struct Validator {
	client: Arc<ParachainClient>,
	/// The last used code, compiled.
	prepared: Mutex<Option<Arc<Prepared>>>,
}

/// Compiled validation code.
struct Prepared {
	code_hash: H256,
	artifact: Vec<u8>,
}

impl Validator {
	/// Creates a validator of `client`'s chain.
	pub(crate) fn new(client: Arc<ParachainClient>) -> Self {
		Self { client, prepared: Mutex::new(None) }
	}

	/// Compiles the code in the state after block `at`, so that the first candidate does not wait for it.
	pub(crate) fn prepare(&self, at: H256) -> Result<(), Error> {
		self.prepared(at).map(|_| ())
	}

	/// Validates `collation`, built on block `parent` with `validation_data`.
	///
	/// Returns `Ok(Ok(()))` if the candidate is valid, `Ok(Err(reason))` if validators reject it, and `Err` if it could
	/// not be validated.
	///
	/// Blocks the thread during the execution.
	pub(crate) fn validate(
		&self,
		collation: &Collation,
		parent: H256,
		validation_data: &PersistedValidationData,
	) -> Result<Result<(), String>, Error> {
		let prepared = self.prepared(parent)?;
		let start = Instant::now();
		let verdict = validate(&prepared.artifact, collation, validation_data);
		log::debug!(
			target: LOG_TARGET,
			"Validated the candidate on {parent:?} in {} ms: {}",
			start.elapsed().as_millis(),
			match &verdict {
				Ok(()) => "valid",
				Err(reason) => reason,
			},
		);
		Ok(verdict)
	}

	/// Returns the compiled code in the state after block `at`.
	fn prepared(&self, at: H256) -> Result<Arc<Prepared>, Error> {
		let key = StorageKey(well_known_keys::CODE.to_vec());
		let missing = || format!("the state after block {at:?} has no code");
		// Reads only the hash: the code has more than a megabyte.
		let code_hash = self.client.storage_hash(at, &key)?.ok_or_else(missing)?;
		let mut last = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(prepared) = last.as_ref().filter(|prepared| prepared.code_hash == code_hash) {
			return Ok(prepared.clone());
		}
		let code = self.client.storage(at, &key)?.ok_or_else(missing)?;
		let prepared = Arc::new(Prepared { code_hash, artifact: compile(&code.0)? });
		*last = Some(prepared.clone());
		Ok(prepared)
	}
}

/// Compiles validation code with a validator's settings.
fn compile(code: &[u8]) -> Result<Vec<u8>, Error> {
	let start = Instant::now();
	let code = sp_maybe_compressed_blob::decompress(code, CODE_LIMIT)
		.map_err(|error| format!("the validation code cannot be decompressed: {error}"))?;
	let artifact = prevalidate(&code)
		.and_then(|blob| prepare(blob, &ExecutorParams::default()))
		.map_err(|error| format!("the validation code cannot be compiled: {error}"))?;
	log::debug!(
		target: LOG_TARGET,
		"Compiled the validation code in {} ms",
		start.elapsed().as_millis(),
	);
	Ok(artifact)
}

fn validate(
	artifact: &[u8],
	collation: &Collation,
	validation_data: &PersistedValidationData,
) -> Result<(), String> {
	let (MaybeCompressedPoV::Raw(pov) | MaybeCompressedPoV::Compressed(pov)) =
		&collation.proof_of_validity;
	let size = pov.encoded_size();
	let limit = validation_data.max_pov_size;
	if size > limit as usize {
		return Err(format!(
			"the PoV has {size} bytes, but the relay chain accepts at most {limit}"
		));
	}
	let block_data = sp_maybe_compressed_blob::decompress(&pov.block_data.0, POV_BOMB_LIMIT)
		.map_err(|error| format!("the PoV cannot be decompressed: {error}"))?;
	let params = ValidationParams {
		parent_head: validation_data.parent_head.clone(),
		block_data: BlockData(block_data.into_owned()),
		relay_parent_number: validation_data.relay_parent_number,
		relay_parent_storage_root: validation_data.relay_parent_storage_root,
	};
	let output = execute(artifact, &params.encode())?;
	let result = ValidationResult::decode_all(&mut &output[..])
		.map_err(|error| format!("the result of validate_block cannot be decoded: {error}"))?;
	match differing_commitment(&result, collation) {
		Some(name) => Err(format!("validate_block returns other {name} than the collator")),
		None => Ok(()),
	}
}

/// Calls `validate_block` on a thread with a validator's stack.
fn execute(artifact: &[u8], params: &[u8]) -> Result<Vec<u8>, String> {
	let executor_params = ExecutorParams::default();
	let (_, stack_limit) = params_to_wasmtime_semantics(&executor_params);
	let stack_size = HOST_STACK + stack_limit.native_stack_max as usize;
	thread::scope(|scope| {
		let validator = thread::Builder::new()
			.name("validate_block".into())
			.stack_size(stack_size)
			.spawn_scoped(scope, || {
				// SAFETY: `compile` has created the artifact with `prepare`, and it is never changed.
				unsafe { execute_artifact(artifact, &executor_params, params) }
			})
			.map_err(|error| format!("no thread to validate on: {error}"))?;
		match validator.join() {
			Ok(result) => result.map_err(|error| error.to_string()),
			Err(_) => Err("validate_block panicked in the host".into()),
		}
	})
}

/// Returns the name of the first commitment in which validation result and collation differ.
fn differing_commitment(result: &ValidationResult, collation: &Collation) -> Option<&'static str> {
	let ValidationResult {
		head_data,
		new_validation_code,
		upward_messages,
		horizontal_messages,
		processed_downward_messages,
		hrmp_watermark,
	} = result;
	let new_code = |code: &Option<ValidationCode>| code.as_ref().map(|code| code.hash());
	[
		("head data", *head_data == collation.head_data),
		(
			"validation code",
			new_code(new_validation_code) == new_code(&collation.new_validation_code),
		),
		("upward messages", *upward_messages == collation.upward_messages),
		("horizontal messages", *horizontal_messages == collation.horizontal_messages),
		(
			"number of processed downward messages",
			*processed_downward_messages == collation.processed_downward_messages,
		),
		("HRMP watermark", *hrmp_watermark == collation.hrmp_watermark),
	]
	.into_iter()
	.find_map(|(name, equal)| (!equal).then_some(name))
}
