// SPDX-License-Identifier: Apache-2.0

//! The service of queued messages at the beginning of a block.

use crate::{pallet::*, WeightInfo, BUNDLES_PER_FULL_CORE};
use codec::{Decode, Encode, MaxEncodedLen};
use conveyor_primitives::share::{block_share, FULL_CORE};
use core::marker::PhantomData;
use cumulus_pallet_parachain_system::PreviousCoreCount;
use cumulus_primitives_core::CumulusDigestItem;
use frame_support::{
	traits::{Get, QueueFootprintQuery, QueuePausedQuery, ServiceQueues},
	weights::{Weight, WeightMeter},
};
use pallet_message_queue::{ForceSetHead, MessageOriginOf, Pallet as MessageQueue, ServiceHead};
use scale_info::TypeInfo;
use sp_runtime::Digest;

/// What is known of heavy messages, from block to block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ServiceState<Origin> {
	/// A queue with a heavy message at its front: one that did not fit into a block's share.
	pub heavy: Option<Origin>,
	/// The number of bundles that begin before one may give a heavy message the full core.
	pub bundles_to_wait: u8,
}

impl<Origin> Default for ServiceState<Origin> {
	fn default() -> Self {
		Self { heavy: None, bundles_to_wait: 0 }
	}
}

/// What a full core spends on queued messages: for `IdleMaxServiceWeight` of the message queue.
///
/// It decides which messages are overweight. So it must be what the heaviest message gets in the end,
/// and a constant: a message between the two would neither be overweight nor ever be executed.
pub struct FullCoreService<T>(PhantomData<T>);

impl<T: Config> Get<Option<Weight>> for FullCoreService<T> {
	fn get() -> Option<Weight> {
		Some(T::ServicePart::get() * FULL_CORE)
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the share of the block with this digest: what it may take of its core if no bundle is to
	/// end early.
	pub(crate) fn share(digest: &Digest) -> Weight {
		let cores = CumulusDigestItem::find_core_info(digest).map_or_else(
			|| PreviousCoreCount::<T>::get().map_or(1, |cores| cores.0),
			|core| core.number_of_cores.0,
		);
		block_share(T::TargetBlockRate::get(), cores.into())
	}

	/// Serves the queues. Returns the weight that it took.
	pub(crate) fn serve() -> Weight {
		let digest = frame_system::Pallet::<T>::digest();
		let begins_bundle = CumulusDigestItem::find_block_bundle_info(&digest)
			.is_some_and(|place| place.index == 0);

		let before = Service::<T>::get();
		let mut state = before.clone();
		if begins_bundle {
			state.bundles_to_wait = state.bundles_to_wait.saturating_sub(1);
		}
		let used = match ServiceHead::<T>::get() {
			Some(head) => {
				let share = T::ServicePart::get() * Self::share(&digest);
				Self::serve_queues(&mut state, head, share, begins_bundle)
					.saturating_add(<T as Config>::WeightInfo::serve())
			},
			None => {
				state.heavy = None;
				<T as Config>::WeightInfo::nothing_to_serve()
			},
		};
		if state != before {
			Service::<T>::put(state);
		}
		used
	}

	/// Serves the queues with the weight `share`, beginning at `head`. A heavy message gets the full core
	/// if it may.
	fn serve_queues(
		state: &mut ServiceState<MessageOriginOf<T>>,
		mut head: MessageOriginOf<T>,
		share: Weight,
		begins_bundle: bool,
	) -> Weight {
		let may_have_full_core = begins_bundle && state.bundles_to_wait == 0;

		let mut meter = WeightMeter::new();
		if may_have_full_core {
			// Each queue is the first one in its turn, but its turn may never be the beginning of a bundle.
			let heavy = state.heavy.take().filter(|queue| Self::puts_first(queue, &mut meter));
			head = heavy.unwrap_or(head);
		}

		let waiting = MessageQueue::<T>::footprint(head.clone());
		meter.consume(MessageQueue::<T>::service_queues(share));
		let is_heavy = !<T as pallet_message_queue::Config>::QueuePausedQuery::is_paused(&head)
			&& MessageQueue::<T>::footprint(head.clone()) == waiting;

		let full_core = FullCoreService::<T>::get().unwrap_or_default();
		if is_heavy && may_have_full_core && share != full_core {
			// All of it, whatever was used before: the heaviest message needs it.
			if Self::puts_first(&head, &mut meter) {
				meter.consume(MessageQueue::<T>::service_queues(full_core));
				state.bundles_to_wait = BUNDLES_PER_FULL_CORE;
				Self::deposit_event(Event::ServedWithFullCore { queue: head });
			}
		} else if is_heavy && state.heavy.is_none() {
			state.heavy = Some(head);
		}
		meter.consumed()
	}

	/// Makes `queue` the one that is served first. Returns false if it has nothing to serve.
	fn puts_first(queue: &MessageOriginOf<T>, meter: &mut WeightMeter) -> bool {
		MessageQueue::<T>::force_set_head(meter, queue).unwrap_or(false)
	}

	/// # Panics
	///
	/// With the remedy, if the message queue is configured in another way than this pallet needs.
	pub(crate) fn check_integrity() {
		let service = <T as pallet_message_queue::Config>::ServiceWeight::get();
		assert!(
			service.is_none(),
			"pallet-message-service: `ServiceWeight` of the message queue is {service:?}, so that its \
			 queues are served twice in a block; set it to `()`",
		);
		let (idle, full_core) = (
			<T as pallet_message_queue::Config>::IdleMaxServiceWeight::get(),
			FullCoreService::<T>::get(),
		);
		assert!(
			idle == full_core,
			"pallet-message-service: `IdleMaxServiceWeight` of the message queue is {idle:?}, a full \
			 core's service is {full_core:?}; set it to `FullCoreService`, or a message between the two \
			 blocks its queue",
		);
	}
}
