// SPDX-License-Identifier: GPL-3.0-only

//! The overseer handle of the collator, which converts its collations to candidates.

use super::relay_client::RelayClient;
use crate::{
	dev::{
		labels::{BundleLabel, Labels, LOG_TARGET},
		pipeline::Candidate,
		relay::{header_of, Error},
		validation::Validator,
	},
	service::ParachainClient,
};
use cumulus_relay_chain_interface::{CoreIndex, OverseerHandle};
use futures::StreamExt;
use polkadot_node_primitives::{SegmentCollation, SubmitSegmentParams};
use polkadot_node_subsystem::{
	messages::{AllMessages, CollationGenerationMessage},
	overseer::{gen::metered, Event, Handle},
};
use polkadot_primitives::CandidateDescriptorVersion;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::Header as _;
use std::{future::Future, sync::Arc};
use tokio::sync::mpsc;

/// Maximum number of pending messages and candidates. A collator sends a few per relay slot.
const QUEUE: usize = 64;

/// Receiver of the collator's messages to the relay chain's overseer.
pub(super) struct Submissions {
	events: metered::MeteredReceiver<Event>,
}

/// Creates an overseer handle, and the receiver of its messages.
pub(super) fn overseer() -> (OverseerHandle, Submissions) {
	let (sender, events) = metered::channel(QUEUE);
	(Handle::new(sender), Submissions { events })
}

/// Converts collations to candidates.
pub(super) struct Backing {
	pub(super) relay: RelayClient,
	pub(super) parachain: Arc<ParachainClient>,
	/// Number of the parachain's cores.
	pub(super) cores: u8,
	/// Labels of submitted blocks.
	pub(super) labels: Labels,
	/// Validates candidates; `None` if every candidate counts as valid.
	pub(super) validator: Option<Arc<Validator>>,
}

impl Submissions {
	/// Creates a queue of candidates and the task that fills it. The queue ends when the collator ends.
	pub(super) fn candidates(
		self,
		backing: Backing,
	) -> (impl Future<Output = ()> + Send, mpsc::Receiver<Candidate>) {
		let (sender, candidates) = mpsc::channel(QUEUE);
		(self.run(backing, sender), candidates)
	}

	async fn run(mut self, mut backing: Backing, candidates: mpsc::Sender<Candidate>) {
		while let Some(event) = self.events.next().await {
			// Other messages tell a real overseer which validators to connect to, and the para id.
			let Event::MsgToSubsystem {
				msg:
					AllMessages::CollationGeneration(CollationGenerationMessage::SubmitSegment(segment)),
				..
			} = event
			else {
				continue;
			};
			for candidate in backing.candidates(segment) {
				match candidate {
					Ok(candidate) => {
						if candidates.send(candidate).await.is_err() {
							return;
						}
					},
					Err(error) => {
						log::error!(target: LOG_TARGET, "A collation is rejected: {error}")
					},
				}
			}
		}
	}
}

impl Backing {
	fn candidates(
		&mut self,
		segment: SubmitSegmentParams,
	) -> impl Iterator<Item = Result<Candidate, Error>> + '_ {
		let SubmitSegmentParams {
			scheduling_parent: _,
			core_index,
			candidates_descriptor_version: version,
			collations,
		} = segment;
		collations.into_iter().map(move |collation| match version {
			CandidateDescriptorVersion::V2 => self.candidate(core_index, collation),
			other => Err(format!(
				"its descriptor is {other:?}, but the simulated relay chain needs version 2",
			)
			.into()),
		})
	}

	/// Converts `collation` to a candidate for the core with that index.
	fn candidate(
		&mut self,
		core_index: CoreIndex,
		collation: SegmentCollation,
	) -> Result<Candidate, Error> {
		let SegmentCollation {
			collation,
			relay_parent,
			validation_data,
			validation_code_hash: _,
			session_index: _,
		} = collation;
		let relay_parent = self.relay.block(relay_parent)?;
		let expected = relay_parent.validation_data(validation_data.parent_head.clone());
		if validation_data != expected {
			return Err(format!(
				"its validation data is {validation_data:?}, but that of its relay parent is {expected:?}",
			)
			.into());
		}
		let core =
			u8::try_from(core_index.0).ok().filter(|core| *core < self.cores).ok_or_else(|| {
				format!(
					"it is for core {}, but the parachain has {} cores",
					core_index.0, self.cores
				)
			})?;
		let (parent, head) =
			(header_of(&validation_data.parent_head)?, header_of(&collation.head_data)?);
		if head.number() <= parent.number() {
			return Err(format!(
				"its head is block #{}, its parent head block #{}",
				head.number(),
				parent.number(),
			)
			.into());
		}
		let finalized = self.parachain.info().finalized_number;
		let first = self.labels.next(parent.number() + 1, finalized);
		let last = (parent.number() + 2..=*head.number())
			.map(|number| self.labels.next(number, finalized))
			.last()
			.unwrap_or(first);
		let verdict = self.validator.as_ref().map_or(Ok(Ok(())), |validator| {
			validator.validate(&collation, parent.hash(), &validation_data)
		})?;
		Ok(Candidate {
			parent_head: validation_data.parent_head,
			head: collation.head_data,
			relay_parent: relay_parent.id(),
			core,
			new_code: collation.new_validation_code.is_some(),
			processed_downward_messages: collation.processed_downward_messages,
			invalid: verdict.err(),
			blocks: BundleLabel { first, last },
		})
	}
}
