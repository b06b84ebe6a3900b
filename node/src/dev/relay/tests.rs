// SPDX-License-Identifier: GPL-3.0-only

use super::*;
use crate::dev::random_faults::NO_FAULTS;
use codec::Decode;
use cumulus_primitives_core::AbridgedHostConfiguration;
use proptest::prelude::*;
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use std::collections::BTreeSet;

const PARA_ID: ParaId = ParaId::new(2000);

fn head(n: u32) -> HeadData {
	HeadData(n.to_le_bytes().to_vec())
}

fn settings(inclusion_delay: BlockNumber) -> Settings {
	let rules = Rules { inclusion_delay, lookahead: inclusion_delay + 3, session: None };
	Settings { rules, cores: 1, faults: NO_FAULTS }
}

fn relay_with(settings: Settings) -> SimulatedRelay {
	SimulatedRelay::new(Genesis {
		para_id: PARA_ID,
		number: 10,
		slot: 100.into(),
		included: head(0),
		backed: None,
		upgrade_waits: false,
		mqc_head: Hash::zero(),
		settings,
	})
}

fn relay(inclusion_delay: BlockNumber) -> SimulatedRelay {
	relay_with(settings(inclusion_delay))
}

fn candidate(relay: &SimulatedRelay, n: u32) -> Candidate {
	Candidate {
		parent_head: head(n - 1),
		head: head(n),
		relay_parent: relay.tip().id(),
		..Candidate::for_tests(0, 1)
	}
}

fn read<T: codec::Decode>(block: &RelayBlock, key: &[u8]) -> Option<T> {
	let value = sp_state_machine::read_proof_check::<BlakeTwo256, _>(
		block.header.state_root,
		block.state.clone(),
		[key],
	)
	.expect("the proof proves the key")
	.remove(key)
	.flatten()?;
	Some(T::decode(&mut &value[..]).expect("the value decodes"))
}

fn included(block: &RelayBlock) -> HeadData {
	let head: HeadData =
		read(block, &well_known_keys::para_head(PARA_ID)).expect("the head is always there");
	assert_eq!(head, block.para.included);
	head
}

#[test]
fn a_candidate_is_included_after_the_delay() {
	for delay in 1..5 {
		let mut relay = relay(delay);
		let proposed_at = relay.tip().header.number;
		relay.propose(candidate(&relay, 1));
		assert_eq!(relay.newest_head(), &head(1));
		while relay.tip().header.number < proposed_at + delay {
			assert_eq!(included(relay.tip()), head(0));
			relay.advance();
		}
		assert_eq!(included(relay.tip()), head(1));
		assert_eq!(relay.newest_head(), &head(1));
	}
}

#[test]
fn several_candidates_are_pending_at_the_same_time() {
	let mut relay = relay(3);
	for n in 1..10 {
		relay.propose(candidate(&relay, n));
		relay.advance();
		assert_eq!(included(relay.tip()), head(n.saturating_sub(2)));
		assert_eq!(relay.newest_head(), &head(n));
	}
}

#[test]
fn a_candidate_on_an_old_head_is_lost() {
	let mut relay = relay(2);
	let on_nothing = candidate(&relay, 3);
	relay.propose(candidate(&relay, 1));
	relay.propose(on_nothing.clone());
	assert_eq!(relay.advance().events.expired, [on_nothing]);
	assert_eq!(included(relay.advance()), head(1));
}

#[test]
fn headers_form_a_sealed_chain_with_the_slot_in_state_and_digest() {
	let faults = RandomFaults { relay_fork_rate: 0.5, ..NO_FAULTS };
	let mut relay = relay_with(Settings { faults, ..settings(1) });
	let mut replaced = 0;
	for _ in 0..20 {
		replaced += u32::from(relay.reorganize().is_some());
		let parent = relay.tip().clone();
		let block = relay.advance().clone();
		assert_eq!(block.header.parent_hash, parent.header.hash());
		assert_eq!(block.slot, parent.slot + 1u64);
		for block in [parent, block] {
			assert_eq!(read::<Slot>(&block, well_known_keys::CURRENT_SLOT), Some(block.slot));
			let authorities: Vec<(sp_consensus_babe::AuthorityId, u64)> =
				read(&block, well_known_keys::AUTHORITIES).unwrap();
			let mut header = block.header.clone();
			let seal = header.digest_mut().pop().unwrap().as_babe_seal().unwrap();
			let digest = header.digest().logs[0].as_babe_pre_digest().unwrap();
			assert_eq!(digest.slot(), block.slot);
			let author = &authorities[digest.authority_index() as usize].0;
			assert!(AuthorityPair::verify(
				&seal,
				header.hash().as_bytes(),
				&author.clone().into_inner().into(),
			));
		}
	}
	assert!(replaced > 0);
}

