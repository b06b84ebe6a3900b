// SPDX-License-Identifier: Apache-2.0

//! Balances and fees.

use crate::{
	weights::ExtrinsicBaseWeight, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason,
	RuntimeHoldReason, System, EXISTENTIAL_DEPOSIT, MICROUNIT, MILLIUNIT,
};
use cumulus_primitives_core::relay_chain::MAX_POV_SIZE;
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU8, VariantCountOf},
	weights::{
		constants::WEIGHT_REF_TIME_PER_SECOND, ConstantMultiplier, Weight, WeightToFeeCoefficient,
		WeightToFeeCoefficients, WeightToFeePolynomial,
	},
};
use parachains_common::impls::DealWithFees;
use polkadot_runtime_common::SlowAdjustingFeeUpdate;
use sp_runtime::Perbill;

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type Balance = Balance;
	type DustRemoval = ();
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type DoneSlashHandler = ();
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
}

/// Fee for the weight of an empty transaction.
pub const BASE_FEE: Balance = MILLIUNIT / 10;

/// Reference time of a core, in picoseconds.
const CORE_REF_TIME: Balance = 2 * WEIGHT_REF_TIME_PER_SECOND as Balance;

/// Returns a fee of `numerator / denominator` per unit.
fn linear_fee(numerator: Balance, denominator: Balance) -> WeightToFeeCoefficients<Balance> {
	[WeightToFeeCoefficient {
		degree: 1,
		negative: false,
		coeff_integer: numerator / denominator,
		coeff_frac: Perbill::from_rational(numerator % denominator, denominator),
	}]
	.into_iter()
	.collect()
}

/// Fee for reference time: [`BASE_FEE`] for that of an empty transaction.
pub struct RefTimeToFee;

impl WeightToFeePolynomial for RefTimeToFee {
	type Balance = Balance;

	fn polynomial() -> WeightToFeeCoefficients<Balance> {
		linear_fee(BASE_FEE, ExtrinsicBaseWeight::get().ref_time().into())
	}
}

/// Fee for proof size: a core's whole proof costs as much as its whole reference time.
pub struct ProofSizeToFee;

impl WeightToFeePolynomial for ProofSizeToFee {
	type Balance = Balance;

	fn polynomial() -> WeightToFeeCoefficients<Balance> {
		let base_weight = Balance::from(ExtrinsicBaseWeight::get().ref_time());
		linear_fee(BASE_FEE * CORE_REF_TIME / base_weight, MAX_POV_SIZE.into())
	}
}

/// Fee for a weight: the higher one of reference time and proof size.
pub struct WeightToFee;

impl frame_support::weights::WeightToFee for WeightToFee {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		let ref_time = RefTimeToFee::weight_to_fee(&Weight::from_parts(weight.ref_time(), 0));
		// A polynomial uses only the first component of a weight.
		let proof_size = ProofSizeToFee::weight_to_fee(&Weight::from_parts(weight.proof_size(), 0));
		ref_time.max(proof_size)
	}
}

parameter_types! {
	/// Fee per byte of a transaction, or of a message to another chain.
	pub const TransactionByteFee: Balance = MICROUNIT;
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	// Fees go to the pot that pays collators.
	type OnChargeTransaction =
		pallet_transaction_payment::FungibleAdapter<Balances, DealWithFees<Runtime>>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightToFee = WeightToFee;
	type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
	type FeeMultiplierUpdate = SlowAdjustingFeeUpdate<Self>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
