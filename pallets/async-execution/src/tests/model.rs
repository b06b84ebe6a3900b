// SPDX-License-Identifier: Apache-2.0

//! Model of the lane: which tickets a block orders, executes, quarantines and drops.
//!
//! All histories of blocks up to a depth are explored, with the circuit breaker of the pallet. No block has a choice:
//! its batch follows from the parent's state, and its gap from the environment. [`super::histories`] compares the model
//! with the pallet.

use crate::recovery::{progress, standstill, timeout, Recovery};
use std::collections::HashSet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
	pub(super) id: u32,
	/// Whether its execution makes the block invalid.
	poison: bool,
	/// Weight, in parts of a batch of [`FULL`].
	weight: u32,
	/// Whether governance dropped it. It ends in its turn.
	dropped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
	Executed,
	Quarantined,
	Dropped,
}

/// State after a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
	next_id: u32,
	pub(super) batch: Vec<Ticket>,
	/// Code that ordered the batch.
	batch_code: u8,
	pub(super) recovery: Option<Recovery>,
	code: u8,
	pub(super) migrates: bool,
	pub(super) ends: Vec<(u32, End)>,
}

/// What the environment does in a block.
#[derive(Clone, Debug)]
pub(super) struct Input {
	/// Time since the parent, in time-outs.
	pub(super) gap: u64,
	/// Calls in the pool: whether they are poison, and their weight.
	pub(super) orders: Vec<(bool, u32)>,
	pub(super) upgrade: bool,
	/// Whether the new code migrates in the next block.
	pub(super) migrates: bool,
	/// Maximum weight of the batch in this block: less after a lost core, or without bundle digests.
	pub(super) share: u32,
	/// Whether governance drops the first ticket.
	pub(super) drop_head: bool,
}

pub(super) const FULL: u32 = 2;
const PLAIN: Input = Input {
	gap: 0,
	orders: vec![],
	upgrade: false,
	migrates: false,
	share: FULL,
	drop_head: false,
};

impl State {
	fn end_head(&mut self, end: End) {
		let head = self.batch.remove(0);
		self.ends.push((head.id, if head.dropped { End::Dropped } else { end }));
	}

	fn is_standstill(&self, gap: u64) -> bool {
		gap >= timeout(self.recovery.as_ref(), 1)
	}

	/// Settles tickets at the start of a block. Returns `false` if validators reject the block.
	fn take_turn(&mut self, input: &Input, quarantine_after: Option<u8>) -> bool {
		if self.batch.is_empty() {
			return true;
		}
		if self.batch_code != self.code {
			while !self.batch.is_empty() {
				self.end_head(End::Dropped);
			}
		} else if self.is_standstill(input.gap) {
			let change = standstill(self.recovery, quarantine_after);
			self.recovery = Some(change.recovery);
			if change.quarantines_head {
				self.end_head(End::Quarantined);
			}
		} else if !self.migrates {
			let limit = self.recovery.and_then(|recovery| recovery.limit).unwrap_or(u32::MAX);
			let (mut used, mut executed) = (0, 0);
			while let Some(head) = self.batch.first() {
				if head.dropped || head.weight > input.share {
					self.end_head(End::Quarantined);
				} else if executed >= limit || used + head.weight > input.share {
					break;
				} else if head.poison {
					return false;
				} else {
					used += head.weight;
					executed += 1;
					self.end_head(End::Executed);
				}
			}
			if executed > 0 {
				self.recovery = self.recovery.map(progress);
			}
		}
		true
	}

	/// Returns the state after a block with `input`. `None` if validators reject the block.
	pub(super) fn after(&self, input: &Input, quarantine_after: Option<u8>) -> Option<Self> {
		let mut next = self.clone();
		if !next.take_turn(input, quarantine_after) {
			return None;
		}
		if next.batch.is_empty() {
			next.recovery = None;
		}
		if let (true, Some(head)) = (input.drop_head, next.batch.first_mut()) {
			head.dropped = true;
		}
		let may_order = next.batch.is_empty() && !input.upgrade && !next.migrates;
		next.migrates = input.upgrade && input.migrates;
		next.code += u8::from(input.upgrade);
		if may_order {
			next.batch_code = next.code;
			let mut ordered = 0;
			for (poison, weight) in input.orders.iter().copied() {
				if ordered + weight <= FULL {
					ordered += weight;
					next.batch.push(Ticket { id: next.next_id, poison, weight, dropped: false });
					next.next_id += 1;
				}
			}
		}
		Some(next)
	}

	/// Builds blocks without orders until the batch is settled. After a rejected block the next one is at a standstill.
	/// Returns the number of blocks and the time of all standstills, in time-outs. `None` after 100 attempts.
	fn settle(mut self, quarantine_after: Option<u8>) -> Option<(u32, u64, Self)> {
		let (mut blocks, mut time, mut gap) = (0, 0, 0);
		for _ in 0..100 {
			if self.batch.is_empty() {
				return Some((blocks, time, self));
			}
			match self.after(&Input { gap, ..PLAIN }, quarantine_after) {
				Some(next) => {
					self = next;
					blocks += 1;
					gap = 0;
				},
				None => {
					assert!(!self.is_standstill(gap), "a block at a standstill is valid");
					gap = timeout(self.recovery.as_ref(), 1);
					time += gap;
				},
			}
		}
		None
	}

