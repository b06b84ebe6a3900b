// SPDX-License-Identifier: Apache-2.0

//! The verdict whether one more block may be built: asked before it by the collator, enforced in it
//! by the consensus hook.

use crate::{pallet::*, WeightInfo};
use conveyor_primitives::{
	admission::{admission, pace},
	Admission, AuthoredInSlot, Refusal,
};
use core::{marker::PhantomData, num::NonZeroU32};
use cumulus_pallet_parachain_system::{
	self as parachain_system,
	consensus_hook::{ConsensusHook, UnincludedSegmentCapacity},
	relay_state_snapshot::RelayChainStateProof,
};
use frame_support::{traits::Get, weights::Weight};
use sp_consensus_aura::{Slot, SlotDuration};

/// The number of blocks per relay slot, for whatever takes it as a type.
pub struct TargetBlockRate<T>(PhantomData<T>);

impl<T: Config> Get<u32> for TargetBlockRate<T> {
	fn get() -> u32 {
		Pallet::<T>::target_block_rate()
	}
}

impl<T: Config> Pallet<T> {
	/// Whether a block may be built on the current one at `relay_slot`, when `included_hash` is the
	/// latest included block as of the relay parent.
	pub fn admission(included_hash: T::Hash, relay_slot: Slot) -> Result<Admission, Refusal> {
		admission(
			&Self::limits(),
			Authored::<T>::get(),
			parachain_system::Pallet::<T>::unincluded_segment_size_after(included_hash),
			relay_slot,
		)
	}

	/// [`Self::admission`] as the collator asks for it.
	pub fn can_build_upon(included_hash: T::Hash, relay_slot: Slot) -> bool {
		Self::admission(included_hash, relay_slot).is_ok()
	}

	/// Count the current block as built at `relay_slot`, if the limits allow for it.
	pub(crate) fn note_block(relay_slot: Slot) -> Result<(), Refusal> {
		let authored = pace(&Self::limits(), Authored::<T>::get(), relay_slot)?;
		Authored::<T>::put(AuthoredInSlot { relay_slot, blocks: authored.saturating_add(1) });
		Ok(())
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
	/// Enforces the pace, and gives `cumulus-pallet-parachain-system` the capacity to enforce.
	///
	/// # Panics
	///
	/// To reject the block:
	/// - if the proof has no relay slot;
	/// - with the text of the [`Refusal`], if the velocity is reached at the relay slot or the
	///   relay slot moved backwards;
	/// - if the block's para slot is not the one in which the relay slot begins.
	fn on_state_proof(state_proof: &RelayChainStateProof) -> (Weight, UnincludedSegmentCapacity) {
		let relay_slot = state_proof.read_slot().unwrap_or_else(|error| {
			panic!("no relay slot in the relay chain's state proof: {error:?}")
		});
		Self::note_block(relay_slot).unwrap_or_else(|refusal| panic!("{refusal}"));

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

		// Valid limits have a capacity of 1 at least.
		let capacity = NonZeroU32::new(Self::limits().capacity).unwrap_or(NonZeroU32::MIN);
		(<T as Config>::WeightInfo::note_block(), capacity.into())
	}
}
