// SPDX-License-Identifier: GPL-3.0-only

//! Signed transactions.

use codec::Encode;
use conveyor_runtime::{
	Hash, Runtime, RuntimeCall, SignedPayload, TxExtension, UncheckedExtrinsic, VERSION,
};
use cumulus_pallet_parachain_system::block_weight::DynamicMaxBlockWeight;
use cumulus_pallet_weight_reclaim::StorageWeightReclaim;
use sp_keyring::Sr25519Keyring;
use sp_runtime::generic::Era;

/// Returns `call` with root as its origin, through pallet-sudo.
pub fn sudo(call: RuntimeCall) -> RuntimeCall {
	pallet_sudo::Call::<Runtime>::sudo { call: Box::new(call) }.into()
}

/// Returns `call` as an immortal transaction signed by `signer`.
pub fn signed(
	signer: Sr25519Keyring,
	call: RuntimeCall,
	nonce: u32,
	genesis: Hash,
) -> UncheckedExtrinsic {
	let extension = DynamicMaxBlockWeight::new(StorageWeightReclaim::new((
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
	)));
	let extension = TxExtension::from(extension);
	let implicit = (
		(),
		(),
		VERSION.spec_version,
		VERSION.transaction_version,
		genesis,
		genesis,
		(),
		(),
		(),
		None,
	);
	let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
	let signature = payload.using_encoded(|payload| signer.sign(payload));
	UncheckedExtrinsic::new_signed(call, signer.to_account_id().into(), signature.into(), extension)
}