	/// Everything that the future depends on.
	fn key(&self) -> impl Eq + std::hash::Hash {
		let batch: Vec<_> = self
			.batch
			.iter()
			.map(|ticket| (ticket.poison, ticket.weight, ticket.dropped))
			.collect();
		let recovery = self.recovery.map(|recovery| {
			(
				recovery.standstills.min(3),
				recovery.limit.map(|limit| limit.min(4)),
				recovery.head_standstills,
			)
		});
		(batch, self.batch_code == self.code, recovery, self.migrates)
	}
}

/// Every ticket ends once, in order, and the others are pending.
fn check(parent: &State, state: &State) {
	let ended = state.ends.iter().map(|(id, _)| *id);
	let all: Vec<u32> = ended.chain(state.batch.iter().map(|ticket| ticket.id)).collect();
	assert_eq!(all, (0..state.next_id).collect::<Vec<_>>());
	assert!(state.ends.starts_with(&parent.ends));
	for (id, end) in &state.ends[parent.ends.len()..] {
		let ticket = parent.batch.iter().find(|ticket| ticket.id == *id);
		let ticket = ticket.expect("the parent ordered the ticket");
		if *end == End::Executed {
			assert!(!ticket.poison && !ticket.dropped);
			assert!(parent.batch_code == parent.code && !parent.migrates);
		}
	}
	assert!(state.recovery.is_none() || !state.batch.is_empty());
}

fn inputs() -> Vec<Input> {
	let (good, poison) = ((false, 1), (true, 1));
	let pools = [
		vec![],
		vec![good],
		vec![poison],
		vec![good, good],
		vec![poison, good],
		vec![good, poison],
		vec![poison, poison],
		vec![(false, FULL)],
	];
	let environments = [
		PLAIN,
		Input { gap: 1, ..PLAIN },
		Input { gap: 2, ..PLAIN },
		Input { gap: 4, ..PLAIN },
		Input { upgrade: true, ..PLAIN },
		Input { upgrade: true, migrates: true, ..PLAIN },
		Input { share: 1, ..PLAIN },
		Input { share: 1, gap: 4, upgrade: true, ..PLAIN },
		Input { drop_head: true, ..PLAIN },
		Input { drop_head: true, gap: 4, ..PLAIN },
	];
	let with = |orders: &Vec<(bool, u32)>, input: &Input| Input {
		orders: orders.clone(),
		..input.clone()
	};
	pools
		.iter()
		.flat_map(|orders| environments.iter().map(move |input| with(orders, input)))
		.collect()
}

/// Explores all histories. Returns the number of states, and the longest time until a batch is settled, in time-outs.
fn explore(depth: u32, quarantine_after: Option<u8>) -> (usize, u64) {
	let (inputs, mut longest) = (inputs(), 0);
	let mut level = vec![State::default()];
	let mut seen = HashSet::from([State::default().key()]);
	for _ in 0..depth {
		let mut following = Vec::new();
		for (state, input) in
			level.iter().flat_map(|state| inputs.iter().map(move |input| (state, input)))
		{
			let Some(next) = state.after(input, quarantine_after) else {
				assert!(!state.is_standstill(input.gap), "a block at a standstill is valid");
				continue;
			};
			check(state, &next);
			if seen.insert(next.key()) {
				match next.clone().settle(quarantine_after) {
					Some((_, time, _)) => longest = longest.max(time),
					// Governance drops the ticket.
					None => assert!(
						quarantine_after.is_none() && next.batch.iter().any(|ticket| ticket.poison)
					),
				}
				following.push(next);
			}
		}
		level = following;
	}
	(seen.len(), longest)
}

#[test]
fn every_ticket_ends_once_and_every_wait_ends() {
	// Longest time until a batch of two poisoned tickets is settled, in time-outs.
	for (quarantine_after, longest) in [(Some(1), 11), (Some(2), 19), (Some(3), 27)] {
		let (states, measured) = explore(12, quarantine_after);
		assert!(states > 30, "{states} states");
		assert_eq!(measured, longest, "QuarantineAfter {quarantine_after:?}");
	}
	explore(12, None);
}

#[test]
fn blocks_two_time_outs_apart_execute_all_tickets() {
	let batch: Vec<_> =
		(0..2).map(|id| Ticket { id, poison: false, weight: 1, dropped: false }).collect();
	let mut state = State { next_id: 2, batch, ..State::default() };
	for _ in 0..4 {
		state = state.after(&Input { gap: 2, ..PLAIN }, None).unwrap();
	}
	assert_eq!(state.ends, [(0, End::Executed), (1, End::Executed)]);
}
