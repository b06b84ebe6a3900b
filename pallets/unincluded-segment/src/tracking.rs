// SPDX-License-Identifier: Apache-2.0

//! Tracking in every block: reads inclusion from the relay chain's state proof, and writes the block's
//! record.

use crate::{
	pallet::*,
	progress::{inclusion_progress, IncludedHead, Progress},
	ring::ring_key,
	statistics::NewlyIncluded,
	tracker::Tracker,
	Fault, WeightInfo, LOG_TARGET,
};
use alloc::vec::Vec;
use codec::Decode;
use conveyor_primitives::{
	capacity::Pipeline,
	segment::{BundlePosition, MessagesSent},
	BlockRecord,
};
use cumulus_pallet_parachain_system::{
	self as parachain_system, relay_state_snapshot::RelayChainStateProof, OnSystemEvent,
};
use cumulus_primitives_core::{
	CumulusDigestItem, PersistedValidationData, VerifySchedulingSignature,
};
use frame_support::{defensive, traits::Get, weights::Weight};
use frame_system::pallet_prelude::HeaderFor;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_runtime::{
	traits::{Hash, Header},
	DigestItem, SaturatedConversion,
};

impl<T: Config> OnSystemEvent for Pallet<T> {
	fn on_validation_data(_: &PersistedValidationData) {}

	fn on_validation_code_applied() {}

