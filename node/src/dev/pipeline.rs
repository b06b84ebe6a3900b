// SPDX-License-Identifier: GPL-3.0-only

//! Life cycle of candidates: proposed, backed, included, or lost.
//!
//! Plain values without randomness: the caller decides which candidates miss an attempt. A relay block starts from
//! the parachain's state after its parent ([`ParaState`]) and processes the waiting candidates ([`Proposals`]):
//!
//! 1. Backed candidates whose data is available are included in order. The first one without data delays all
//!    later ones. A candidate keeps its core occupied until it is included, or until it times out after
//!    [`AVAILABILITY_PERIOD`] relay blocks; then it is lost with all backed candidates that build on it.
//! 2. Waiting candidates are backed in order, each on the core that it was built for, at most one per free core.
//!    The first one that cannot be backed delays all later ones. An invalid candidate is never backed.
//! 3. A block that starts a relay session backs nothing. Backed candidates that it does not include are lost.
//!
//! A candidate waits while its relay parent is in the window of the relay chain's lookahead and in the current
//! session. Then it is lost with all candidates that build on it.

use super::labels::BundleLabel;
use cumulus_primitives_core::{
	relay_chain::{BlockNumber, Hash, HeadData},
	InboundDownwardMessage,
};
use cumulus_primitives_parachain_inherent::MessageQueueChain;
use std::collections::HashSet;

#[cfg(test)]
mod tests;

/// Relay blocks from the inclusion of a candidate with new code to its go-ahead, as on the test
/// networks (`validation_upgrade_delay`).
pub(crate) const UPGRADE_DELAY: BlockNumber = 2;

/// Relay blocks after which a backed candidate that is not available times out, as on the test networks
/// (`paras_availability_period`).
pub(crate) const AVAILABILITY_PERIOD: BlockNumber = 4;

/// Number and hash of a relay block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RelayId {
	/// Its number.
	pub(crate) number: BlockNumber,
	/// Its hash.
	pub(crate) hash: Hash,
}

/// Candidate of one core: the blocks of its bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
	/// The head before the bundle.
	pub(crate) parent_head: HeadData,
	/// The head after the bundle.
	pub(crate) head: HeadData,
	/// The relay parent of the bundle's blocks.
	pub(crate) relay_parent: RelayId,
	/// The core that it was built for, as an index into the parachain's cores.
	pub(crate) core: u8,
	/// Whether a block of the bundle announces new validation code.
	pub(crate) new_code: bool,
	/// Number of downward messages that the bundle processes.
	pub(crate) processed_downward_messages: u32,
	/// Why validators reject the candidate; `None` if it is valid.
	pub(crate) invalid: Option<String>,
	/// Label of the bundle.
	pub(crate) blocks: BundleLabel,
}

/// Rules by which the relay chain backs and includes candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
	/// Relay blocks from the proposal of a candidate to its inclusion, at least 1.
	pub(crate) inclusion_delay: BlockNumber,
	/// Number of relay blocks after its relay parent in which a candidate can still be backed.
	pub(crate) lookahead: BlockNumber,
	/// Length of a relay session, in relay blocks; `None` if the session never changes.
	pub(crate) session: Option<BlockNumber>,
}

impl Rules {
	/// Returns the number of relay blocks from the proposal of a candidate to the first that can back it.
	/// The candidate is included in the next one, unless the delay is 1: then in the same one.
	pub(crate) fn backing_delay(&self) -> BlockNumber {
		self.inclusion_delay.saturating_sub(1).max(1)
	}

	/// Returns whether a candidate on relay parent `relay_parent` is young enough to be backed in relay block
	/// `number`.
	pub(crate) fn in_window(&self, relay_parent: BlockNumber, number: BlockNumber) -> bool {
		number <= relay_parent.saturating_add(self.lookahead)
	}

	/// Returns whether relay block `number` starts a relay session: its header announces the session, and its
	/// children are the first that belong to it.
	pub(crate) fn begins_session(&self, number: BlockNumber) -> bool {
		self.session.is_some_and(|session| number.is_multiple_of(session))
	}

	/// Returns the index of the relay session that children of relay block `number` belong to.
	pub(crate) fn session_for_child(&self, number: BlockNumber) -> u32 {
		self.session.map_or(0, |session| number / session)
	}

	/// Returns whether a candidate on relay parent `relay_parent` can be backed in relay block `number`, apart
	/// from forks.
	fn accept(&self, relay_parent: BlockNumber, number: BlockNumber) -> bool {
		self.in_window(relay_parent, number)
			&& self.session_for_child(relay_parent)
				== self.session_for_child(number.saturating_sub(1))
	}
}

