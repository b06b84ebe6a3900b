// SPDX-License-Identifier: Apache-2.0

//! What happens by itself in a block: it sees what of its ancestors is included, and leaves a record
//! of itself.

use crate::{pallet::*, Fault, TrackerRecord, WeightInfo, LOG_TARGET};
use alloc::vec::Vec;
use codec::Decode;
use conveyor_primitives::{
	segment::{advance, ring_key, Advance, BundlePlace, IncludedHead, InclusionStep, MessagesSent},
	BlockRecord,
};
use cumulus_pallet_parachain_system::{
	self as parachain_system, relay_state_snapshot::RelayChainStateProof, OnSystemEvent,
};
use cumulus_primitives_core::{CumulusDigestItem, PersistedValidationData};
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

	/// Sees what is included. parachain-system calls it in every block, after it has dropped what is
	/// included from its own segment.
	fn on_relay_state_proof(proof: &RelayChainStateProof) -> Weight {
		let head = proof.read_included_para_head().ok().map(|head| head.0);
		Self::observe(head.as_deref(), proof.read_slot().ok())
	}
}

impl<T: Config> Pallet<T> {
	/// The number of the latest block or, while a block is executed, of that one.
	pub(crate) fn latest() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The length of parachain-system's own segment.
	pub(crate) fn their_length() -> u32 {
		parachain_system::UnincludedSegment::<T>::decode_len().unwrap_or(0).saturated_into()
	}

	/// Takes in what the relay parent's state says: the latest included head, encoded, and the slot.
	pub(crate) fn observe(head: Option<&[u8]>, relay_slot: Option<Slot>) -> Weight {
		let Some(data) = parachain_system::ValidationData::<T>::get() else {
			defensive!("parachain-system puts it before it hands over the proof");
			return T::DbWeight::get().reads(1);
		};
		let relay_parent = data.relay_parent_number;
		let now = Self::latest();
		let parent = now.saturating_sub(1);
		let theirs = Self::their_length();
		let mut tracker = Tracker::<T>::get().unwrap_or_else(|| {
			TrackerRecord::begin(parent, theirs, <T as Config>::MaxCapacity::get())
		});
		let missed = tracker.reconcile(parent);
		if missed > 0 {
			Self::set_fault(&mut tracker, Some(Fault::BlocksMissed { blocks: missed }));
		}

		Self::notice_stall(&mut tracker, relay_parent);
		let mut drained = 0;
		if let Some(last) = Self::included_up_to(&tracker, parent, theirs, head) {
			let first = tracker.included.saturating_add(1);
			let step = InclusionStep {
				blocks: tracker.drain(last),
				relay_parent,
				previous_relay_parent: tracker.relay_parent,
			};
			drained = step.blocks.len().saturated_into();
			Statistics::<T>::mutate(|statistics| statistics.note(&step, T::Window::get()));
			let max_lag = step.longest_lag();
			Self::deposit_event(Event::BlocksIncluded { first, last, relay_parent, max_lag });
			Self::notice_recovery(&mut tracker, relay_parent);
		}

		tracker.observed_in = now;
		tracker.relay_parent = Some(relay_parent);
		tracker.relay_slot = relay_slot;
		tracker.first_relay_parent.get_or_insert(relay_parent);
		Tracker::<T>::put(tracker);
		<T as Config>::WeightInfo::observe(drained)
	}

	/// The last block that is included, if that is news.
	fn included_up_to(
		tracker: &TrackerRecord<<T as Config>::MaxCapacity>,
		parent: u32,
		theirs: u32,
		head: Option<&[u8]>,
	) -> Option<u32> {
		let dropped_to = (theirs < tracker.theirs).then(|| parent.saturating_sub(theirs));
		let included_head = match head {
			None => IncludedHead::Missing,
			Some(mut bytes) => match HeaderFor::<T>::decode(&mut bytes) {
				Err(_) => IncludedHead::NoHeader,
				Ok(header) => IncludedHead::Block { number: (*header.number()).saturated_into() },
			},
		};
		match advance(tracker.included, parent, dropped_to, included_head) {
			Advance::Nowhere => None,
			Advance::To(number) => Some(number),
			Advance::ToIfSameHash(number) => {
				let same = Self::hash_of(number) == head.map(T::Hashing::hash);
				same.then_some(number)
			},
		}
	}

	/// Says so if the oldest block under way has become too old.
	fn notice_stall(tracker: &mut TrackerRecord<<T as Config>::MaxCapacity>, relay_parent: u32) {
		let Some(oldest) = tracker.oldest_relay_parent() else { return };
		let age = relay_parent.saturating_sub(oldest);
		if age > T::StallAfter::get() && tracker.stalled_since.is_none() {
			tracker.stalled_since = Some(oldest);
			let length = tracker.length();
			Self::deposit_event(Event::SegmentStalled { since: oldest, length });
		}
	}

