// SPDX-License-Identifier: GPL-3.0-only

//! The RPC method `dev_sendDownwardMessage`, to try XCM from the relay chain by hand.

use super::relay::MAX_DOWNWARD_MESSAGE_SIZE;
use jsonrpsee::{
	core::RpcResult,
	proc_macros::rpc,
	types::error::{ErrorObject, INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE},
};
use sp_core::Bytes;
use std::sync::mpsc;

/// Messages for the next relay block.
pub(crate) type QueuedMessages = mpsc::Receiver<Vec<u8>>;

/// Methods of the development chain.
#[rpc(server)]
pub(crate) trait DownwardMessagesApi {
	/// Sends `message` from the relay chain to the parachain, in the next relay block: an encoded
	/// `VersionedXcm` of 1 to 1,048,576 bytes. A message that is not processed when the node stops is lost.
	#[method(name = "dev_sendDownwardMessage")]
	fn send_downward_message(&self, message: Bytes) -> RpcResult<()>;
}

/// Queues messages for the next relay block.
#[derive(Clone)]
pub(crate) struct DownwardMessages(mpsc::Sender<Vec<u8>>);

impl DownwardMessages {
	/// Creates the queue.
	pub(crate) fn new() -> (Self, QueuedMessages) {
		let (sender, receiver) = mpsc::channel();
		(Self(sender), receiver)
	}
}

impl DownwardMessagesApiServer for DownwardMessages {
	fn send_downward_message(&self, Bytes(message): Bytes) -> RpcResult<()> {
		let size = message.len();
		if size == 0 || size > MAX_DOWNWARD_MESSAGE_SIZE as usize {
			let text = format!(
				"a downward message of {size} bytes is out of range, send between 1 and \
				 {MAX_DOWNWARD_MESSAGE_SIZE} bytes",
			);
			return Err(ErrorObject::owned(INVALID_PARAMS_CODE, text, None::<()>));
		}
		self.0.send(message).map_err(|_| {
			let text = "the simulated relay chain has stopped; start the node again";
			ErrorObject::owned(INTERNAL_ERROR_CODE, text, None::<()>)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_message_of_a_valid_size_is_queued() {
		let (messages, queued) = DownwardMessages::new();
		let send = |size| messages.send_downward_message(vec![7; size].into());
		let limit = MAX_DOWNWARD_MESSAGE_SIZE as usize;
		for size in [0, limit + 1] {
			let error = send(size).unwrap_err();
			let text = error.message();
			assert!(text.contains(&format!("message of {size} bytes is out of range")), "{text}");
		}
		for size in [1, limit] {
			send(size).unwrap();
		}
		assert_eq!(queued.try_iter().map(|message| message.len()).collect::<Vec<_>>(), [1, limit]);
		drop(queued);
		assert!(send(1).unwrap_err().message().contains("has stopped"));
	}
}
