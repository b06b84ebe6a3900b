// SPDX-License-Identifier: Apache-2.0

//! Scheduling parameters of the relay chain, and the warnings that depend on them.

use crate::{mock::*, relay_chain::HostConfigurationPrefix, Event};
use conveyor_primitives::{ApplyAt, InvalidLimits, Limits, RelayScheduling, Warning};
use cumulus_pallet_parachain_system::{RelayStateProof, ValidationData};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::assert_ok;
use frame_system::RawOrigin;

const FAST: Limits = Limits { velocity: 3, capacity: 12, target_block_rate: 2 };

fn set(limits: Limits) {
	assert_ok!(Velocity::schedule_limits(RawOrigin::Root.into(), limits, ApplyAt::Now));
}

/// Stores a relay chain state proof with this configuration, as the inherent does.
fn set_relay_configuration(config: Vec<u8>) {
	let key = cumulus_primitives_core::relay_chain::well_known_keys::ACTIVE_CONFIG.to_vec();
	let builder = RelayStateSproofBuilder {
		additional_key_values: vec![(key, config)],
		..Default::default()
	};
	let (root, proof) = builder.into_state_root_and_proof();
	RelayStateProof::<Test>::put(proof);
	ValidationData::<Test>::mutate(|data| {
		data.get_or_insert_default().relay_parent_storage_root = root;
	});
}

#[test]
fn scheduling_parameters_are_read_from_the_relay_chain_configuration() {
	use codec::Encode;
	use polkadot_runtime_parachains::configuration::HostConfiguration;
	let mut config = HostConfiguration::<u32>::default();
	config.scheduler_params.lookahead = 5;
	config.scheduler_params.num_cores = 17;
	config.node_features.resize(5, false);
	config.executor_params =
		vec![cumulus_primitives_core::relay_chain::ExecutorParam::MaxMemoryPages(8192)][..].into();
	let scheduling = RelayScheduling { lookahead: 5, num_cores: 17, descriptors_v3: false };
	new_test_ext().execute_with(|| {
		assert_eq!(Velocity::relay_scheduling(), None, "before the first block");
		set_relay_configuration(config.encode());
		assert_eq!(Velocity::relay_scheduling(), Some(scheduling));
		config.node_features.set(4, true);
		set_relay_configuration(config.encode());
		let with_v3 = RelayScheduling { descriptors_v3: true, ..scheduling };
		assert_eq!(Velocity::relay_scheduling(), Some(with_v3));
		// The encoding that the benchmarks use.
		set_relay_configuration(HostConfigurationPrefix::encoded(&with_v3));
		assert_eq!(Velocity::relay_scheduling(), Some(with_v3));
	});
}

#[test]
fn an_unknown_layout_of_the_relay_chain_configuration_rejects_no_limits() {
	new_test_ext().execute_with(|| {
		block(None, || {
			for config in [vec![], vec![0xff; 40], vec![0; 5_000]] {
				set_relay_configuration(config);
				assert_eq!(Velocity::relay_scheduling(), None);
				set(FAST);
			}
		});
		assert_eq!(Velocity::limits(), FAST);
	});
}

#[test]
fn check_limits_and_the_event_contain_the_warnings() {
	let limits = Limits { velocity: 3, capacity: 11, target_block_rate: 3 };
	new_test_ext().execute_with(|| {
		block(None, || {
			let scheduling = RelayScheduling { lookahead: 3, num_cores: 2, descriptors_v3: false };
			set_relay_configuration(HostConfigurationPrefix::encoded(&scheduling));
			let warnings = vec![
				Warning::CapacityBelowRecommended { capacity: 11, recommended: 12 },
				Warning::NoBackingSlack { lookahead: 3, relay_parent_offset: 1 },
			];
			let advice = Velocity::check_limits(limits).unwrap();
			assert_eq!(advice.warnings, warnings);
			assert_eq!(advice.relay_scheduling, Some(scheduling));
			assert_eq!(advice.useful_capacity, Some(15));
			assert_eq!(advice.recommended_capacity, Velocity::recommended_capacity(3));
			set(limits);
			System::assert_last_event(
				Event::LimitsScheduled {
					limits,
					due_relay_block: RELAY_PARENT,
					recommended_capacity: 12,
					warnings,
					replaced: None,
				}
				.into(),
			);
		});
		assert_eq!(
			Velocity::check_limits(Limits { capacity: 2, ..limits }),
			Err(InvalidLimits::CapacityBelowBundle { capacity: 2, bundle: 3 }),
		);
	});
}