#[test]
fn a_relay_parent_has_its_descendants() {
	let mut relay = relay(1);
	assert!(relay.relay_parent(1).is_err(), "the chain is too short");
	assert!(relay.relay_parent(0).unwrap().descendants.is_empty());
	(0..3).for_each(|_| {
		relay.advance();
	});
	let parent = relay.relay_parent(2).unwrap();
	assert_eq!(parent.block.header.number, 11);
	let numbers = parent.descendants.iter().map(|header| header.number).collect::<Vec<_>>();
	assert_eq!(numbers, [11, 12, 13]);
	assert_eq!(parent.descendants[0], parent.block.header);
	let validation_data = parent.block.validation_data(head(7));
	assert_eq!(validation_data.relay_parent_storage_root, parent.block.header.state_root);
	assert_eq!(validation_data.relay_parent_number, 11);
}

#[test]
fn old_blocks_are_removed() {
	let mut relay = relay(1);
	(0..2 * SimulatedRelay::KEPT).for_each(|_| {
		relay.advance();
	});
	assert_eq!(relay.blocks.len(), SimulatedRelay::KEPT);
	assert!(relay.relay_parent(SimulatedRelay::KEPT as u32 - 1).is_ok());
	assert_eq!(
		relay.relay_parent(SimulatedRelay::KEPT as u32).unwrap_err(),
		NoRelayParent::ChainTooShort,
	);
}

#[test]
fn the_go_ahead_signal_lasts_until_a_block_has_seen_it() {
	let signal = |block: &RelayBlock| {
		read::<UpgradeGoAhead>(block, &well_known_keys::upgrade_go_ahead_signal(PARA_ID))
	};
	let mut relay = relay(1);
	let upgrade = Candidate { new_code: true, ..candidate(&relay, 1) };
	relay.propose(upgrade);
	assert_eq!(signal(relay.advance()), None, "included");
	assert_eq!(signal(relay.advance()), None);
	relay.propose(candidate(&relay, 2));
	assert_eq!(signal(relay.advance()), Some(UpgradeGoAhead::GoAhead));
	assert_eq!(included(relay.tip()), head(2));
	relay.propose(candidate(&relay, 3));
	assert_eq!(signal(relay.advance()), None, "head 3 is built with the new code");
}

#[test]
fn the_header_has_the_state_root_of_the_state() {
	let relay = relay(1);
	assert_ne!(relay.tip().header.state_root, BlakeTwo256::hash(&[]));
	assert!(read::<HeadData>(relay.tip(), b"not there").is_none());
}

#[test]
fn the_state_has_the_configuration_of_a_relay_chain() {
	let mut settings = settings(2);
	settings.rules.lookahead = 7;
	settings.cores = 3;
	let relay = relay_with(settings);
	let config: HostConfiguration<BlockNumber> =
		read(relay.tip(), well_known_keys::ACTIVE_CONFIG).unwrap();
	config.check_consistency().unwrap();
	assert_eq!(config.scheduler_params.lookahead, 7);
	assert_eq!(config.scheduler_params.num_cores, 3);
	assert!(FeatureIndex::CandidateReceiptV2.is_set(&config.node_features));
	assert!(!FeatureIndex::CandidateReceiptV3.is_set(&config.node_features));
	// The keys that every parachain reads.
	let prefix: AbridgedHostConfiguration =
		AbridgedHostConfiguration::decode(&mut &config.encode()[..]).unwrap();
	assert_eq!(prefix.max_upward_message_num_per_candidate, 5);
	assert_eq!(prefix.validation_upgrade_delay, UPGRADE_DELAY);
}

#[test]
fn a_fork_undoes_the_backings_and_inclusions_of_the_tip() {
	let always = RandomFaults { relay_fork_rate: 1.0, ..NO_FAULTS };
	let mut relay = relay_with(Settings { faults: always, ..settings(2) });
	assert!(relay.reorganize().is_none(), "the first block stays");
	relay.propose(candidate(&relay, 1));
	let first = relay.advance().clone();
	assert_eq!(first.events.backed.len(), 1);
	let second = relay.reorganize().expect("a fork").clone();
	assert_eq!(second.header.number, first.header.number);
	assert_eq!(second.header.parent_hash, first.header.parent_hash);
	assert_eq!(second.slot, first.slot);
	assert_ne!(second.header.state_root, first.header.state_root);
	assert_eq!(second.events, first.events, "this time it is backed just as well");
	assert_eq!(relay.relay_parent(0).unwrap().block.id(), second.id());
	// The tip can be replaced, its parent cannot.
	let settled = relay.settled().id();
	assert_eq!(settled.hash, second.header.parent_hash);
	assert_eq!(relay.advance().header.parent_hash, second.header.hash());
	assert_eq!(relay.settled().id(), second.id());
	assert_eq!(included(relay.tip()), head(1));
}

