// SPDX-License-Identifier: Apache-2.0

//! What a ticket sees of the block that executes it, and what that block keeps.

use crate::mock::*;
use codec::Encode;
use frame_support::weights::Weight;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_runtime::{Digest, DigestItem};

fn observe_in(slots: u64, digest: Vec<DigestItem>) -> calls::Context {
	new_chain().execute_with(|| {
		order_all([Action::observe {}.into()]);
		start_with(slots, digest).finish();
		calls::Seen::<Test>::get().unwrap()
	})
}

#[test]
fn a_ticket_sees_the_parents_state_and_an_empty_digest() {
	new_chain().execute_with(|| {
		order_all([Action::observe {}.into()]);
		let (number, slot) = (head(), u64::from(pallet_aura::CurrentSlot::<Test>::get()));
		let now = pallet_timestamp::Now::<Test>::get();
		block_after(3, vec![]);
		let seen = calls::Seen::<Test>::get().unwrap();
		assert_eq!(
			seen,
			calls::Context {
				number: number + 1,
				parent_hash: System::parent_hash(),
				digest: Digest::default(),
				now,
				slot,
				used: Weight::zero(),
				extrinsic_index: Some(0),
			},
		);
	});
}

#[test]
fn the_result_does_not_depend_on_slot_and_digest() {
	let first = observe_in(1, vec![]);
	for slots in [2, 9] {
		let item = DigestItem::PreRuntime(*b"test", vec![slots as u8]);
		assert_eq!(observe_in(slots, vec![item]), first);
	}
}

#[test]
fn the_block_keeps_its_digest_and_the_items_of_its_tickets() {
	new_chain().execute_with(|| {
		let deposit = |item| Action::deposit { item }.into();
		order_all([deposit(5), deposit(6)]);
		let slot = u64::from(pallet_aura::CurrentSlot::<Test>::get()) + 2;
		block_after(2, vec![]);
		let slot = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode());
		let commitment = commitment().unwrap().to_digest_item();
		let items = [slot, commitment, DigestItem::Other(vec![5]), DigestItem::Other(vec![6])];
		assert_eq!(head_digest().logs, items);
	});
}
