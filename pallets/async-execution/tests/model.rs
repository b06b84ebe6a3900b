//! Model of the lane: which tickets a block orders and executes, and how the circuit breaker keeps the chain
//! running. Explored exhaustively to a small depth, and simulated for large batches.

use std::collections::{BTreeSet, HashSet};

/// State of the circuit breaker, for the pending batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Recovery {
	/// No standstill with this batch.
	None,
	/// One standstill: the next block executes the whole batch.
	Retry,
	/// At most `limit` tickets per block. `standstills`: with this head at limit 1.
	Limited { limit: u32, standstills: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Ticket {
	id: u32,
	/// Executing it makes the block invalid.
	poison: bool,
	/// Weight, in parts of a block's share of 2.
	weight: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum End {
	Executed,
	Quarantined,
	Dropped,
}

/// State after a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
	next_id: u32,
	batch: Vec<Ticket>,
	/// Code under which the batch was ordered.
	batch_code: u8,
	recovery: Recovery,
	code: u8,
	migrating: bool,
	ends: Vec<(u32, End)>,
}

/// What the environment does in a block. The author has no choice.
#[derive(Clone, Debug, Default)]
struct Input {
	/// The slot is more than `StallTimeout` after the parent's.
	standstill: bool,
	/// Tickets in the pool: poison, weight.
	orders: Vec<(bool, u32)>,
	/// The block applies new code. Its migration lasts for one more block if `migrates`.
	upgrade: bool,
	migrates: bool,
	/// The block's share of the batch: 2, or 1 after a lost core or without bundle digests.
	share: u32,
	/// Governance drops the head.
	drop_head: bool,
}

const SHARE: u32 = 2;

/// The state after a block on `state`, or `None` if validators reject it. A pure function.
fn apply(state: &State, input: &Input, quarantine_after: Option<u8>) -> Option<State> {
	let mut next = state.clone();
	let end = |next: &mut State, end| {
		let ticket = next.batch.remove(0);
		next.ends.push((ticket.id, end));
	};
	if !next.batch.is_empty() {
		if next.batch_code != next.code {
			while !next.batch.is_empty() {
				end(&mut next, End::Dropped);
			}
		} else if input.standstill {
			next.recovery = match next.recovery {
				Recovery::None => Recovery::Retry,
				Recovery::Retry => Recovery::Limited { limit: 1, standstills: 0 },
				Recovery::Limited { limit, .. } if limit > 1 => Recovery::Limited { limit: 1, standstills: 0 },
				Recovery::Limited { standstills, .. } => {
					let standstills = standstills.saturating_add(1);
					if quarantine_after.is_some_and(|after| standstills >= after) {
						end(&mut next, End::Quarantined);
						Recovery::Limited { limit: 1, standstills: 0 }
					} else {
						Recovery::Limited { limit: 1, standstills }
					}
				},
			};
		} else if !next.migrating {
			let limit = match next.recovery {
				Recovery::Limited { limit, .. } => limit,
				_ => u32::MAX,
			};
			let (mut used, mut executed) = (0, 0);
			while executed < limit && !next.batch.is_empty() {
				let head = next.batch[0].clone();
				if head.weight > SHARE {
					end(&mut next, End::Quarantined);
				} else if used + head.weight > input.share {
					break;
				} else {
					if head.poison {
						return None;
					}
					used += head.weight;
					executed += 1;
					end(&mut next, End::Executed);
				}
			}
			if let (Recovery::Limited { limit, .. }, true) = (next.recovery, executed > 0) {
				next.recovery = Recovery::Limited { limit: limit.saturating_mul(2), standstills: 0 };
			}
		}
	}
	if input.drop_head && !next.batch.is_empty() {
		end(&mut next, End::Dropped);
	}
	if next.batch.is_empty() {
		next.recovery = Recovery::None;
	}
	// Calls of the block, after its batch.
	let migrating = next.migrating;
	next.migrating = input.upgrade && input.migrates;
	if input.upgrade {
		next.code += 1;
	}
	if next.batch.is_empty() && !input.upgrade && !migrating && !next.migrating {
		let mut ordered = 0;
		for (poison, weight) in &input.orders {
			if ordered + weight <= SHARE {
				ordered += weight;
				next.batch.push(Ticket { id: next.next_id, poison: *poison, weight: *weight });
				next.next_id += 1;
			}
		}
		next.batch_code = next.code;
	}
	Some(next)
}

fn genesis() -> State {
	State { next_id: 0, batch: vec![], batch_code: 0, recovery: Recovery::None, code: 0, migrating: false, ends: vec![] }
}

/// Runs blocks without orders until the batch is empty. A rejected block makes the next one a standstill.
/// Returns (blocks, standstills), or `None` after `most` attempts.
fn settle(mut state: State, quarantine_after: Option<u8>, most: u32) -> Option<(u32, u32, State)> {
	let (mut blocks, mut standstills, mut standstill) = (0, 0, false);
	for _ in 0..most {
		if state.batch.is_empty() {
			return Some((blocks, standstills, state));
		}
		match apply(&state, &Input { standstill, share: SHARE, ..Input::default() }, quarantine_after) {
			Some(next) => {
				state = next;
				blocks += 1;
				standstill = false;
			},
			None => {
				assert!(!standstill, "a block at a standstill executes nothing, so it is valid");
				standstills += 1;
				standstill = true;
			},
		}
	}
	None
}

/// Every ticket ends once, in order; those that have not ended are the batch.
fn check(state: &State, was: &State) {
	let ids: Vec<u32> = state.ends.iter().map(|(id, _)| *id).chain(state.batch.iter().map(|t| t.id)).collect();
	assert_eq!(ids, (0..state.next_id).collect::<Vec<_>>());
	assert!(state.ends.starts_with(&was.ends));
	for (id, end) in &state.ends[was.ends.len()..] {
		let ran = was.batch.iter().find(|ticket| ticket.id == *id).expect("ordered in an earlier block");
		if *end == End::Executed {
			assert!(!ran.poison && was.batch_code == was.code && !was.migrating);
		}
	}
	assert!(state.recovery == Recovery::None || !state.batch.is_empty());
}

fn inputs() -> Vec<Input> {
	let orders: [Vec<(bool, u32)>; 8] = [
		vec![], vec![(false, 1)], vec![(true, 1)], vec![(false, 1), (false, 1)],
		vec![(true, 1), (false, 1)], vec![(false, 1), (true, 1)], vec![(true, 1), (true, 1)], vec![(false, 2)],
	];
	let mut all = vec![];
	for orders in orders {
		for (standstill, upgrade, migrates, share, drop_head) in [
			(false, false, false, 2, false), (true, false, false, 2, false), (false, true, false, 2, false),
			(false, true, true, 2, false), (false, false, false, 1, false), (true, true, false, 1, false),
			(false, false, false, 2, true), (true, false, false, 2, true),
		] {
			all.push(Input { standstill, orders: orders.clone(), upgrade, migrates, share, drop_head });
		}
	}
	all
}

fn explore(depth: u32, quarantine_after: Option<u8>) -> (usize, u32) {
	let (inputs, mut longest) = (inputs(), 0);
	// The past does not influence the future: only the number of ended tickets is kept.
	let key = |s: &State| (s.batch.iter().map(|t| (t.poison, t.weight)).collect::<Vec<_>>(), s.batch_code == s.code, s.recovery, s.migrating);
	let (mut seen, mut level) = (HashSet::new(), vec![genesis()]);
	seen.insert(key(&genesis()));
	for _ in 0..depth {
		let mut following = vec![];
		for state in &level {
			for input in &inputs {
				let Some(next) = apply(state, input, quarantine_after) else {
					assert!(!input.standstill);
					continue;
				};
				check(&next, state);
				if !seen.insert(key(&next)) {
					continue;
				}
				let poison = next.batch.iter().any(|ticket| ticket.poison);
				match settle(next.clone(), quarantine_after, 100) {
					Some((_, standstills, last)) => {
						longest = longest.max(standstills);
						check(&last, &last);
					},
					None => assert!(poison && quarantine_after.is_none(), "{next:?} never settles"),
				}
				following.push(next);
			}
		}
		level = following;
	}
	(seen.len(), longest)
}

fn main() {
	for quarantine_after in [Some(1), Some(2), Some(3), None] {
		let (states, longest) = explore(12, quarantine_after);
		println!("QuarantineAfter {quarantine_after:?}: {states} states, at most {longest} standstills until the batch is done");
	}
	println!("512 tickets, poison at: blocks, standstills (QuarantineAfter 2)");
	for poison in [vec![], vec![1u32], vec![2], vec![500], vec![1, 2], vec![1, 500], (1..=8).collect()] {
		let poison: BTreeSet<u32> = poison.into_iter().collect();
		let batch = (0..512).map(|id| Ticket { id, poison: poison.contains(&(id + 1)), weight: 0 }).collect();
		let state = State { next_id: 512, batch, ..genesis() };
		let (blocks, standstills, last) = settle(state, Some(2), 10_000).expect("it settles");
		let quarantined = last.ends.iter().filter(|(_, end)| *end == End::Quarantined).count();
		println!("{poison:?}: {blocks} blocks, {standstills} standstills, {quarantined} quarantined");
	}
	// Every block is 2 x StallTimeout after its parent, by the rules as they stand.
	let mut state = State { batch: (0..4).map(|id| Ticket { id, poison: false, weight: 0 }).collect(), next_id: 4, ..genesis() };
	for _ in 0..50 {
		state = apply(&state, &Input { standstill: true, share: SHARE, ..Input::default() }, None).unwrap();
	}
	println!("50 blocks at 2 x StallTimeout, QuarantineAfter None: {} of 4 executed, recovery {:?}", state.ends.len(), state.recovery);
	// A natural halt: one block without a batch, nothing quarantined.
	let halted = apply(&State { batch: vec![Ticket { id: 0, poison: false, weight: 1 }], next_id: 1, ..genesis() }, &Input { standstill: true, share: SHARE, ..Input::default() }, Some(1)).unwrap();
	println!("one halt: {:?}", settle(halted, Some(1), 10).map(|(b, s, l)| (b, s, l.ends)));
}
