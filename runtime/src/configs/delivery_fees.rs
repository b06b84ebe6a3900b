// SPDX-License-Identifier: Apache-2.0

//! Fees for the delivery of messages to other chains.

use super::tokens::TransactionByteFee;
use crate::{Balance, ParachainSystem, XcmpQueue, MILLIUNIT};
use ::xcm::latest::prelude::{AssetId, Location};
use frame_support::parameter_types;
use polkadot_runtime_common::xcm_sender::ExponentialPrice;

parameter_types! {
	/// Asset that pays for delivery: the token of this chain and of the relay chain.
	pub FeeAssetId: AssetId = AssetId(Location::parent());
	/// Fee for a message while its queue is short. It rises with the queue.
	pub const BaseDeliveryFee: Balance = MILLIUNIT;
}

/// Fee for a message to another parachain.
pub type PriceForSiblingDelivery =
	ExponentialPrice<FeeAssetId, BaseDeliveryFee, TransactionByteFee, XcmpQueue>;
/// Fee for a message to the relay chain.
pub type PriceForParentDelivery =
	ExponentialPrice<FeeAssetId, BaseDeliveryFee, TransactionByteFee, ParachainSystem>;
