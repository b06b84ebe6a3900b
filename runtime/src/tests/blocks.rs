// SPDX-License-Identifier: Apache-2.0

//! Blocks built as a collator builds them: limits, tracking and rejections.

use super::{chain, genesis_config, position};
use crate::{configs::system::MaximumBlockWeight, genesis_config_presets::PARA_ID, *};
use codec::Encode;
use conveyor_primitives::ApplyAt;
use cumulus_primitives_core::{
	relay_chain::{HeadData, MAX_POV_SIZE},
	PersistedValidationData,
};
use cumulus_primitives_parachain_inherent::{ParachainInherentData, INHERENT_IDENTIFIER};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use frame_support::{
	assert_ok,
	traits::{Get, UnfilteredDispatchable},
	weights::Weight,
};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_inherents::InherentData;
use sp_runtime::{traits::Header as _, Digest, DigestItem};

/// Builds blocks as a collator does, on a relay chain state that the test sets.
struct Author {
	parent: Header,
	included: Header,
	relay_slot: u64,
}

impl Author {
	/// Starts at genesis.
	fn new() -> Self {
		let genesis = Header::new(
			0,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		Self { parent: genesis.clone(), included: genesis, relay_slot: 1_000 }
	}

	/// Builds a block at the current relay slot. Dispatches `calls` as root.
	fn author(&mut self, position: Vec<DigestItem>, calls: Vec<RuntimeCall>) {
		let slot = Slot::from(self.relay_slot * RELAY_CHAIN_SLOT_DURATION_MILLIS / SLOT_DURATION);
		let mut logs = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())];
		logs.extend(position);
		let header = Header::new(
			self.parent.number + 1,
			Default::default(),
			Default::default(),
			self.parent.hash(),
			Digest { logs },
		);
		Executive::initialize_block(&header);
		for inherent in self.inherents().create_extrinsics() {
			assert_ok!(Executive::apply_extrinsic(inherent).expect("inherents are valid"));
		}
		for call in calls {
			assert_ok!(call.dispatch_bypass_filter(RuntimeOrigin::root()));
		}
		self.parent = Executive::finalize_block();
	}

	fn inherents(&self) -> InherentData {
		let proof = RelayStateSproofBuilder {
			para_id: PARA_ID,
			current_slot: self.relay_slot.into(),
			included_para_head: Some(HeadData(self.included.encode())),
			..Default::default()
		};
		let (relay_parent_storage_root, relay_chain_state, relay_parent_descendants) =
			proof.into_state_root_proof_and_descendants(RELAY_PARENT_OFFSET.into());
		let parachain = ParachainInherentData {
			validation_data: PersistedValidationData {
				parent_head: HeadData(self.parent.encode()),
				relay_parent_number: self.relay_slot as u32,
				relay_parent_storage_root,
				max_pov_size: MAX_POV_SIZE,
			},
			relay_chain_state,
			downward_messages: Default::default(),
			horizontal_messages: Default::default(),
			relay_parent_descendants,
			collator_peer_id: None,
		};
		let mut data = InherentData::new();
		let now = self.relay_slot * RELAY_CHAIN_SLOT_DURATION_MILLIS;
		data.put_data(*b"timstap0", &now).expect("the identifier is unused");
		data.put_data(INHERENT_IDENTIFIER, &parachain).expect("the identifier is unused");
		data
	}

	fn may_build(&self) -> bool {
		Velocity::can_build_upon(self.included.hash(), self.relay_slot.into())
	}
}

#[test]
fn authoring_stops_at_the_capacity_and_continues_after_inclusion() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		let mut first = None;
		for _ in 0..INITIAL_LIMITS.capacity {
			assert!(author.may_build());
			author.author(position(1, 0, true), vec![]);
			first.get_or_insert(author.parent.clone());
			author.relay_slot += 1;
		}
		assert!(!author.may_build(), "the segment is full");

		author.included = first.expect("the capacity is not 0");
		assert!(author.may_build(), "a block was included");
		author.author(position(1, 0, true), vec![]);
		assert!(!author.may_build(), "the segment is full again");
	});
}