/// Candidates that miss an attempt in a relay block, by core.
pub(crate) struct Misses<B, A> {
	/// Whether the candidate on a core is not backed, although it could be.
	pub(crate) backing: B,
	/// Whether the data of the candidate on a core is not available yet.
	pub(crate) availability: A,
}

/// A backed candidate that is not included yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backed {
	/// The candidate.
	pub(crate) candidate: Candidate,
	/// The relay block that backed it.
	pub(crate) at: BlockNumber,
}

/// The relay chain's queue of messages to the parachain.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DownwardQueue {
	/// Messages that no included candidate has processed, oldest first.
	pub(crate) messages: Vec<InboundDownwardMessage<BlockNumber>>,
	/// Head of the hash chain of all messages that were ever queued.
	pub(crate) mqc_head: Hash,
}

impl DownwardQueue {
	/// Appends `message`, which relay block `sent_at` sends.
	pub(crate) fn push(&mut self, message: Vec<u8>, sent_at: BlockNumber) {
		let message = InboundDownwardMessage { sent_at, msg: message };
		self.mqc_head = MessageQueueChain::new(self.mqc_head).extend_downward(&message).head();
		self.messages.push(message);
	}
}

/// The relay chain's state of the parachain after a relay block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ParaState {
	/// The included head.
	pub(crate) included: HeadData,
	/// Candidates that are backed and not yet included, oldest first.
	pub(crate) backed: Vec<Backed>,
	/// First relay block whose state has the go-ahead signal for the parachain's upgrade.
	pub(crate) upgrade_at: Option<BlockNumber>,
	/// Messages to the parachain.
	pub(crate) downward: DownwardQueue,
}

impl ParaState {
	/// Returns the newest backed head, or the included head if no candidate is backed.
	pub(crate) fn newest_head(&self) -> &HeadData {
		self.backed.last().map_or(&self.included, |backed| &backed.candidate.head)
	}

	/// Includes backed candidates in relay block `number`, up to the first that is `unavailable` on its core.
	/// Drops that one, with all later ones, if it times out.
	fn include(
		&mut self,
		number: BlockNumber,
		unavailable: impl Fn(u8) -> bool,
		events: &mut Events,
	) {
		let available = self
			.backed
			.iter()
			.position(|backed| unavailable(backed.candidate.core))
			.unwrap_or(self.backed.len());
		let waiting = self.backed.split_off(available);
		for Backed { candidate, .. } in std::mem::replace(&mut self.backed, waiting) {
			self.included = candidate.head.clone();
			// The first candidate that has seen the signal is built with the new code.
			if self.upgrade_at.is_some_and(|at| candidate.relay_parent.number >= at) {
				self.upgrade_at = None;
			}
			if candidate.new_code && self.upgrade_at.is_none() {
				self.upgrade_at = Some(number + UPGRADE_DELAY);
			}
			let processed = candidate.processed_downward_messages as usize;
			self.downward.messages.drain(..processed.min(self.downward.messages.len()));
			events.included.push(candidate);
		}
		let timed_out = |backed: &Backed| backed.at.saturating_add(AVAILABILITY_PERIOD) <= number;
		match self.backed.first() {
			Some(first) if timed_out(first) => events.timed_out.extend(self.drop_backed()),
			Some(first) => events.unavailable = Some(first.candidate.clone()),
			None => {},
		}
	}

	/// Removes backed candidates that are not included.
	fn drop_backed(&mut self) -> impl Iterator<Item = Candidate> {
		std::mem::take(&mut self.backed).into_iter().map(|backed| backed.candidate)
	}
}

/// Events of candidates in a relay block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
	/// Whether the relay block starts a relay session.
	pub(crate) begins_session: bool,
	/// Candidates that became part of the parachain.
	pub(crate) included: Vec<Candidate>,
	/// Candidates that were backed.
	pub(crate) backed: Vec<Candidate>,
	/// The first backed candidate that could not be included, because its data is not available.
	pub(crate) unavailable: Option<Candidate>,
	/// Candidates that were backed and are lost, because the data of the first of them was not available
	/// in time.
	pub(crate) timed_out: Vec<Candidate>,
	/// Candidates that were backed and are lost, because the relay session ended before they were
	/// included.
	pub(crate) session_ended: Vec<Candidate>,
	/// The first candidate that could have been backed and missed its attempt. It waits for the next relay
	/// block.
	pub(crate) missed: Option<Candidate>,
	/// The first candidate that was not backed because it is invalid.
	pub(crate) invalid: Option<Candidate>,
	/// Candidates that cannot be backed any more.
	pub(crate) expired: Vec<Candidate>,
}

#[cfg(test)]
impl Events {
	/// Returns the candidates that will never be included.
	pub(crate) fn lost(&self) -> impl Iterator<Item = &Candidate> {
		self.expired.iter().chain(&self.timed_out).chain(&self.session_ended)
	}
}

