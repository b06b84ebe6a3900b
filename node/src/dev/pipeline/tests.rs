// SPDX-License-Identifier: GPL-3.0-only

use super::*;

const RULES: Rules = Rules { inclusion_delay: 2, lookahead: 3, session: None };

fn genesis() -> ParaState {
	ParaState { included: HeadData(vec![0]), ..Default::default() }
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

fn no_misses() -> Misses<impl Fn(u8) -> bool, impl Fn(u8) -> bool> {
	Misses { backing: |_| false, availability: |_| false }
}

fn backing_misses(
	backing: impl Fn(u8) -> bool,
) -> Misses<impl Fn(u8) -> bool, impl Fn(u8) -> bool> {
	Misses { backing, availability: |_| false }
}

fn backed(candidates: impl IntoIterator<Item = Candidate>, at: BlockNumber) -> Vec<Backed> {
	candidates.into_iter().map(|candidate| Backed { candidate, at }).collect()
}

#[test]
fn a_candidate_is_backed_and_then_included() {
	let proposals = proposals([candidate(1, 9, 0)], 10);
	let (state, events) = proposals.next(&genesis(), 11, &RULES, no_misses());
	assert_eq!((heads(&events.backed), heads(&events.included)), (vec![1], vec![]));
	assert_eq!(state.newest_head(), &HeadData(vec![1]));
	assert_eq!(state.included, HeadData(vec![0]));
	let (state, events) = proposals.next(&state, 12, &RULES, no_misses());
	assert_eq!((heads(&events.backed), heads(&events.included)), (vec![], vec![1]));
	assert_eq!(state, ParaState { included: HeadData(vec![1]), ..genesis() });
}

#[test]
fn inclusion_follows_the_configured_delay() {
	for (inclusion_delay, backing_delay) in [(1, 1), (2, 1), (3, 2), (6, 5)] {
		let rules = Rules { inclusion_delay, lookahead: 20, ..RULES };
		assert_eq!(rules.backing_delay(), backing_delay);
		let mut proposals = Proposals::default();
		proposals.propose(candidate(1, 9, 0), 10, &rules);
		let (mut state, mut number) = (genesis(), 10);
		while state.included == genesis().included {
			number += 1;
			let (next, events) = proposals.next(&state, number, &rules, no_misses());
			assert_eq!(!events.backed.is_empty(), number == 10 + backing_delay);
			state = next;
		}
		assert_eq!(number, 10 + inclusion_delay);
	}
}

#[test]
fn a_core_takes_one_candidate_per_relay_block_in_order() {
	let waiting = [1, 2, 3, 4, 5].map(|head| candidate(head, 9, (head - 1) % 3));
	let waiting = proposals(waiting, 10);
	let (state, events) = waiting.next(&genesis(), 11, &RULES, no_misses());
	assert_eq!(heads(&events.backed), [1, 2, 3]);
	let (_, events) = waiting.next(&state, 12, &RULES, no_misses());
	assert_eq!((heads(&events.backed), heads(&events.included)), (vec![4, 5], vec![1, 2, 3]));

	// If the second core misses, the third one cannot be backed either.
	let (_, events) = waiting.next(&genesis(), 11, &RULES, backing_misses(|core| core == 1));
	assert_eq!(heads(&events.backed), [1]);
	assert_eq!(events.missed.map(|candidate| candidate.core), Some(1));
}

#[test]
fn a_candidate_outside_the_window_is_lost_with_its_descendants() {
	let anywhere = |_: &RelayId| true;
	let mut waiting = proposals([candidate(1, 9, 0), candidate(2, 10, 0)], 10);
	for number in 11..=12 {
		assert!(waiting.drop_expired(&genesis(), number, &RULES, anywhere).is_empty());
		let (state, events) = waiting.next(&genesis(), number, &RULES, backing_misses(|_| true));
		assert_eq!(state, genesis());
		assert_eq!(events.missed.map(|candidate| candidate.head), Some(HeadData(vec![1])));
	}
	let lost = waiting.drop_expired(&genesis(), 13, &RULES, anywhere);
	assert_eq!(heads(&lost), [1, 2], "relay parent 9 with a lookahead of 3");
	assert!(waiting.newest_head().is_none());
}

#[test]
fn a_candidate_on_another_fork_is_lost() {
	let fork = RelayId { number: 10, hash: Hash::repeat_byte(1) };
	let on_fork = Candidate { relay_parent: fork, ..candidate(2, 10, 0) };
	let mut waiting = proposals([candidate(1, 9, 0), on_fork, candidate(3, 10, 0)], 10);
	let lost = waiting.drop_expired(&genesis(), 11, &RULES, |relay| *relay != fork);
	assert_eq!(heads(&lost), [2, 3]);
	assert_eq!(waiting.newest_head(), Some(&HeadData(vec![1])));
}

#[test]
fn of_two_candidates_with_one_parent_the_first_is_backed() {
	let other = Candidate { head: HeadData(vec![9]), ..candidate(1, 9, 0) };
	let mut waiting = proposals([candidate(1, 9, 0), other], 10);
	let (state, events) = waiting.next(&genesis(), 11, &RULES, no_misses());
	assert_eq!(heads(&events.backed), [1]);
	waiting.settle(&events.backed);
	assert_eq!(heads(&waiting.drop_expired(&state, 12, &RULES, |_| true)), [9]);
	assert!(waiting.waiting.is_empty());
}

#[test]
fn new_code_waits_for_its_go_ahead_until_a_block_has_seen_it() {
	let include = |state: &mut ParaState, candidate, number| {
		state.backed = backed([candidate], number - 1);
		state.include(number, |_| false, &mut Events::default());
		state.upgrade_at
	};
	let upgrade = Candidate { new_code: true, ..candidate(1, 9, 0) };
	let mut state = genesis();
	assert_eq!(include(&mut state, upgrade, 12), Some(14));
	assert_eq!(include(&mut state, candidate(2, 13, 0), 15), Some(14), "before the signal");
	assert_eq!(include(&mut state, candidate(3, 14, 0), 16), None);
}

#[test]
fn a_candidate_keeps_its_core_until_it_is_available_or_times_out() {
	let waiting = proposals([candidate(1, 9, 0), candidate(2, 9, 1), candidate(3, 11, 0)], 10);
	let (mut state, events) = waiting.next(&genesis(), 11, &RULES, no_misses());
	assert_eq!(heads(&events.backed), [1, 2]);
	let not_on_core =
		|unavailable| Misses { backing: |_| false, availability: move |core| core == unavailable };

	// The second core's candidate is delayed alone if only its data is missing.
	let (available, events) = waiting.next(&state, 12, &RULES, not_on_core(1));
	assert_eq!(heads(&events.included), [1]);
	assert_eq!(events.unavailable.as_ref().map(|late| late.head.0[0]), Some(2));
	assert_eq!(heads(&events.backed), [3], "core 0 is free");
	assert_eq!(available.newest_head(), &HeadData(vec![3]));

	// The first core's candidate delays the second, and both cores are occupied.
	for number in 12..11 + AVAILABILITY_PERIOD {
		let (next, events) = waiting.next(&state, number, &RULES, not_on_core(0));
		assert_eq!(next, state);
		let late = events.unavailable.as_ref().map(|late| late.head.0[0]);
		assert_eq!((late, events.lost().count()), (Some(1), 0));
		assert!(events.included.is_empty() && events.backed.is_empty());
		state = next;
	}
	let number = 11 + AVAILABILITY_PERIOD;
	let (state, events) = waiting.next(&state, number, &RULES, not_on_core(0));
	assert_eq!((heads(&events.timed_out), events.unavailable), (vec![1, 2], None));
	assert_eq!(state, genesis());
}

#[test]
fn a_session_change_drops_unincluded_candidates() {
	let rules = Rules { session: Some(12), ..RULES };
	let sessions = [11, 12, 23, 24].map(|number| rules.session_for_child(number));
	assert_eq!(sessions, [0, 1, 1, 2]);
	let mut waiting = proposals([candidate(1, 9, 0), candidate(2, 9, 1), candidate(3, 10, 0)], 10);
	let (state, events) = waiting.next(&genesis(), 11, &rules, no_misses());
	assert_eq!(heads(&events.backed), [1, 2]);
	assert!(events.session_ended.is_empty());
	waiting.settle(&events.backed);
	// Relay block 12 includes available candidates, backs nothing and drops the others.
	let misses = Misses { backing: |_| false, availability: |core| core == 1 };
	let (state, events) = waiting.next(&state, 12, &rules, misses);
	assert_eq!((heads(&events.included), heads(&events.backed)), (vec![1], vec![]));
	assert_eq!(heads(&events.session_ended), [2]);
	assert_eq!(state.newest_head(), &HeadData(vec![1]));
	// A candidate of the previous session can no longer be backed, even if its parent is included.
	assert_eq!(heads(&waiting.drop_expired(&state, 13, &rules, |_| true)), [3]);
	let mut waiting = proposals([candidate(2, 11, 0)], 12);
	assert_eq!(heads(&waiting.drop_expired(&state, 13, &rules, |_| true)), [2]);

	// Relay block 12 is a relay parent of the new session, 11 is not.
	for (relay_parent, expected) in [(11, vec![]), (12, vec![2])] {
		let waiting = proposals([candidate(2, relay_parent, 0)], 12);
		let (_, events) = waiting.next(&state, 13, &rules, no_misses());
		assert_eq!(heads(&events.backed), expected);
	}
}

#[test]
fn an_invalid_candidate_is_never_backed() {
	let invalid = Candidate { invalid: Some("the reason".into()), ..candidate(2, 9, 1) };
	let mut waiting = proposals([candidate(1, 9, 0), invalid, candidate(3, 9, 2)], 10);
	for number in 11..=12 {
		assert!(waiting.drop_expired(&genesis(), number, &RULES, |_| true).is_empty());
		let (_, events) = waiting.next(&genesis(), number, &RULES, no_misses());
		assert_eq!(heads(&events.backed), [1]);
		assert_eq!(events.invalid.map(|candidate| candidate.head.0[0]), Some(2));
	}
	let expired = waiting.drop_expired(&genesis(), 13, &RULES, |_| true);
	assert_eq!(heads(&expired), [1, 2, 3]);
}

#[test]
fn downward_messages_stay_until_an_included_candidate_has_processed_them() {
	let mut state = genesis();
	assert_eq!(state.downward.mqc_head, Hash::zero());
	for message in 0..3u8 {
		let before = state.downward.mqc_head;
		state.downward.push(vec![message], 11);
		assert_ne!(state.downward.mqc_head, before);
	}
	let mqc_head = state.downward.mqc_head;
	let processes = |count| Candidate { processed_downward_messages: count, ..candidate(1, 11, 0) };
	state.backed = backed([processes(2)], 12);
	let (state, _) = Proposals::default().next(&state, 13, &RULES, no_misses());
	let left = state.downward.messages.iter().map(|message| (message.sent_at, &message.msg[..]));
	assert_eq!(left.collect::<Vec<_>>(), [(11, &[2][..])]);
	assert_eq!(state.downward.mqc_head, mqc_head, "the chain never shrinks");
}