#[test]
fn unincluded_blocks_are_tracked_until_they_are_included() {
	use conveyor_primitives::{InclusionStatus, LagCount, NotTracked};
	use cumulus_pallet_parachain_system::{Ancestor, UnincludedSegment as SystemSegment};
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		assert_eq!(UnincludedSegment::segment(), Err(NotTracked::NotStarted));
		let mut headers = vec![];
		for _ in 0..3 {
			author.author(position(1, 0, true), vec![]);
			headers.push(author.parent.clone());
			author.relay_slot += 1;
		}
		let segment = UnincludedSegment::segment().expect("tracking has started");
		let hashes: Vec<_> = segment.iter().map(|block| block.hash).collect();
		assert_eq!(hashes, [Some(headers[0].hash()), Some(headers[1].hash()), None]);
		let expected = SystemSegment::<Runtime>::get();
		let expected: Vec<_> =
			expected.iter().map(|block: &Ancestor<_>| block.para_head_hash().copied()).collect();
		assert_eq!(hashes, expected);
		for (index, block) in segment.iter().enumerate() {
			let record = block.record.as_ref().expect("the segment is shorter than the ring");
			assert_eq!(record.number, index as u32 + 1);
			assert_eq!(record.relay_parent, 1_000 + index as u32);
			assert_eq!(record.relay_slot, Some(Slot::from(1_000 + index as u64)));
			assert_eq!(record.para_slot, record.relay_slot, "relay slot and para slot take 6 s");
			assert_eq!(record.core_selector, Some(0));
			assert_eq!(record.bundle.map(|bundle| (bundle.index, bundle.is_last)), Some((0, true)));
			assert_eq!(record.extrinsics, 2, "the inherents");
			assert!(record.weight.all_gt(Weight::zero()));
		}

		author.included = headers[1].clone();
		author.author(position(1, 0, true), vec![]);
		let stats = UnincludedSegment::stats().expect("tracking has started");
		assert_eq!((stats.included_blocks, stats.faults, stats.pending_notifications), (2, 0, 0));
		let one_block = |lag| LagCount { lag, capped: false, blocks: 1 };
		assert_eq!(stats.lags, [one_block(2), one_block(3)]);
		let included = InclusionStatus::Included { lag: Some(3), capped: false };
		assert_eq!(UnincludedSegment::inclusion(1), Ok(included));
		assert_eq!(UnincludedSegment::segment().map(|segment| segment.len()), Ok(2));
	});
}

#[test]
#[should_panic(expected = "the unincluded segment is full: it has 4 blocks, the capacity is 4")]
fn a_block_above_the_capacity_is_rejected() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		for _ in 0..=INITIAL_LIMITS.capacity {
			author.author(position(1, 0, true), vec![]);
			author.relay_slot += 1;
		}
	});
}

#[test]
fn new_limits_apply_to_hook_collator_and_weights_in_the_next_block() {
	chain(genesis_config("development")).execute_with(|| {
		let mut author = Author::new();
		let full_core = MaximumBlockWeight::get();
		let faster = Limits { velocity: 4, capacity: 16, target_block_rate: 4 };
		let call = pallet_velocity::Call::schedule_limits { limits: faster, at: ApplyAt::Now };
		author.author(position(1, 0, true), vec![call.into()]);
		assert_eq!(Velocity::limits(), faster);
		assert_eq!(Velocity::target_block_rate(), 4);

		author.relay_slot += 1;
		for index in 0..4 {
			assert!(author.may_build(), "block {index} of the bundle");
			author.author(position(1, index, index == 3), vec![]);
		}
		// Maximum weight of the last block of a bundle of 4.
		assert_eq!(MaximumBlockWeight::get(), full_core.saturating_div(4));
	});
}