/// Candidates that wait to be backed, as validators store them: they are not part of a relay block, so they
/// survive its replacement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposals {
	/// In the order in which they were proposed, so that each comes after its parent.
	waiting: Vec<Proposal>,
}

#[derive(Clone, Debug)]
struct Proposal {
	candidate: Candidate,
	/// The first relay block that can back it.
	first_chance: BlockNumber,
}

impl Proposals {
	/// Adds `candidate`, proposed while relay block `tip` is the newest.
	pub(crate) fn propose(&mut self, candidate: Candidate, tip: BlockNumber, rules: &Rules) {
		let first_chance = tip + rules.backing_delay();
		self.waiting.push(Proposal { candidate, first_chance });
	}

	/// Returns the head of the newest candidate, if one waits.
	pub(crate) fn newest_head(&self) -> Option<&HeadData> {
		self.waiting.last().map(|proposal| &proposal.candidate.head)
	}

	/// Returns the state of the parachain after relay block `number`, and its events without expired candidates.
	/// `state` is the state after the parent.
	pub(crate) fn next(
		&self,
		state: &ParaState,
		number: BlockNumber,
		rules: &Rules,
		misses: Misses<impl Fn(u8) -> bool, impl Fn(u8) -> bool>,
	) -> (ParaState, Events) {
		let (mut state, mut events) = (state.clone(), Events::default());
		state.include(number, &misses.availability, &mut events);
		let mut used_cores = state.backed.iter().map(|backed| backed.candidate.core).collect();
		events.begins_session = rules.begins_session(number);
		if events.begins_session {
			events.session_ended.extend(state.drop_backed());
			return (state, events);
		}
		self.back(&mut state, number, rules, misses.backing, &mut used_cores, &mut events);
		if rules.inclusion_delay <= 1 {
			state.include(number, &misses.availability, &mut events);
		}
		(state, events)
	}

	/// Backs waiting candidates on cores that are not in `used_cores`.
	fn back(
		&self,
		state: &mut ParaState,
		number: BlockNumber,
		rules: &Rules,
		misses: impl Fn(u8) -> bool,
		used_cores: &mut HashSet<u8>,
		events: &mut Events,
	) {
		let next = |state: &ParaState| {
			let parent = state.newest_head();
			self.waiting.iter().find(|proposal| proposal.candidate.parent_head == *parent)
		};
		while let Some(Proposal { candidate, first_chance }) = next(state) {
			if number < *first_chance
				|| !rules.accept(candidate.relay_parent.number, number)
				|| !used_cores.insert(candidate.core)
			{
				break;
			}
			if candidate.invalid.is_some() {
				events.invalid = Some(candidate.clone());
				break;
			}
			if misses(candidate.core) {
				events.missed = Some(candidate.clone());
				break;
			}
			state.backed.push(Backed { candidate: candidate.clone(), at: number });
			events.backed.push(candidate.clone());
		}
	}

	/// Removes candidates that were backed in a relay block that can no longer be replaced.
	pub(crate) fn settle(&mut self, backed: &[Candidate]) {
		self.waiting
			.retain(|proposal| backed.iter().all(|candidate| *candidate != proposal.candidate));
	}

	/// Removes and returns candidates that cannot be backed in relay block `number` or later: their relay parent is
	/// not `canonical`, has left the window or is in an earlier session, or their parent is lost. `state` is the
	/// parachain's state after the block's parent.
	pub(crate) fn drop_expired(
		&mut self,
		state: &ParaState,
		number: BlockNumber,
		rules: &Rules,
		canonical: impl Fn(&RelayId) -> bool,
	) -> Vec<Candidate> {
		let mut heads = HashSet::from([state.newest_head().0.clone()]);
		let mut expired = Vec::new();
		self.waiting.retain(|Proposal { candidate, .. }| {
			let lives = heads.contains(&candidate.parent_head.0)
				&& canonical(&candidate.relay_parent)
				&& rules.accept(candidate.relay_parent.number, number);
			match lives {
				true => _ = heads.insert(candidate.head.0.clone()),
				false => expired.push(candidate.clone()),
			}
			lives
		});
		expired
	}
}

#[cfg(test)]
impl Candidate {
	/// A candidate with head `head` on head `parent`, on core 0 and relay block 0.
	pub(crate) fn for_tests(parent: u8, head: u8) -> Self {
		use super::labels::BlockLabel;
		let label = BlockLabel { number: head.into(), before: 0 };
		Self {
			parent_head: HeadData(vec![parent]),
			head: HeadData(vec![head]),
			relay_parent: RelayId { number: 0, hash: Hash::zero() },
			core: 0,
			new_code: false,
			processed_downward_messages: 0,
			invalid: None,
			blocks: BundleLabel { first: label, last: label },
		}
	}
}