	/// Reads inclusion. parachain-system calls it in every block, after it has dropped the included
	/// blocks from its segment.
	fn on_relay_state_proof(proof: &RelayChainStateProof) -> Weight {
		let head = proof.read_included_para_head().ok().map(|head| head.0);
		Self::observe(head.as_deref(), proof.read_slot().ok())
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the number of the latest block or, during execution, of the current block.
	pub(crate) fn latest() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Returns the length of parachain-system's segment, in blocks.
	pub(crate) fn parachain_system_length() -> u32 {
		parachain_system::UnincludedSegment::<T>::decode_len().unwrap_or(0).saturated_into()
	}

	/// Returns the inclusion lag above which [`Event::InclusionDelayed`] is deposited, in relay blocks.
	fn normal_lag() -> u32 {
		type Verifier<T> = <T as parachain_system::Config>::SchedulingSignatureVerifier;
		let pipeline = Pipeline {
			relay_parent_offset: <T as parachain_system::Config>::RelayParentOffset::get(),
			claim_queue_offset: parachain_system::Pallet::<T>::max_claim_queue_offset().into(),
			descriptors_v3: Verifier::<T>::V3_SCHEDULING_ENABLED,
		};
		pipeline.normal_lag()
	}

	/// Processes the relay parent's state: the latest included head, encoded, and the relay slot.
	pub(crate) fn observe(head: Option<&[u8]>, relay_slot: Option<Slot>) -> Weight {
		let Some(data) = parachain_system::ValidationData::<T>::get() else {
			defensive!("parachain-system stores the validation data before it passes the proof");
			return T::DbWeight::get().reads(1);
		};
		let relay_parent = data.relay_parent_number;
		let number = Self::latest();
		let parent = number.saturating_sub(1);
		let parachain_system_length = Self::parachain_system_length();
		let mut tracker = Tracking::<T>::get().unwrap_or_else(|| {
			Tracker::start(parent, parachain_system_length, <T as Config>::MaxCapacity::get())
		});
		let missed = tracker.reconcile(parent);
		if missed > 0 {
			Self::set_fault(&mut tracker, Some(Fault::BlocksMissed { blocks: missed }));
		}

		Self::detect_stall(&mut tracker, relay_parent);
		let mut relay_parents = 0;
		let newest = Self::newest_included(&tracker, parent, parachain_system_length, head);
		if let Some(last) = newest {
			let first = tracker.included.saturating_add(1);
			let included = NewlyIncluded {
				blocks: tracker.drain(last),
				relay_parent,
				previous_relay_parent: tracker.relay_parent,
			};
			relay_parents = included.blocks.len().saturated_into();
			InclusionStatistics::<T>::mutate(|statistics| {
				statistics.add(&included, T::InclusionWindow::get())
			});
			if let Some(max_lag) = included.longest_lag() {
				// A chain that pauses sees inclusion late. That is no delay of inclusion.
				if max_lag.saturating_sub(included.uncertainty()) > Self::normal_lag() {
					Self::deposit_event(Event::InclusionDelayed {
						first,
						last,
						relay_parent,
						max_lag,
					});
				}
			}
			Self::detect_recovery(&mut tracker, relay_parent);
		}

		tracker.last_observed_block = number;
		tracker.relay_parent = Some(relay_parent);
		tracker.relay_slot = relay_slot;
		tracker.first_relay_parent.get_or_insert(relay_parent);
		Tracking::<T>::put(tracker);
		<T as Config>::WeightInfo::observe(relay_parents)
	}

	/// Returns the number of the newest included block, if the previous block did not know it.
	fn newest_included(
		tracker: &Tracker<<T as Config>::MaxCapacity>,
		parent: u32,
		parachain_system_length: u32,
		head: Option<&[u8]>,
	) -> Option<u32> {
		let dropped_to = (parachain_system_length < tracker.parachain_system_length)
			.then(|| parent.saturating_sub(parachain_system_length));
		let included_head = match head {
			None => IncludedHead::Missing,
			Some(mut bytes) => match HeaderFor::<T>::decode(&mut bytes) {
				Err(_) => IncludedHead::Invalid,
				Ok(header) => IncludedHead::Block { number: (*header.number()).saturated_into() },
			},
		};
		match inclusion_progress(tracker.included, parent, dropped_to, included_head) {
			Progress::None => None,
			Progress::UpTo(number) => Some(number),
			Progress::UpToIfSameHash(number) => {
				let same = Self::hash_of(number) == head.map(T::Hashing::hash);
				same.then_some(number)
			},
		}
	}

	/// Deposits [`Event::SegmentStalled`] if the oldest unincluded block has become too old.
	fn detect_stall(tracker: &mut Tracker<<T as Config>::MaxCapacity>, relay_parent: u32) {
		let Some(oldest) = tracker.oldest_relay_parent() else { return };
		let age = relay_parent.saturating_sub(oldest);
		if age > T::StallAfter::get() && tracker.stalled_relay_parent.is_none() {
			tracker.stalled_relay_parent = Some(oldest);
			let length = tracker.length();
			Self::deposit_event(Event::SegmentStalled { oldest_relay_parent: oldest, length });
		}
	}

	/// Deposits [`Event::SegmentRecovered`] if no unincluded block is too old any more.
	fn detect_recovery(tracker: &mut Tracker<<T as Config>::MaxCapacity>, relay_parent: u32) {
		let age =
			tracker.oldest_relay_parent().map_or(0, |oldest| relay_parent.saturating_sub(oldest));
		if age <= T::StallAfter::get() {
			if let Some(oldest_relay_parent) = tracker.stalled_relay_parent.take() {
				Self::deposit_event(Event::SegmentRecovered { oldest_relay_parent, relay_parent });
			}
		}
	}

	/// Writes the record of the current block, and compares the tracked segment with
	/// parachain-system's, which contains the current block by now.
	pub(crate) fn record_block(number: u32) {
		let capacity = <T as Config>::MaxCapacity::get();
		let parachain_system = Self::parachain_system_length();
		let mut tracker = Tracking::<T>::get().unwrap_or_else(|| {
			let parent = number.saturating_sub(1);
			Tracker::start(parent, parachain_system.saturating_sub(1), capacity)
		});
		let record = Self::record_of_current_block(number, &tracker);
		tracker.append(record.relay_parent);
		tracker.parachain_system_length = parachain_system;
		Records::<T>::insert(ring_key(number, capacity), record);

		let tracked = tracker.length();
		let fault = if tracker.last_observed_block != number {
			Some(Fault::NoRelayState)
		} else if tracked != parachain_system {
			Some(Fault::LengthsDiffer { tracked, parachain_system })
		} else if tracked > capacity {
			Some(Fault::SegmentTooLong { length: tracked, max_capacity: capacity })
		} else {
			// The missed blocks are the oldest, so the fault ends when all of them are included.
			tracker.fault.filter(|fault| {
				matches!(fault, Fault::BlocksMissed { .. })
					&& tracker.blocks_without_relay_parent > 0
			})
		};
		Self::set_fault(&mut tracker, fault);
		Tracking::<T>::put(tracker);
	}

	fn record_of_current_block(
		number: u32,
		tracker: &Tracker<<T as Config>::MaxCapacity>,
	) -> BlockRecord {
		let digest = frame_system::Pallet::<T>::digest();
		// An empty message separates the messages from the signals.
		let upward = parachain_system::UpwardMessages::<T>::get();
		let upward = upward.iter().take_while(|message| !message.is_empty()).map(Vec::len);
		let horizontal = parachain_system::HrmpOutboundMessages::<T>::get();
		BlockRecord {
			number,
			relay_parent: parachain_system::LastRelayChainBlockNumber::<T>::get(),
			relay_slot: tracker.relay_slot.filter(|_| tracker.last_observed_block == number),
			para_slot: digest.convert_first(|item| item.pre_runtime_try_to(&AURA_ENGINE_ID)),
			core_selector: CumulusDigestItem::find_core_info(&digest).map(|core| core.selector.0),
			bundle: CumulusDigestItem::find_block_bundle_info(&digest)
				.map(|info| BundlePosition { index: info.index, is_last: info.is_last }),
			extrinsics: frame_system::Pallet::<T>::extrinsic_count(),
			weight: frame_system::Pallet::<T>::block_weight().total(),
			upward_messages: messages_sent(upward),
			horizontal_messages: messages_sent(horizontal.iter().map(|message| message.data.len())),
			announces_code: parachain_system::NewValidationCode::<T>::exists(),
			applies_code: digest.logs.contains(&DigestItem::RuntimeEnvironmentUpdated),
		}
	}

	/// Stores the fault. Deposits an event if a fault has started, changed its kind or ended.
	pub(crate) fn set_fault(
		tracker: &mut Tracker<<T as Config>::MaxCapacity>,
		fault: Option<Fault>,
	) {
		let previous = core::mem::replace(&mut tracker.fault, fault);
		match (previous, fault) {
			(Some(previous), Some(fault)) if previous.is_same_kind(&fault) => (),
			(_, Some(fault)) => {
				log::warn!(target: LOG_TARGET, "fault of unincluded segment tracking: {fault:?}");
				tracker.faults = tracker.faults.saturating_add(1);
				Self::deposit_event(Event::FaultDetected { fault });
			},
			(Some(_), None) => Self::deposit_event(Event::FaultResolved),
			(None, None) => (),
		}
	}
}

/// Returns number and total length of messages with these lengths, in bytes.
fn messages_sent(lengths: impl Iterator<Item = usize>) -> MessagesSent {
	lengths.fold(MessagesSent::default(), |sent, bytes| MessagesSent {
		count: sent.count.saturating_add(1),
		bytes: sent.bytes.saturating_add(bytes.saturated_into()),
	})
}
