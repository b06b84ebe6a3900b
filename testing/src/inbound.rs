// SPDX-License-Identifier: GPL-3.0-only

//! Messages from the relay chain and from other parachains.

use cumulus_primitives_core::{InboundDownwardMessage, InboundHrmpMessage, ParaId};
use cumulus_primitives_parachain_inherent::{MessageQueueChain, ParachainInherentData};
use cumulus_test_relay_sproof_builder::RelayStateSproofBuilder;
use std::collections::BTreeMap;

/// Maximum length of a message from another parachain, in bytes, as on Polkadot.
pub const MAX_MESSAGE_SIZE: u32 = 100 * 1024;

/// A channel from another parachain: its messages and their hash chain.
#[derive(Clone, Default)]
struct Channel {
	messages: Vec<InboundHrmpMessage>,
	chain: MessageQueueChain,
}

/// All messages ever sent to the chain. Messages that the chain has processed are left out.
#[derive(Clone, Default)]
pub struct Inbound {
	downward: Vec<InboundDownwardMessage>,
	downward_chain: MessageQueueChain,
	channels: BTreeMap<ParaId, Channel>,
}

impl Inbound {
	/// Sends `message` from the relay chain, in relay block `sent_at`.
	pub fn send_down(&mut self, sent_at: u32, message: Vec<u8>) {
		let message = InboundDownwardMessage { sent_at, msg: message };
		self.downward_chain.extend_downward(&message);
		self.downward.push(message);
	}

	/// Sends `message` from the parachain `sender`, in relay block `sent_at`.
	pub fn send_across(&mut self, sender: u32, sent_at: u32, message: Vec<u8>) {
		assert!(message.len() <= MAX_MESSAGE_SIZE as usize, "{} bytes are too many", message.len());
		let channel = self.channels.entry(sender.into()).or_default();
		let message = InboundHrmpMessage { sent_at, data: message };
		channel.chain.extend_hrmp(&message);
		channel.messages.push(message);
	}

	/// Adds the messages to the relay chain's state proof.
	pub(crate) fn prove(&self, relay_state: &mut RelayStateSproofBuilder) {
		relay_state.dmq_mqc_head = Some(self.downward_chain.head());
		for (sender, channel) in &self.channels {
			let proven = relay_state.upsert_inbound_channel(*sender);
			proven.max_message_size = MAX_MESSAGE_SIZE;
			proven.mqc_head = Some(channel.chain.head());
		}
	}

	/// Adds the messages to the parachain inherent.
	pub(crate) fn put(&self, inherent: &mut ParachainInherentData) {
		inherent.downward_messages.clone_from(&self.downward);
		inherent.horizontal_messages = self
			.channels
			.iter()
			.map(|(sender, channel)| (*sender, channel.messages.clone()))
			.collect();
	}
}
