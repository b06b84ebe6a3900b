// SPDX-License-Identifier: Apache-2.0

//! Cost of the hook, without the weight that the message queue counts itself. See `scripts/weights.sh`.

use crate::{pallet::*, ServiceState};
use cumulus_primitives_core::{
	BlockBundleInfo, ClaimQueueOffset, CoreInfo, CoreSelector, CumulusDigestItem,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{EnqueueMessage, QueueFootprintQuery},
	BoundedSlice,
};
use pallet_message_queue::{MessageOriginOf, Pallet as MessageQueue};

/// Starts a bundle on one of three cores.
fn begin_bundle<T: Config>() {
	let core = CoreInfo {
		selector: CoreSelector(0),
		claim_queue_offset: ClaimQueueOffset(0),
		number_of_cores: 3.into(),
	};
	let place = BlockBundleInfo { index: 0, is_last: false };
	for item in [CumulusDigestItem::CoreInfo(core), CumulusDigestItem::BlockBundleInfo(place)] {
		frame_system::Pallet::<T>::deposit_log(item.to_digest_item());
	}
}

#[benchmarks(where MessageOriginOf<T>: From<u32>)]
mod benchmarks {
	use super::*;

	/// No messages, but bundles are counted.
	#[benchmark]
	fn nothing_to_serve() {
		begin_bundle::<T>();
		Service::<T>::put(ServiceState { heavy_queue: None, bundles_to_wait: 2 });

		#[block]
		{
			Pallet::<T>::serve();
		}

		assert_eq!(Service::<T>::get().bundles_to_wait, 1);
	}

	/// Serves a queue that had a heavy message. Includes the time to execute the message, although the message queue counts it
	/// again. Excludes the proof of the page, which would be an eighth of the share at 12 blocks per relay slot.
	#[benchmark(pov_mode = MaxEncodedLen { MessageQueue::Pages: Ignored })]
	fn serve() {
		begin_bundle::<T>();
		let queue = MessageOriginOf::<T>::from(7);
		Service::<T>::put(ServiceState { heavy_queue: Some(queue.clone()), bundles_to_wait: 1 });
		let message =
			BoundedSlice::try_from(&[0u8; 1][..]).expect("a byte is no long message; qed");
		MessageQueue::<T>::enqueue_message(message, queue.clone());

		#[block]
		{
			Pallet::<T>::serve();
		}

		assert_eq!(MessageQueue::<T>::footprint(queue).storage.count, 0);
		assert_eq!(Service::<T>::get(), ServiceState::default());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
