// SPDX-License-Identifier: Apache-2.0

//! Admission of blocks: the collator queries it before a block, the consensus hook enforces it in the
//! block.

use crate::{pallet::*, WeightInfo};
use conveyor_primitives::{
	admission::{admission, limits_at},
	Admission, AuthoredInSlot, Next, NextBlock, Refusal,
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
	/// Returns the admission of a block on the current one.
	pub(crate) fn admission_of_child(
		included_hash: T::Hash,
		relay_slot: Slot,
	) -> Result<Admission, Refusal> {
		let (limits, last) = (Self::limits(), Authored::<T>::get());
		let digest = frame_system::Pallet::<T>::digest();
		let next = if Self::bundle_continues(&digest) {
			Next::Block
		} else {
			let (core, cores) = Self::core_of(&digest);
			Next::after_bundle(&limits, last, relay_slot, core, cores)
		};
		let segment_length =
			parachain_system::Pallet::<T>::unincluded_segment_size_after(included_hash);
		admission(&limits, last, segment_length, relay_slot, next)
	}

	/// Returns the admission of the next block, at the relay slot of the current one.
	pub(crate) fn admission_of_next_block() -> NextBlock {
		let digest = frame_system::Pallet::<T>::digest();
		let (core, cores) = Self::core_of(&digest);
		// parachain-system has dropped the included blocks, so the stored segment is the unincluded one.
		// No block has the default hash.
		let segment_length =
			parachain_system::Pallet::<T>::unincluded_segment_size_after(T::Hash::default());
		NextBlock::after(
			&Self::limits(),
			Authored::<T>::get(),
			segment_length,
			Self::bundle_continues(&digest),
			core,
			cores,
		)
	}

	/// Returns whether the block with this digest is not the last of its bundle.
	///
	/// A digest without bundle information counts as the end of a bundle: the next collator may build
	/// bundles.
	pub(crate) fn bundle_continues(digest: &Digest) -> bool {
		CumulusDigestItem::is_last_block_in_core(digest).is_some_and(|is_last| !is_last)
	}

	/// Counts the current block as built at `relay_slot`, if the limits admit it. Returns its admission,
	/// and the capacity that applies to it, in blocks.
	///
	/// The digest contains the number of cores, so a bundle that does not fit is rejected in its first
	/// block.
	pub(crate) fn admit_block(
		included_hash: T::Hash,
		relay_slot: Slot,
	) -> Result<(Admission, u32), Refusal> {
		let digest = frame_system::Pallet::<T>::digest();
		let next = match CumulusDigestItem::find_block_bundle_info(&digest) {
			Some(info) if info.index == 0 => {
				let (core, cores) = Self::core_of(&digest);
				Next::Bundle { core, cores }
			},
			_ => Next::Block,
		};
		let segment_length =
			parachain_system::Pallet::<T>::unincluded_segment_size_after(included_hash);
		let (limits, last) = (Self::limits(), Authored::<T>::get());
		let admission = admission(&limits, last, segment_length, relay_slot, next)?;
		let last_core = Self::is_for_last_core(&digest);
		Authored::<T>::put(AuthoredInSlot::with_one_more(last, relay_slot, last_core));
		Ok((admission, limits_at(&limits, last, relay_slot).capacity))
	}

	/// Returns whether the block with this digest is for the last core that its collator uses at the
	/// relay slot.
	pub(crate) fn is_for_last_core(digest: &Digest) -> bool {
		let (core, cores) = Self::core_of(digest);
		core.saturating_add(1) >= cores
	}

	/// Returns core index and number of cores from the digest. A digest without core information counts as
	/// a single core.
	fn core_of(digest: &Digest) -> (u32, u32) {
		CumulusDigestItem::find_core_info(digest)
			.map_or((0, 1), |core| (core.selector.0.into(), core.number_of_cores.0.into()))
	}

	/// Returns the para slot in which `relay_slot` starts. `None` if the slot duration is 0.
	fn para_slot_at(relay_slot: Slot) -> Option<Slot> {
		let para_slot_duration: u64 = pallet_aura::Pallet::<T>::slot_duration().into();
		let relay_time = T::RelaySlotDuration::get().saturating_mul(*relay_slot);
		(para_slot_duration > 0).then(|| {
			Slot::from_timestamp(relay_time.into(), SlotDuration::from_millis(para_slot_duration))
		})
	}
}

impl<T: Config> ConsensusHook for Pallet<T> {
	/// Enforces the admission of the current block. Returns the capacity to parachain-system.
	///
	/// # Panics
	///
	/// Rejects the block
	/// - if the proof has no relay slot or no included head;
	/// - with the text of the [`Refusal`];
	/// - if the block's para slot is not the one in which the relay slot starts.
	fn on_state_proof(state_proof: &RelayChainStateProof) -> (Weight, UnincludedSegmentCapacity) {
		let relay_slot = state_proof.read_slot().unwrap_or_else(|error| {
			panic!("no relay slot in the relay chain's state proof: {error:?}")
		});
		let included_head = state_proof.read_included_para_head().unwrap_or_else(|error| {
			panic!("no included head in the relay chain's state proof: {error:?}")
		});
		let included_hash = T::Hashing::hash(&included_head.0);
		let (_, capacity) = Self::admit_block(included_hash, relay_slot)
			.unwrap_or_else(|refusal| panic!("{refusal}"));

		let para_slot = pallet_aura::CurrentSlot::<T>::get();
		let expected = Self::para_slot_at(relay_slot);
		if expected != Some(para_slot) {
			panic!(
				"the para slot is {}, but relay slot {} starts in para slot {:?}. Author in that \
				 para slot",
				*para_slot,
				*relay_slot,
				expected.map(|slot| *slot),
			);
		}

		// The weight is that of a full segment, because reading the length would be one more read. After
		// the capacity was lowered, the segment can be longer until blocks are included.
		let weight = <T as Config>::WeightInfo::admit_block(capacity);
		// Valid limits have a capacity of at least 1.
		let capacity = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
		(weight, capacity.into())
	}
}
