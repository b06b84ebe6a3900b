// SPDX-License-Identifier: GPL-3.0-only

//! What becomes of candidates: proposed, backed, included, or lost.
//!
//! Plain values and no chance: who misses a chance is told by the caller. A relay block sees the
//! parachain as its parent has left it ([`ParaState`]) and takes what it can from the candidates that
//! wait ([`Proposals`]):
//!
//! 1. What was backed before is available now, and included.
//! 2. What waits is backed, in the order of the parachain, each candidate on the core that it was
//!    built for, and each core at most once. The first that cannot be backed holds up all behind it.
//!
//! A candidate waits as long as its relay parent is in the window of the relay chain's lookahead. Then
//! it is lost, and with it all that builds on it.

use super::picture::Blocks;
use cumulus_primitives_core::relay_chain::{BlockNumber, Hash, HeadData};
use std::collections::HashSet;

/// Relay blocks from the inclusion of a candidate with new code to its go-ahead, as on the test
/// networks (`validation_upgrade_delay`).
pub(crate) const UPGRADE_DELAY: BlockNumber = 2;

/// A relay block, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RelayId {
	/// Its number.
	pub(crate) number: BlockNumber,
	/// Its hash.
	pub(crate) hash: Hash,
}

/// What a collator proposes to the relay chain: the blocks of one core's bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
	/// The head before the bundle.
	pub(crate) parent_head: HeadData,
	/// The head after the bundle.
	pub(crate) head: HeadData,
	/// What the bundle was built on.
	pub(crate) relay_parent: RelayId,
	/// The core that it was built for, among the parachain's.
	pub(crate) core: u8,
	/// Whether a block of the bundle announces new validation code.
	pub(crate) new_code: bool,
	/// The bundle's blocks.
	pub(crate) blocks: Blocks,
}

/// What candidates go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
	/// Relay blocks from the proposal of a candidate to its inclusion, 1 at least.
	pub(crate) inclusion_delay: BlockNumber,
	/// How many relay blocks after its relay parent a candidate can still be backed.
	pub(crate) lookahead: BlockNumber,
}

impl Rules {
	/// Relay blocks from the proposal of a candidate to the first that can back it. It is included in
	/// the next one, unless the delay is 1: then in the same one.
	pub(crate) fn backing_delay(&self) -> BlockNumber {
		self.inclusion_delay.saturating_sub(1).max(1)
	}

	/// Whether a candidate on relay parent `relay_parent` can be backed in relay block `number`, as
	/// far as its age goes.
	pub(crate) fn in_window(&self, relay_parent: BlockNumber, number: BlockNumber) -> bool {
		number <= relay_parent.saturating_add(self.lookahead)
	}
}

/// The parachain, as a relay block leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParaState {
	/// The included head.
	pub(crate) included: HeadData,
	/// Candidates that are backed and not yet included, oldest first.
	pub(crate) backed: Vec<Candidate>,
	/// The relay block from which on the parachain is told to go ahead with its upgrade.
	pub(crate) upgrade_at: Option<BlockNumber>,
}

impl ParaState {
	/// The newest head that the relay chain knows of: backed, or included.
	pub(crate) fn newest_head(&self) -> &HeadData {
		self.backed.last().map_or(&self.included, |candidate| &candidate.head)
	}

	/// Include all that is backed, in relay block `number`.
	fn include(&mut self, number: BlockNumber) -> Vec<Candidate> {
		let included = std::mem::take(&mut self.backed);
		for candidate in &included {
			self.included = candidate.head.clone();
			// The first candidate that has seen the signal is built with the new code.
			if self.upgrade_at.is_some_and(|at| candidate.relay_parent.number >= at) {
				self.upgrade_at = None;
			}
			if candidate.new_code && self.upgrade_at.is_none() {
				self.upgrade_at = Some(number + UPGRADE_DELAY);
			}
		}
		included
	}
}

/// What happened to candidates in a relay block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Happened {
	/// Became part of the parachain.
	pub(crate) included: Vec<Candidate>,
	/// Are to be included next.
	pub(crate) backed: Vec<Candidate>,
	/// Could have been backed, but for bad luck. It is proposed again to the next relay block.
	pub(crate) missed: Option<Candidate>,
	/// Cannot be backed any more.
	pub(crate) lost: Vec<Candidate>,
}

/// Candidates that wait for being backed, as the relay chain's validators hold them: no relay block
/// knows of them, and none that is replaced takes them with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposals {
	/// In the order in which they were proposed, so that each comes after what it builds on.
	waiting: Vec<Proposal>,
}

#[derive(Clone, Debug)]
struct Proposal {
	candidate: Candidate,
	/// The first relay block that can back it.
	first_chance: BlockNumber,
}

