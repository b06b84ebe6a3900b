// SPDX-License-Identifier: Apache-2.0

//! Block weights, fees and reservations.

use super::{chain, genesis_config, position};
use crate::{
	configs::{
		messages::{ServicePart, MAX_PAGE_SIZE},
		system::{MaximumBlockWeight, RuntimeBlockWeights},
		tokens::{RefTimeToFee, BASE_FEE},
	},
	*,
};
use conveyor_primitives::{share::block_share, InvalidLimits, MaxLimits};
use cumulus_pallet_xcmp_queue::{WeightInfo as _, WeightInfoExt, XCM_BATCH_SIZE};
use cumulus_primitives_core::relay_chain::MAX_POV_SIZE;
use frame_support::{
	traits::{BatchFootprint, Get},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight, WeightToFee as _},
};
use sp_io::TestExternalities;
use sp_runtime::Digest;

#[test]
fn rates_above_the_measured_maximum_are_rejected() {
	let limits = |rate| Limits { velocity: rate, capacity: 48, target_block_rate: rate };
	chain(genesis_config("development")).execute_with(|| {
		assert!(Velocity::check_limits(limits(MAX_TARGET_BLOCK_RATE)).is_ok());
		let too_high = InvalidLimits::TargetBlockRateTooHigh {
			target_block_rate: MAX_TARGET_BLOCK_RATE + 1,
			max_target_block_rate: MAX_TARGET_BLOCK_RATE,
		};
		assert_eq!(Velocity::check_limits(limits(MAX_TARGET_BLOCK_RATE + 1)), Err(too_high));
	});
}

#[test]
fn fees_are_proportional_to_weight_and_below_the_existential_deposit() {
	assert_eq!(UNIT, 10u128.pow(12));
	assert_eq!((MILLIUNIT * 1_000, MICROUNIT * 1_000_000), (UNIT, UNIT));
	assert_eq!(<Balances as frame_support::traits::Currency<_>>::minimum_balance(), MILLIUNIT);

	TestExternalities::new_empty().execute_with(|| {
		let base = weights::ExtrinsicBaseWeight::get();
		assert_eq!(RefTimeToFee::weight_to_fee(&base), BASE_FEE);
		assert_eq!(TransactionPayment::weight_to_fee(base), BASE_FEE);
		// A small transaction costs less than the existential deposit.
		assert!(BASE_FEE + TransactionPayment::length_to_fee(100) < EXISTENTIAL_DEPOSIT);

		// A full core costs the same by reference time and by proof size, up to rounding.
		let core = 2 * WEIGHT_REF_TIME_PER_SECOND;
		let by_time = TransactionPayment::weight_to_fee(Weight::from_parts(core, 0));
		let by_proof =
			TransactionPayment::weight_to_fee(Weight::from_parts(0, MAX_POV_SIZE.into()));
		assert!(by_time.abs_diff(by_proof) < by_time / 1_000_000, "{by_time} {by_proof}");
		let both = Weight::from_parts(core, MAX_POV_SIZE.into());
		assert_eq!(TransactionPayment::weight_to_fee(both), by_time.max(by_proof));
	});
}

#[test]
fn block_weights_can_be_built_for_all_valid_limits() {
	let limits = |rate| Limits { velocity: rate, capacity: MAX_CAPACITY, target_block_rate: rate };
	let mut ext = chain(genesis_config("development"));
	let mut number = 0;
	let max = MaxLimits { capacity: MAX_CAPACITY, target_block_rate: MAX_TARGET_BLOCK_RATE };
	for rate in 1..=MAX_TARGET_BLOCK_RATE {
		assert_eq!(limits(rate).validate(&max), Ok(()));
		for cores in [1, 2, 3, 5, 12, 100] {
			ext.execute_with(|| {
				pallet_velocity::CurrentLimits::<Runtime>::put(limits(rate));
				// Not the first block of its bundle, which may use the full core.
				number += 1;
				let digest = Digest { logs: position(cores, 1, false) };
				System::initialize(&number, &Hash::zero(), &digest);
				let blocks_per_core = u64::from(rate).div_ceil(cores.into());
				let max_block = RuntimeBlockWeights::get().max_block;
				assert_eq!(max_block, MaximumBlockWeight::get());
				assert_eq!(max_block.proof_size(), u64::from(MAX_POV_SIZE) / blocks_per_core);
				assert!(max_block.ref_time() <= 2 * WEIGHT_REF_TIME_PER_SECOND / blocks_per_core);
			});
		}
	}
	// The loop has covered all valid rates.
	let too_high = MAX_TARGET_BLOCK_RATE + 1;
	assert_eq!(
		limits(too_high).validate(&max),
		Err(InvalidLimits::TargetBlockRateTooHigh {
			target_block_rate: too_high,
			max_target_block_rate: MAX_TARGET_BLOCK_RATE,
		}),
	);
}

#[test]
fn tracking_uses_less_than_1_percent_of_a_block() {
	use pallet_unincluded_segment::WeightInfo;
	type Tracking = <Runtime as pallet_unincluded_segment::Config>::WeightInfo;
	// A block that sees one inclusion, without notifications.
	let cost = Tracking::observe(1)
		.saturating_add(Tracking::record_block(MAX_CAPACITY))
		.saturating_add(Tracking::notify_base());
	let core = 2 * WEIGHT_REF_TIME_PER_SECOND;
	assert!(cost.ref_time() <= core / 100, "{cost:?}");
	// A block of a bundle of twelve.
	assert!(cost.ref_time() <= core / 12 / 100, "{cost:?}");
}

/// `xcmp-queue` drops messages that exceed the reservation. A useful message is longer than 32 bytes: it
/// contains an account or a topic.
#[test]
fn the_reservation_covers_the_intake_of_messages() {
	type Intake = <Runtime as cumulus_pallet_xcmp_queue::Config>::WeightInfo;
	const LENGTH: usize = 32;
	TestExternalities::default().execute_with(|| {
		let rates_and_cores = (2..=MAX_TARGET_BLOCK_RATE)
			.flat_map(|rate| (1..=12).map(move |cores| (rate, cores)))
			// A block that is alone on its core may use the full core.
			.filter(|(rate, cores)| rate > cores);
		for (rate, cores) in rates_and_cores {
			let share = block_share(rate, cores);
			// Messages of other parachains may use what messages of the relay chain leave.
			let bytes = (share.proof_size() / 6 * 2) as usize;
			let batches = bytes / LENGTH / XCM_BATCH_SIZE + 1;
			let batch = BatchFootprint {
				msgs_count: XCM_BATCH_SIZE,
				size_in_bytes: XCM_BATCH_SIZE * LENGTH,
				new_pages_count: 1,
			};
			// The first page of a batch is half full on average.
			let offset = |first| if first { MAX_PAGE_SIZE } else { MAX_PAGE_SIZE / 2 };
			let enqueue = |first| Intake::enqueue_xcmp_messages(offset(first), &batch, first);
			let decode = Intake::take_first_concatenated_xcm(LENGTH as u32);
			let cost = Intake::uncached_enqueue_xcmp_messages()
				.saturating_add(enqueue(true))
				.saturating_add(enqueue(false).saturating_mul(batches as u64 - 1))
				.saturating_add(decode.saturating_mul((batches * XCM_BATCH_SIZE) as u64));
			let left = share
				.saturating_sub(ServicePart::get() * share)
				.saturating_sub(RuntimeBlockWeights::get().base_block)
				.saturating_sub(Weight::from_parts(0, bytes as u64));
			assert!(cost.all_lte(left), "rate {rate}, {cores} cores: {cost:?} of {left:?}");
		}
	});
}