#[test]
fn a_candidate_on_an_abandoned_relay_block_is_lost() {
	let always = RandomFaults { relay_fork_rate: 1.0, ..NO_FAULTS };
	let mut relay = relay_with(Settings { faults: always, ..settings(2) });
	relay.advance();
	// With a relay parent offset of 0.
	let on_fork = candidate(&relay, 1);
	relay.propose(on_fork.clone());
	let window = relay.window(relay.tip().header.number);
	assert_eq!(relay.reorganize().expect("a fork").events.expired, [on_fork]);
	assert_eq!(relay.newest_head(), &head(0));
	let new_window = relay.window(relay.tip().header.number);
	assert_eq!(window[..window.len() - 1], new_window[..new_window.len() - 1]);
	assert_ne!(window.last(), new_window.last());
	// With an offset of 1.
	relay.advance();
	let below_fork = Candidate {
		relay_parent: relay.relay_parent(1).unwrap().block.id(),
		..candidate(&relay, 1)
	};
	relay.propose(below_fork);
	assert!(relay.reorganize().expect("a fork").events.expired.is_empty());
	relay.advance();
	assert_eq!(included(relay.advance()), head(1));
}

#[test]
fn the_window_is_as_long_as_the_lookahead() {
	let mut relay = relay(2);
	assert_eq!(relay.window(10).len(), 1, "there is no more yet");
	(0..20).for_each(|_| {
		relay.advance();
	});
	let window = relay.window(29);
	assert_eq!(window.len(), 5);
	assert_eq!(window.last(), Some(&relay.relay_parent(1).unwrap().block.header.state_root));
}

#[test]
fn the_window_has_no_relay_parent_of_an_earlier_session() {
	let settings = settings(2);
	let rules = Rules { session: Some(6), ..settings.rules };
	let mut relay = relay_with(Settings { rules, ..settings });
	let state_root = |relay: &SimulatedRelay| relay.tip().header.state_root;
	let mut state_roots = vec![state_root(&relay)];
	while relay.tip().header.number < 18 {
		relay.advance();
		state_roots.push(state_root(&relay));
	}
	// Blocks 12 and 18 start a session.
	assert_eq!(relay.window(11), state_roots[..2]);
	assert_eq!(relay.window(12), state_roots[2..=2]);
	assert_eq!(relay.window(14), state_roots[2..=4]);
	assert_eq!(relay.window(17), state_roots[3..=7], "as many as the lookahead");
	assert_eq!(relay.window(18), state_roots[8..]);
}

/// A collator like [`super::super::author`], with numbers instead of blocks.
struct Collator {
	relay: SimulatedRelay,
	offset: u32,
	/// All proposed candidates, in order.
	proposed: Vec<Candidate>,
	/// Events of the canonical relay blocks.
	history: Vec<(BlockNumber, Events)>,
	next_head: u32,
}

impl Collator {
	fn new(settings: Settings, offset: u32) -> Self {
		let relay = relay_with(settings);
		Self { relay, offset, proposed: Vec::new(), history: Vec::new(), next_head: 1 }
	}

	/// Simulates a relay slot: the relay block, then the collator's candidates.
	fn slot(&mut self, builds: bool) {
		if self.relay.reorganize().is_some() {
			let (_, replaced) = self.history.pop().expect("the tip is replaced");
			self.note();
			// Each loss is found once.
			let (_, events) = self.history.last_mut().expect("just noted");
			events.expired.extend(replaced.expired);
		}
		self.relay.advance();
		self.note();
		let relay_parent = match self.relay.relay_parent(self.offset) {
			Ok(relay_parent) if builds => relay_parent,
			_ => return,
		};
		let mut parent = self.to_build_on(&relay_parent.block);
		for core in 0..self.relay.cores() {
			let candidate = Candidate {
				parent_head: parent,
				head: head(self.next_head),
				relay_parent: relay_parent.block.id(),
				core,
				..Candidate::for_tests(0, 1)
			};
			self.next_head += 1;
			parent = candidate.head.clone();
			self.proposed.push(candidate.clone());
			self.relay.propose(candidate);
		}
	}

	fn note(&mut self) {
		let tip = self.relay.tip();
		self.history.push((tip.header.number, tip.events.clone()));
	}

	fn to_build_on(&self, relay_parent: &RelayBlock) -> HeadData {
		let number = relay_parent.header.number;
		let first = (number + 1).saturating_sub(self.relay.rules().lookahead);
		let canonical = |relay: &RelayId| {
			self.relay.blocks.iter().any(|block| block.id() == *relay)
				&& (first..=number).contains(&relay.number)
		};
		let mut newest = relay_parent.para.newest_head().clone();
		// In the order of proposal, so that the last one of several on the same head is found: it has the newest relay
		// parent.
		while let Some(child) =
			self.proposed.iter().rev().find(|candidate| {
				candidate.parent_head == newest && canonical(&candidate.relay_parent)
			}) {
			newest = child.head.clone();
		}
		newest
	}
}

