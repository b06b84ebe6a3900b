// SPDX-License-Identifier: Apache-2.0

//! The verdict whether one more block may be built: asked before it by the collator, enforced in it
//! by the consensus hook.

use crate::{pallet::*, WeightInfo};
use codec::Decode;
use conveyor_primitives::{
	admission::{admission, limits_at},
	Admission, AuthoredInSlot, Limits as LimitsRecord, Next, Refusal,
};
use core::num::NonZeroU32;
use cumulus_pallet_parachain_system::{
	self as parachain_system,
	consensus_hook::{ConsensusHook, UnincludedSegmentCapacity},
	relay_state_snapshot::RelayChainStateProof,
};
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::{traits::Get, weights::Weight};
use sp_consensus_aura::{Slot, SlotDuration};
use sp_runtime::{traits::Hash, Digest};

impl<T: Config> Pallet<T> {
	/// What `Limits::get` answers, but with one allocation in place of two, each of which is two calls
	/// into the host: the SDK's dynamic block weights ask again and again.
	pub(crate) fn read_limits() -> LimitsRecord {
		let mut bytes = [0; LimitsRecord::ENCODED_LENGTH];
		match sp_io::storage::read(&Limits::<T>::hashed_key(), &mut bytes, 0) {
			// No limits are stored: the initial ones apply, without a second read.
			None => T::InitialLimits::get(),
			Some(length) => {
				let read = bytes.len().min(length as usize);
				LimitsRecord::decode(&mut &bytes[..read]).unwrap_or_else(|_| Limits::<T>::get())
			},
		}
	}

	/// The verdict on a block that is to be built on the current one.
	pub(crate) fn verdict_on_child(
		included_hash: T::Hash,
		relay_slot: Slot,
	) -> Result<Admission, Refusal> {
		let (limits, last) = (Self::limits(), Authored::<T>::get());
		let digest = frame_system::Pallet::<T>::digest();
		// Collators that know nothing of bundles say nothing of them. It may be another one that
		// builds the next block, so a bundle is reckoned with.
		let bundle_goes_on =
			CumulusDigestItem::is_last_block_in_core(&digest).is_some_and(|is_last| !is_last);
		let next = if bundle_goes_on {
			Next::Block
		} else {
			let (core, cores) = Self::core_of(&digest);
			Next::after_bundle(&limits, last, relay_slot, core, cores)
		};
		let segment_length =
			parachain_system::Pallet::<T>::unincluded_segment_size_after(included_hash);
		admission(&limits, last, segment_length, relay_slot, next)
	}

	/// Count the current block as built at `relay_slot`, if the limits allow for it. Answers the
	/// verdict on it, and the capacity that it must obey, in blocks.
	///
	/// The block's own digest has the number of cores, so that no bundle begins that does not fit.
	pub(crate) fn note_block(
		included_hash: T::Hash,
		relay_slot: Slot,
	) -> Result<(Admission, u32), Refusal> {
		let digest = frame_system::Pallet::<T>::digest();
		let next = match CumulusDigestItem::find_block_bundle_info(&digest) {
			Some(place) if place.index == 0 => {
				let (core, cores) = Self::core_of(&digest);
				Next::Bundle { core, cores }
			},
			_ => Next::Block,
		};
		let segment_length =
			parachain_system::Pallet::<T>::unincluded_segment_size_after(included_hash);
		let (limits, before) = (Self::limits(), Authored::<T>::get());
		let admission = admission(&limits, before, segment_length, relay_slot, next)?;
		let last_core = Self::is_for_last_core(&digest);
		Authored::<T>::put(AuthoredInSlot::with_one_more(before, relay_slot, last_core));
		Ok((admission, limits_at(&limits, before, relay_slot).capacity))
	}

	/// Whether the block with this digest is for the last core that its collator uses at its relay
	/// slot.
	pub(crate) fn is_for_last_core(digest: &Digest) -> bool {
		let (core, cores) = Self::core_of(digest);
		core.saturating_add(1) >= cores
	}

	/// The core of the block with this digest, and the number of cores, that its collator uses at its
	/// relay slot. A collator that says nothing of cores uses one.
	fn core_of(digest: &Digest) -> (u32, u32) {
		CumulusDigestItem::find_core_info(digest)
			.map_or((0, 1), |core| (core.selector.0.into(), core.number_of_cores.0.into()))
	}

	/// The para slot in which `relay_slot` begins, or `None` if the slot duration is 0.
	fn para_slot_at(relay_slot: Slot) -> Option<Slot> {
		let para_slot_duration: u64 = pallet_aura::Pallet::<T>::slot_duration().into();
		let relay_time = T::RelaySlotDuration::get().saturating_mul(*relay_slot);
		(para_slot_duration > 0).then(|| {
			Slot::from_timestamp(relay_time.into(), SlotDuration::from_millis(para_slot_duration))
		})
	}
}

impl<T: Config> ConsensusHook for Pallet<T> {
	/// Gives the [`Pallet::admission`] verdict on the current block, and
	/// `cumulus-pallet-parachain-system` the capacity.
	///
	/// # Panics
	///
	/// To reject the block:
	/// - if the proof has no relay slot or no included head;
	/// - with the text of the [`Refusal`], if there is one;
	/// - if the block's para slot is not the one in which the relay slot begins.
	fn on_state_proof(state_proof: &RelayChainStateProof) -> (Weight, UnincludedSegmentCapacity) {
		let relay_slot = state_proof.read_slot().unwrap_or_else(|error| {
			panic!("no relay slot in the relay chain's state proof: {error:?}")
		});
		let included_head = state_proof.read_included_para_head().unwrap_or_else(|error| {
			panic!("no included head in the relay chain's state proof: {error:?}")
		});
		let included_hash = T::Hashing::hash(&included_head.0);
		let (_, capacity) = Self::note_block(included_hash, relay_slot)
			.unwrap_or_else(|refusal| panic!("{refusal}"));

		let para_slot = pallet_aura::CurrentSlot::<T>::get();
		let expected = Self::para_slot_at(relay_slot);
		if expected != Some(para_slot) {
			panic!(
				"the para slot must be the one of the relay slot: it is {}, relay slot {} begins \
				 in para slot {:?}",
				*para_slot,
				*relay_slot,
				expected.map(|slot| *slot),
			);
		}

		// Charges for a segment of maximum length, because reading its length would be one more read.
		// After a lowered capacity the segment can be longer, until blocks are included.
		let weight = <T as Config>::WeightInfo::note_block(capacity);
		// Valid limits have a capacity of 1 at least.
		let capacity = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
		(weight, capacity.into())
	}
}