impl Proposals {
	/// Propose `candidate` while relay block `tip` is the newest.
	pub(crate) fn propose(&mut self, candidate: Candidate, tip: BlockNumber, rules: &Rules) {
		let first_chance = tip + rules.backing_delay();
		self.waiting.push(Proposal { candidate, first_chance });
	}

	/// The head of the newest candidate, if one waits.
	pub(crate) fn newest_head(&self) -> Option<&HeadData> {
		self.waiting.last().map(|proposal| &proposal.candidate.head)
	}

	/// The parachain in relay block `number` whose parent has left it in `state`, and what happened
	/// in between, apart from losses.
	///
	/// `misses`: whether a core's candidate is out of luck in that block.
	pub(crate) fn next(
		&self,
		state: &ParaState,
		number: BlockNumber,
		rules: &Rules,
		misses: impl Fn(u8) -> bool,
	) -> (ParaState, Happened) {
		let mut state = state.clone();
		let mut happened = Happened { included: state.include(number), ..Default::default() };
		let mut used_cores = HashSet::new();
		let next = |state: &ParaState| {
			let builds_on = state.newest_head();
			self.waiting.iter().find(|proposal| proposal.candidate.parent_head == *builds_on)
		};
		while let Some(Proposal { candidate, first_chance }) = next(&state) {
			if number < *first_chance
				|| !rules.in_window(candidate.relay_parent.number, number)
				|| !used_cores.insert(candidate.core)
			{
				break;
			}
			if misses(candidate.core) {
				happened.missed = Some(candidate.clone());
				break;
			}
			state.backed.push(candidate.clone());
			happened.backed.push(candidate.clone());
		}
		if rules.inclusion_delay <= 1 {
			happened.included.extend(state.include(number));
		}
		(state, happened)
	}

	/// Forget candidates that were backed in a relay block that is there for good.
	pub(crate) fn settle(&mut self, backed: &[Candidate]) {
		self.waiting
			.retain(|proposal| backed.iter().all(|candidate| *candidate != proposal.candidate));
	}

	/// Forget candidates that cannot be backed in relay block `number` or later, whose parent has left
	/// the parachain in `state`: their relay parent is not `canonical` or has left the window, or what
	/// they build on will not come.
	pub(crate) fn drop_lost(
		&mut self,
		state: &ParaState,
		number: BlockNumber,
		rules: &Rules,
		canonical: impl Fn(&RelayId) -> bool,
	) -> Vec<Candidate> {
		let mut heads = HashSet::from([state.newest_head().0.clone()]);
		let mut lost = Vec::new();
		self.waiting.retain(|Proposal { candidate, .. }| {
			let lives = heads.contains(&candidate.parent_head.0)
				&& canonical(&candidate.relay_parent)
				&& rules.in_window(candidate.relay_parent.number, number);
			match lives {
				true => _ = heads.insert(candidate.head.0.clone()),
				false => lost.push(candidate.clone()),
			}
			lives
		});
		lost
	}
}

