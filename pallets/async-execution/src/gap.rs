// SPDX-License-Identifier: Apache-2.0

//! Time between a block and its parent.

use codec::Decode;
use core::marker::PhantomData;
use frame_support::traits::Get;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_runtime::traits::SaturatedConversion;

/// Time from the parent's Aura slot to this block's, in milliseconds. Only valid before Aura's `on_initialize`.
pub struct AuraGap<T>(PhantomData<T>);

impl<T: pallet_aura::Config> Get<u64> for AuraGap<T> {
	fn get() -> u64 {
		let digest = frame_system::Pallet::<T>::digest();
		let slot = digest
			.logs()
			.iter()
			.filter_map(|item| item.as_pre_runtime())
			.find(|(engine, _)| *engine == AURA_ENGINE_ID)
			.and_then(|(_, mut data)| Slot::decode(&mut data).ok());
		let parent: u64 = pallet_aura::CurrentSlot::<T>::get().into();
		let slots = slot.map_or(0, |slot| u64::from(slot).saturating_sub(parent));
		slots.saturating_mul(pallet_aura::Pallet::<T>::slot_duration().saturated_into())
	}
}
