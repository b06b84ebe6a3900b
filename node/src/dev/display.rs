// SPDX-License-Identifier: GPL-3.0-only

//! Log line of a relay block: `R7: P4(I) P5(B) P6(C)`.
//!
//! It uses the marks of `observer/`. The simulated relay chain also shows reasons.

use super::{
	labels::LOG_TARGET,
	pipeline::{Candidate, Events},
	relay::{header_of, RelayBlock, SimulatedRelay},
	slot_outcome::SlotOutcome,
};
use cumulus_primitives_core::relay_chain::BlockNumber;

/// Returns the line for relay block `number`.
///
/// - `outcome`: outcome of the relay slot; `None` for an abandoned block, which no collator builds on.
/// - `cores`: number of the parachain's cores; a core is only shown if there are several.
/// - `unincluded`: number of unincluded parachain blocks.
fn line(
	number: BlockNumber,
	events: &Events,
	outcome: Option<&SlotOutcome>,
	cores: u8,
	unincluded: u32,
) -> String {
	let on_core = |core: u8| match cores {
		1 => String::new(),
		_ => format!("@{core}"),
	};
	let show = |letter: char, with_core: bool| {
		move |candidate: &Candidate| match with_core {
			true => format!("{}({letter}{})", candidate.blocks, on_core(candidate.core)),
			false => format!("{}({letter})", candidate.blocks),
		}
	};
	let collated = outcome.map_or(&[][..], |outcome| &outcome.collated);
	let parts = events
		.included
		.iter()
		.map(show('I', true))
		.chain(events.expired.iter().map(show('L', false)))
		.chain(events.timed_out.iter().map(show('T', true)))
		.chain(events.session_ended.iter().map(show('D', true)))
		.chain(events.backed.iter().map(show('B', true)))
		.chain(collated.iter().map(|blocks| format!("{blocks}(C)")))
		.collect::<Vec<_>>();

	let mut line = match parts.is_empty() {
		true => format!("R{number}: -"),
		false => format!("R{number}: {}", parts.join(" ")),
	};
	if events.begins_session {
		line += " | a relay session starts: nothing is backed";
	}
	if let Some(late) = &events.unavailable {
		line += &format!(" | {} is not available yet", late.blocks);
	}
	if let Some(missed) = &events.missed {
		line += &format!(" | {} missed an attempt", missed.blocks);
	}
	if let Some(Candidate { blocks, invalid: Some(reason), .. }) = &events.invalid {
		line += &format!(" | {blocks} is invalid and not backed: {reason}");
	}
	if let Some(SlotOutcome { collated, end: Some(end) }) = outcome {
		let none = if collated.is_empty() { "no block" } else { "no further block" };
		line += &format!(" | {none}: {end}");
	}
	line + &format!(" | {unincluded} unincluded")
}

/// Logs that `sibling` has replaced a relay block, and the sibling's events.
pub(crate) fn log_branch(relay: &SimulatedRelay, sibling: &RelayBlock) {
	log::info!(
		target: LOG_TARGET,
		"-- relay chain reorganization: R{} abandoned",
		sibling.header.number,
	);
	log_block(relay, sibling, None);
}

/// Logs the events of a relay block.
pub(crate) fn log_block(relay: &SimulatedRelay, block: &RelayBlock, outcome: Option<&SlotOutcome>) {
	let number_of = |head| header_of(head).map_or(0, |header| header.number);
	let unincluded = number_of(relay.newest_head()).saturating_sub(number_of(&block.para.included));
	let line = line(block.header.number, &block.events, outcome, relay.cores(), unincluded);
	log::info!(target: LOG_TARGET, "{line}");
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::dev::{
		labels::{BlockLabel, BundleLabel},
		slot_outcome::NoBlock,
	};

	fn bundle(first: u32, last: u32) -> BundleLabel {
		let label = |number| BlockLabel { number, before: 0 };
		BundleLabel { first: label(first), last: label(last) }
	}

	fn candidate(number: u32, core: u8) -> Candidate {
		Candidate { blocks: bundle(number, number), core, ..Candidate::for_tests(0, 1) }
	}

	#[test]
	fn a_line_shows_included_then_backed_then_collated_blocks() {
		let events = Events {
			included: vec![candidate(4, 0)],
			backed: vec![candidate(5, 0)],
			..Default::default()
		};
		let mut outcome = SlotOutcome { collated: vec![bundle(6, 8)], end: None };
		let line_of = |outcome: &SlotOutcome, cores| line(7, &events, Some(outcome), cores, 2);
		assert_eq!(line_of(&outcome, 1), "R7: P4(I) P5(B) P6-8(C) | 2 unincluded");
		assert_eq!(line_of(&outcome, 3), "R7: P4(I@0) P5(B@0) P6-8(C) | 2 unincluded");
		outcome.end = Some(NoBlock::RelayParentUsed);
		let text = line_of(&outcome, 1);
		assert!(text.contains(" | no further block: "), "{text}");
		outcome.collated.clear();
		let text = line_of(&outcome, 1);
		assert!(text.contains(" | no block: "), "{text}");
	}

	#[test]
	fn a_line_shows_why_a_candidate_is_not_backed_or_included() {
		let line = |events| line(8, &events, None, 1, 1);
		let events = Events {
			expired: vec![candidate(5, 0), candidate(6, 0)],
			missed: Some(candidate(4, 0)),
			..Default::default()
		};
		assert_eq!(line(events), "R8: P5(L) P6(L) | P4 missed an attempt | 1 unincluded",);
		let events = Events { unavailable: Some(candidate(4, 0)), ..Default::default() };
		assert_eq!(line(events), "R8: - | P4 is not available yet | 1 unincluded");
		let events = Events { timed_out: vec![candidate(4, 0)], ..Default::default() };
		assert_eq!(line(events), "R8: P4(T) | 1 unincluded");
		let events = Events { session_ended: vec![candidate(4, 0)], ..Default::default() };
		assert_eq!(line(events), "R8: P4(D) | 1 unincluded");
		let events = Events { begins_session: true, ..Default::default() };
		assert_eq!(
			line(events),
			"R8: - | a relay session starts: nothing is backed | 1 unincluded",
		);
		let invalid = Candidate { invalid: Some("the reason".into()), ..candidate(4, 0) };
		let events = Events { invalid: Some(invalid), ..Default::default() };
		assert_eq!(line(events), "R8: - | P4 is invalid and not backed: the reason | 1 unincluded",);
		assert_eq!(line(Events::default()), "R8: - | 1 unincluded");
	}
}