#[cfg(test)]
impl Candidate {
	/// A candidate with head `head` on head `parent`, on core 0 and relay block 0.
	pub(crate) fn for_tests(parent: u8, head: u8) -> Self {
		use super::picture::Name;
		let name = Name { number: head.into(), before: 0 };
		Self {
			parent_head: HeadData(vec![parent]),
			head: HeadData(vec![head]),
			relay_parent: RelayId { number: 0, hash: Hash::zero() },
			core: 0,
			new_code: false,
			blocks: Blocks { first: name, last: name },
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const RULES: Rules = Rules { inclusion_delay: 2, lookahead: 3 };

	fn genesis() -> ParaState {
		ParaState { included: HeadData(vec![0]), backed: Vec::new(), upgrade_at: None }
	}

	fn candidate(head: u8, relay_parent: BlockNumber, core: u8) -> Candidate {
		let relay_parent = RelayId { number: relay_parent, hash: Hash::zero() };
		Candidate { relay_parent, core, ..Candidate::for_tests(head - 1, head) }
	}

	fn proposals(candidates: impl IntoIterator<Item = Candidate>, tip: BlockNumber) -> Proposals {
		let mut proposals = Proposals::default();
		candidates.into_iter().for_each(|candidate| proposals.propose(candidate, tip, &RULES));
		proposals
	}

	fn heads(candidates: &[Candidate]) -> Vec<u8> {
		candidates.iter().map(|candidate| candidate.head.0[0]).collect()
	}

	fn lucky(_: u8) -> bool {
		false
	}

	#[test]
	fn a_candidate_is_backed_and_then_included() {
		let proposals = proposals([candidate(1, 9, 0)], 10);
		let (state, happened) = proposals.next(&genesis(), 11, &RULES, lucky);
		assert_eq!((heads(&happened.backed), heads(&happened.included)), (vec![1], vec![]));
		assert_eq!(state.newest_head(), &HeadData(vec![1]));
		assert_eq!(state.included, HeadData(vec![0]));
		let (state, happened) = proposals.next(&state, 12, &RULES, lucky);
		assert_eq!((heads(&happened.backed), heads(&happened.included)), (vec![], vec![1]));
		assert_eq!(state, ParaState { included: HeadData(vec![1]), ..genesis() });
	}

	#[test]
	fn the_delay_is_that_of_the_rules() {
		for (inclusion_delay, backing_delay) in [(1, 1), (2, 1), (3, 2), (6, 5)] {
			let rules = Rules { inclusion_delay, lookahead: 20 };
			assert_eq!(rules.backing_delay(), backing_delay);
			let mut proposals = Proposals::default();
			proposals.propose(candidate(1, 9, 0), 10, &rules);
			let (mut state, mut number) = (genesis(), 10);
			while state.included == genesis().included {
				number += 1;
				let (next, happened) = proposals.next(&state, number, &rules, lucky);
				assert_eq!(!happened.backed.is_empty(), number == 10 + backing_delay);
				state = next;
			}
			assert_eq!(number, 10 + inclusion_delay);
		}
	}

	#[test]
	fn a_core_takes_one_candidate_a_block_and_candidates_are_chained() {
		let waiting = [1, 2, 3, 4, 5].map(|head| candidate(head, 9, (head - 1) % 3));
		let waiting = proposals(waiting, 10);
		let (state, happened) = waiting.next(&genesis(), 11, &RULES, lucky);
		assert_eq!(heads(&happened.backed), [1, 2, 3]);
		let (_, happened) = waiting.next(&state, 12, &RULES, lucky);
		assert_eq!(
			(heads(&happened.backed), heads(&happened.included)),
			(vec![4, 5], vec![1, 2, 3])
		);

		// The second core's bad luck is that of the third, too.
		let (_, happened) = waiting.next(&genesis(), 11, &RULES, |core| core == 1);
		assert_eq!(heads(&happened.backed), [1]);
		assert_eq!(happened.missed.map(|candidate| candidate.core), Some(1));
	}

	#[test]
	fn what_leaves_the_window_is_lost_with_all_that_builds_on_it() {
		let anywhere = |_: &RelayId| true;
		let mut waiting = proposals([candidate(1, 9, 0), candidate(2, 10, 0)], 10);
		for number in 11..=12 {
			assert!(waiting.drop_lost(&genesis(), number, &RULES, anywhere).is_empty());
			let (state, happened) = waiting.next(&genesis(), number, &RULES, |_| true);
			assert_eq!(state, genesis());
			assert_eq!(happened.missed.map(|candidate| candidate.head), Some(HeadData(vec![1])));
		}
		let lost = waiting.drop_lost(&genesis(), 13, &RULES, anywhere);
		assert_eq!(heads(&lost), [1, 2], "relay parent 9 with a lookahead of 3");
		assert!(waiting.newest_head().is_none());
	}

	#[test]
	fn what_stands_on_another_fork_is_lost() {
		let fork = RelayId { number: 10, hash: Hash::repeat_byte(1) };
		let on_fork = Candidate { relay_parent: fork, ..candidate(2, 10, 0) };
		let mut waiting = proposals([candidate(1, 9, 0), on_fork, candidate(3, 10, 0)], 10);
		let lost = waiting.drop_lost(&genesis(), 11, &RULES, |relay| *relay != fork);
		assert_eq!(heads(&lost), [2, 3]);
		assert_eq!(waiting.newest_head(), Some(&HeadData(vec![1])));
	}

	#[test]
	fn of_two_candidates_on_one_head_the_first_wins() {
		let other = Candidate { head: HeadData(vec![9]), ..candidate(1, 9, 0) };
		let mut waiting = proposals([candidate(1, 9, 0), other], 10);
		let (state, happened) = waiting.next(&genesis(), 11, &RULES, lucky);
		assert_eq!(heads(&happened.backed), [1]);
		waiting.settle(&happened.backed);
		assert_eq!(heads(&waiting.drop_lost(&state, 12, &RULES, |_| true)), [9]);
		assert!(waiting.waiting.is_empty());
	}

	#[test]
	fn new_code_waits_for_its_go_ahead_until_a_block_has_seen_it() {
		let upgrade = Candidate { new_code: true, ..candidate(1, 9, 0) };
		let mut state = ParaState { backed: vec![upgrade], ..genesis() };
		state.include(12);
		assert_eq!(state.upgrade_at, Some(14));
		state.backed = vec![candidate(2, 13, 0)];
		state.include(15);
		assert_eq!(state.upgrade_at, Some(14), "built before the signal");
		state.backed = vec![candidate(3, 14, 0)];
		state.include(16);
		assert_eq!(state.upgrade_at, None);
	}
}
