// SPDX-License-Identifier: Apache-2.0

//! Service of queued messages at the start of a block.

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

/// State of the service of heavy messages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct ServiceState<Origin> {
	/// Queue whose first message is heavy: it does not fit into a block's share.
	pub heavy_queue: Option<Origin>,
	/// Number of bundles that start before the next one may give a heavy message the full core.
	pub bundles_to_wait: u8,
}

impl<Origin> Default for ServiceState<Origin> {
	fn default() -> Self {
		Self { heavy_queue: None, bundles_to_wait: 0 }
	}
}

/// Service weight of a full core, for `IdleMaxServiceWeight` of the message queue.
///
/// `IdleMaxServiceWeight` decides which messages are overweight. It must be a constant, and equal to the
/// maximum weight that a heavy message gets. A message between the two would be neither overweight nor
/// executed.
pub struct FullCoreService<T>(PhantomData<T>);

impl<T: Config> Get<Option<Weight>> for FullCoreService<T> {
	fn get() -> Option<Weight> {
		Some(T::ServicePart::get() * FULL_CORE)
	}
}

impl<T: Config> Pallet<T> {
	/// Returns the maximum weight of the block with this digest at which all blocks of its bundle fit into
	/// the core.
	pub(crate) fn share(digest: &Digest) -> Weight {
		let cores = CumulusDigestItem::find_core_info(digest).map_or_else(
			|| PreviousCoreCount::<T>::get().map_or(1, |cores| cores.0),
			|core| core.number_of_cores.0,
		);
		block_share(T::TargetBlockRate::get(), cores.into())
	}

	/// Serves the queues. Returns the used weight.
	pub(crate) fn serve() -> Weight {
		let digest = frame_system::Pallet::<T>::digest();
		let starts_bundle =
			CumulusDigestItem::find_block_bundle_info(&digest).is_some_and(|info| info.index == 0);

		let before = Service::<T>::get();
		let mut state = before.clone();
		if starts_bundle {
			state.bundles_to_wait = state.bundles_to_wait.saturating_sub(1);
		}
		let used = match ServiceHead::<T>::get() {
			Some(head) => {
				let share = T::ServicePart::get() * Self::share(&digest);
				Self::serve_queues(&mut state, head, share, starts_bundle)
					.saturating_add(<T as Config>::WeightInfo::serve())
			},
			None => {
				state.heavy_queue = None;
				<T as Config>::WeightInfo::nothing_to_serve()
			},
		};
		if state != before {
			Service::<T>::put(state);
		}
		used
	}

	/// Serves the queues with the weight `share`, starting at `head`. A heavy message gets the full core if
	/// no bundle has to wait.
	fn serve_queues(
		state: &mut ServiceState<MessageOriginOf<T>>,
		mut head: MessageOriginOf<T>,
		share: Weight,
		starts_bundle: bool,
	) -> Weight {
		let may_have_full_core = starts_bundle && state.bundles_to_wait == 0;

		let mut meter = WeightMeter::new();
		if may_have_full_core {
			// Every queue is the first one at some block, but perhaps never in the first block of a bundle.
			let heavy = state.heavy_queue.take().filter(|queue| Self::put_first(queue, &mut meter));
			head = heavy.unwrap_or(head);
		}

		let waiting = MessageQueue::<T>::footprint(head.clone());
		meter.consume(MessageQueue::<T>::service_queues(share));
		let is_heavy = !<T as pallet_message_queue::Config>::QueuePausedQuery::is_paused(&head)
			&& MessageQueue::<T>::footprint(head.clone()) == waiting;

		let full_core = FullCoreService::<T>::get().unwrap_or_default();
		if is_heavy && may_have_full_core && share != full_core {
			// The complete service weight, independent of the used weight: the heaviest message needs it.
			if Self::put_first(&head, &mut meter) {
				meter.consume(MessageQueue::<T>::service_queues(full_core));
				state.bundles_to_wait = BUNDLES_PER_FULL_CORE;
				Self::deposit_event(Event::ServedWithFullCore { queue: head });
			}
		} else if is_heavy && state.heavy_queue.is_none() {
			state.heavy_queue = Some(head);
		}
		meter.consumed()
	}

	/// Makes `queue` the first one to be served. Returns `false` if it is empty.
	fn put_first(queue: &MessageOriginOf<T>, meter: &mut WeightMeter) -> bool {
		MessageQueue::<T>::force_set_head(meter, queue).unwrap_or(false)
	}

	/// Checks the configuration of the message queue.
	///
	/// # Panics
	///
	/// Panics with the remedy if the configuration is wrong.
	pub(crate) fn check_integrity() {
		let service = <T as pallet_message_queue::Config>::ServiceWeight::get();
		assert!(
			service.is_none(),
			"pallet-message-service: `ServiceWeight` of the message queue is {service:?}, so its \
			 queues are served twice per block; set it to `()`",
		);
		let (idle, full_core) = (
			<T as pallet_message_queue::Config>::IdleMaxServiceWeight::get(),
			FullCoreService::<T>::get(),
		);
		assert!(
			idle == full_core,
			"pallet-message-service: `IdleMaxServiceWeight` of the message queue is {idle:?}, but the \
			 service weight of a full core is {full_core:?}, and a message between the two blocks its \
			 queue; set it to `FullCoreService`",
		);
	}
}