	/// Says so if the oldest block under way is not too old any more.
	fn notice_recovery(tracker: &mut TrackerRecord<<T as Config>::MaxCapacity>, relay_parent: u32) {
		let age =
			tracker.oldest_relay_parent().map_or(0, |oldest| relay_parent.saturating_sub(oldest));
		if age <= T::StallAfter::get() {
			if let Some(since) = tracker.stalled_since.take() {
				Self::deposit_event(Event::SegmentRecovered { since, relay_parent });
			}
		}
	}

	/// Leaves the record of the current block, the number `now`, and compares with
	/// parachain-system, which has added it to its own segment by now.
	pub(crate) fn record_block(now: u32) {
		let capacity = <T as Config>::MaxCapacity::get();
		let theirs = Self::their_length();
		let mut tracker = Tracker::<T>::get().unwrap_or_else(|| {
			TrackerRecord::begin(now.saturating_sub(1), theirs.saturating_sub(1), capacity)
		});
		let record = Self::record_of_current_block(now, &tracker);
		tracker.append(record.relay_parent);
		tracker.theirs = theirs;
		Records::<T>::insert(ring_key(now, capacity), record);

		let ours = tracker.length();
		let fault = if tracker.observed_in != now {
			Some(Fault::NoRelayState)
		} else if ours != theirs {
			Some(Fault::LengthsDiffer { ours, theirs })
		} else if ours > capacity {
			Some(Fault::SegmentTooLong { length: ours, max_capacity: capacity })
		} else {
			// Those that were missed are the first to be included.
			tracker.fault.filter(|fault| {
				matches!(fault, Fault::BlocksMissed { .. }) && tracker.unmeasured > 0
			})
		};
		Self::set_fault(&mut tracker, fault);
		Tracker::<T>::put(tracker);
	}

	fn record_of_current_block(
		number: u32,
		tracker: &TrackerRecord<<T as Config>::MaxCapacity>,
	) -> BlockRecord {
		let digest = frame_system::Pallet::<T>::digest();
		// Signals to the relay chain come after an empty message.
		let upward = parachain_system::UpwardMessages::<T>::get();
		let upward = upward.iter().take_while(|message| !message.is_empty()).map(Vec::len);
		let horizontal = parachain_system::HrmpOutboundMessages::<T>::get();
		BlockRecord {
			number,
			relay_parent: parachain_system::LastRelayChainBlockNumber::<T>::get(),
			relay_slot: tracker.relay_slot.filter(|_| tracker.observed_in == number),
			para_slot: digest.convert_first(|item| item.pre_runtime_try_to(&AURA_ENGINE_ID)),
			core_selector: CumulusDigestItem::find_core_info(&digest).map(|core| core.selector.0),
			bundle: CumulusDigestItem::find_block_bundle_info(&digest)
				.map(|place| BundlePlace { index: place.index, is_last: place.is_last }),
			extrinsics: frame_system::Pallet::<T>::extrinsic_count(),
			weight: frame_system::Pallet::<T>::block_weight().total(),
			upward_messages: sent(upward),
			horizontal_messages: sent(horizontal.iter().map(|message| message.data.len())),
			announces_code: parachain_system::NewValidationCode::<T>::exists(),
			applies_code: digest.logs.contains(&DigestItem::RuntimeEnvironmentUpdated),
		}
	}

	/// Says so if something has begun to be wrong, or has ended to be.
	pub(crate) fn set_fault(
		tracker: &mut TrackerRecord<<T as Config>::MaxCapacity>,
		fault: Option<Fault>,
	) {
		let before = core::mem::replace(&mut tracker.fault, fault);
		match (before, fault) {
			(Some(before), Some(fault)) if before.is_like(&fault) => (),
			(_, Some(fault)) => {
				log::warn!(target: LOG_TARGET, "tracking of blocks under way: {fault:?}");
				tracker.faults = tracker.faults.saturating_add(1);
				Self::deposit_event(Event::FaultFound { fault });
			},
			(Some(_), None) => Self::deposit_event(Event::FaultHealed),
			(None, None) => (),
		}
	}
}

/// Adds up messages of these lengths in bytes.
fn sent(lengths: impl Iterator<Item = usize>) -> MessagesSent {
	lengths.fold(MessagesSent::default(), |sent, bytes| MessagesSent {
		count: sent.count.saturating_add(1),
		bytes: sent.bytes.saturating_add(bytes.saturated_into()),
	})
}