fn any_settings() -> impl Strategy<Value = (Settings, u32)> {
	let rates = (0.0..0.9, 0.0..0.9, 0.0..0.5);
	let session = proptest::option::of(10..40u32);
	(1..5u32, 0..5u32, session, 1..4u8, any::<u64>(), rates, 0..3u32).prop_map(
		|(inclusion_delay, slack, session, cores, seed, rates, offset)| {
			let mut rules = Rules { inclusion_delay, lookahead: 0, session };
			rules.lookahead = offset + rules.backing_delay() + slack;
			let (miss_rate, availability_miss_rate, relay_fork_rate) = rates;
			let faults = RandomFaults { seed, miss_rate, availability_miss_rate, relay_fork_rate };
			(Settings { rules, cores, faults }, offset)
		},
	)
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

	/// With all kinds of faults: the included candidates form a chain, every candidate is included or lost exactly once, and
	/// backing follows the rules.
	#[test]
	fn every_candidate_is_included_or_lost((settings, offset) in any_settings()) {
		let rules = settings.rules;
		let mut collator = Collator::new(settings, offset);
		(0..60).for_each(|_| collator.slot(true));
		// Without new candidates all pending ones are included or lost.
		let rest = rules.lookahead + rules.inclusion_delay + AVAILABILITY_PERIOD + 2;
		(0..rest).for_each(|_| collator.slot(false));

		let (mut chain, mut ends) = (head(0), BTreeSet::new());
		let mut backed_heads = BTreeSet::new();
		for (number, events) in &collator.history {
			let mut cores = BTreeSet::new();
			for candidate in &events.backed {
				prop_assert!(rules.in_window(candidate.relay_parent.number, *number));
				let session = rules.session_for_child(candidate.relay_parent.number);
				prop_assert_eq!(session, rules.session_for_child(number - 1));
				prop_assert!(*number >= candidate.relay_parent.number + rules.backing_delay());
				prop_assert!(cores.insert(candidate.core), "two on a core in {number}");
				backed_heads.insert(candidate.head.0.clone());
			}
			for candidate in &events.included {
				prop_assert_eq!(&candidate.parent_head, &chain);
				chain = candidate.head.clone();
				prop_assert!(backed_heads.contains(&candidate.head.0));
			}
			for candidate in events.included.iter().chain(events.lost()) {
				prop_assert!(ends.insert(candidate.head.0.clone()), "a second end in {number}");
			}
		}
		prop_assert_eq!(&collator.relay.tip().para.included, &chain);
		prop_assert_eq!(collator.relay.newest_head(), &chain, "no candidate is pending");
		for candidate in &collator.proposed {
			prop_assert!(ends.contains(&candidate.head.0), "no end: {candidate:?}");
		}
	}

	#[test]
	fn the_same_seed_gives_the_same_history((settings, offset) in any_settings()) {
		let history = || {
			let mut collator = Collator::new(settings.clone(), offset);
			(0..40).for_each(|_| collator.slot(true));
			let roots = collator.relay.window(collator.relay.tip().header.number);
			// Without the relay parents' hashes, which contain signatures.
			let heads = |candidates: &[Candidate]| -> Vec<HeadData> {
				candidates.iter().map(|candidate| candidate.head.clone()).collect()
			};
			let blocks = collator.history.iter().map(|(number, events)| {
				let lost = events.lost().cloned().collect::<Vec<_>>();
				let Events { included, backed, missed, unavailable, .. } = events;
				let one = |candidate: &Option<Candidate>| {
					candidate.as_ref().map(|candidate| candidate.head.clone())
				};
				let not_yet = (one(missed), one(unavailable));
				(*number, heads(included), heads(backed), not_yet, heads(&lost))
			});
			(blocks.collect::<Vec<_>>(), roots)
		};
		prop_assert_eq!(history(), history());
	}

	#[test]
	fn without_faults_inclusion_takes_exactly_the_delay((settings, offset) in any_settings()) {
		let rules = Rules { session: None, ..settings.rules };
		let settings = Settings { faults: NO_FAULTS, rules, ..settings };
		let delay = settings.rules.inclusion_delay;
		let mut collator = Collator::new(settings, offset);
		(0..40).for_each(|_| collator.slot(true));
		for (number, events) in &collator.history {
			prop_assert!(events.lost().count() == 0 && events.missed.is_none());
			for candidate in &events.included {
				prop_assert_eq!(*number, candidate.relay_parent.number + offset + delay);
			}
		}
		prop_assert!(collator.history.iter().any(|(_, events)| !events.included.is_empty()));
	}
}
