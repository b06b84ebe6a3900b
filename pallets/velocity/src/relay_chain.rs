// SPDX-License-Identifier: Apache-2.0

//! Scheduling parameters of the relay chain, from its state proof.

use crate::{pallet::*, LOG_TARGET};
use codec::Decode;
use conveyor_primitives::RelayScheduling;
use cumulus_pallet_parachain_system::{
	self as parachain_system, relay_state_snapshot::RelayChainStateProof, RelayStateProof,
	ValidationData,
};
use cumulus_primitives_core::{
	relay_chain::{
		node_features::FeatureIndex, well_known_keys::ACTIVE_CONFIG, ApprovalVotingParams, Balance,
		BlockNumber, ExecutorParams, NodeFeatures, SessionIndex,
	},
	AbridgedHostConfiguration,
};
use frame_support::traits::Get;

/// First fields of the relay chain's configuration (`polkadot-runtime-parachains`,
/// `HostConfiguration`), up to `num_cores`.
///
/// The proof of every block contains the complete configuration. The relay chain guarantees the layout
/// of the first fields only (`AbridgedHostConfiguration`), so the later ones may decode to wrong values.
#[derive(Decode)]
#[cfg_attr(test, derive(Debug, codec::Encode))]
pub(crate) struct HostConfigurationPrefix {
	_abridged: AbridgedHostConfiguration,
	_max_pov_size: u32,
	_max_downward_message_size: u32,
	_hrmp_max_parachain_outbound_channels: u32,
	_hrmp_sender_deposit: Balance,
	_hrmp_recipient_deposit: Balance,
	_hrmp_channel_max_capacity: u32,
	_hrmp_channel_max_total_size: u32,
	_hrmp_max_parachain_inbound_channels: u32,
	_hrmp_channel_max_message_size: u32,
	_executor_params: ExecutorParams,
	_code_retention_period: BlockNumber,
	_max_validators: Option<u32>,
	_dispute_period: SessionIndex,
	_dispute_post_conclusion_acceptance_period: BlockNumber,
	_no_show_slots: u32,
	_n_delay_tranches: u32,
	_zeroth_delay_tranche_width: u32,
	_needed_approvals: u32,
	_relay_vrf_modulo_samples: u32,
	_pvf_voting_ttl: SessionIndex,
	_minimum_validation_upgrade_delay: BlockNumber,
	_minimum_backing_votes: u32,
	node_features: NodeFeatures,
	_approval_voting_params: ApprovalVotingParams,
	// Fields of `scheduler_params`.
	_group_rotation_frequency: BlockNumber,
	_paras_availability_period: BlockNumber,
	_max_validators_per_core: Option<u32>,
	lookahead: u32,
	num_cores: u32,
}

/// Maximum plausible lookahead, in relay blocks. Public relay chains have less than 10. A larger value
/// means an unknown layout.
const PLAUSIBLE_LOOKAHEAD: u32 = 1_000;

impl From<HostConfigurationPrefix> for Option<RelayScheduling> {
	fn from(config: HostConfigurationPrefix) -> Self {
		let HostConfigurationPrefix { node_features, lookahead, num_cores, .. } = config;
		// The relay chain itself does not allow 0.
		(1..=PLAUSIBLE_LOOKAHEAD).contains(&lookahead).then(|| RelayScheduling {
			lookahead,
			num_cores,
			descriptors_v3: FeatureIndex::CandidateReceiptV3.is_set(&node_features),
		})
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the relay chain's scheduling parameters as of the latest relay parent.
	///
	/// `None` before the first block, before the inherent, and if the relay chain's configuration has
	/// an unknown layout.
	pub(crate) fn relay_scheduling() -> Option<RelayScheduling> {
		let root = ValidationData::<T>::get()?.relay_parent_storage_root;
		let proof = RelayStateProof::<T>::get()?;
		let para_id = <T as parachain_system::Config>::SelfParaId::get();
		let config = RelayChainStateProof::new(para_id, root, proof)
			.and_then(|proof| proof.read_entry::<HostConfigurationPrefix>(ACTIVE_CONFIG, None));
		config
			.map_err(|error| {
				log::debug!(
					target: LOG_TARGET,
					"the relay chain's configuration has an unknown layout: {error:?}",
				);
			})
			.ok()?
			.into()
	}
}

#[cfg(any(feature = "runtime-benchmarks", test))]
impl HostConfigurationPrefix {
	/// Returns an encoded configuration with these scheduling parameters, up to `num_cores`.
	pub(crate) fn encoded(scheduling: &RelayScheduling) -> alloc::vec::Vec<u8> {
		use codec::Encode;
		let abridged = AbridgedHostConfiguration {
			max_code_size: 0,
			max_head_data_size: 0,
			max_upward_queue_count: 0,
			max_upward_queue_size: 0,
			max_upward_message_size: 0,
			max_upward_message_num_per_candidate: 0,
			hrmp_max_message_num_per_candidate: 0,
			validation_upgrade_cooldown: 0,
			validation_upgrade_delay: 0,
			async_backing_params: cumulus_primitives_core::relay_chain::AsyncBackingParams {
				max_candidate_depth: 0,
				allowed_ancestry_len: 0,
			},
		};
		let mut node_features = NodeFeatures::EMPTY;
		node_features.resize(FeatureIndex::CandidateReceiptV3 as usize + 1, false);
		node_features.set(FeatureIndex::CandidateReceiptV3 as usize, scheduling.descriptors_v3);
		let messaging = (0u32, 0u32, 0u32, 0 as Balance, 0 as Balance, 0u32, 0u32, 0u32, 0u32);
		let (max_validators, max_validators_per_core) = (None::<u32>, None::<u32>);
		// From `code_retention_period` to `minimum_backing_votes`.
		let sessions = (0u32, max_validators, [0u32; 10]);
		(
			abridged,
			messaging,
			ExecutorParams::default(),
			sessions,
			node_features,
			ApprovalVotingParams::default(),
			(0u32, 0u32, max_validators_per_core, scheduling.lookahead, scheduling.num_cores),
		)
			.encode()
	}
}
