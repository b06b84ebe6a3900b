// SPDX-License-Identifier: GPL-3.0-only

//! What happens to parachain blocks, in a line per relay block: `R7: P4(I) P5(B) P6(C)`.
//!
//! It is the picture that `observer/` draws of a running network, with the same letters. Only that
//! this relay chain also tells why something did not happen.

use super::{
	author::SlotUse,
	pipeline::{Candidate, Happened},
};
use cumulus_primitives_core::relay_chain::BlockNumber;
use std::{collections::BTreeMap, fmt};

/// What a parachain block is called: `P7`, `P7'` if it is the second of that number, and so on. From
/// the fifth on they are counted: `P7'4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
	/// The block's number.
	pub(crate) number: u32,
	/// Blocks of that number that were built before it.
	pub(crate) before: u32,
}

impl Name {
	fn without_p(&self) -> String {
		match self.before {
			few @ 0..=3 => format!("{}{}", self.number, "'".repeat(few as usize)),
			many => format!("{}'{many}", self.number),
		}
	}
}

impl fmt::Display for Name {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "P{}", self.without_p())
	}
}

/// The blocks of a bundle, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
	/// The first of them.
	pub(crate) first: Name,
	/// The last of them.
	pub(crate) last: Name,
}

impl fmt::Display for Blocks {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.first == self.last {
			true => write!(f, "{}", self.first),
			false => write!(f, "{}-{}", self.first, self.last.without_p()),
		}
	}
}

/// Gives blocks their names.
#[derive(Debug, Default)]
pub(crate) struct Names {
	/// How many blocks of a number were built.
	built: BTreeMap<u32, u32>,
}

impl Names {
	/// The name of a new block with that number. Numbers up to `final_number` will not come again.
	pub(crate) fn give(&mut self, number: u32, final_number: u32) -> Name {
		self.built = self.built.split_off(&final_number.saturating_add(1));
		let built = self.built.entry(number).or_insert(0);
		let name = Name { number, before: *built };
		*built += 1;
		name
	}
}

/// The line for relay block `number`.
///
/// - `used`: what was made of the relay slot, `None` for a block that came too late to be built on.
/// - `cores`: how many cores the parachain has; they are only named if there are several.
/// - `under_way`: how many parachain blocks are built and not included.
pub(crate) fn line(
	number: BlockNumber,
	happened: &Happened,
	used: Option<&SlotUse>,
	cores: u8,
	under_way: u32,
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
	let collated = used.map_or(&[][..], |used| &used.collated);
	let parts = happened
		.included
		.iter()
		.map(show('I', true))
		.chain(happened.lost.iter().map(show('L', false)))
		.chain(happened.backed.iter().map(show('B', true)))
		.chain(collated.iter().map(|blocks| format!("{blocks}(C)")))
		.collect::<Vec<_>>();

	let mut line = match parts.is_empty() {
		true => format!("R{number}: -"),
		false => format!("R{number}: {}", parts.join(" ")),
	};
	if let Some(missed) = &happened.missed {
		line += &format!(" | {} missed a chance to be backed", missed.blocks);
	}
	if let Some(SlotUse { collated, end: Some(end) }) = used {
		let none = if collated.is_empty() { "no block" } else { "no further block" };
		line += &format!(" | {none}: {end}");
	}
	line + &format!(" | {under_way} under way")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::dev::author::NoBlock;

	fn blocks(first: (u32, u32), last: (u32, u32)) -> Blocks {
		let name = |(number, before)| Name { number, before };
		Blocks { first: name(first), last: name(last) }
	}

	fn candidate(number: u32, core: u8) -> Candidate {
		Candidate { blocks: blocks((number, 0), (number, 0)), core, ..Candidate::for_tests(0, 1) }
	}

	#[test]
	fn blocks_have_the_names_that_the_observer_gives_them() {
		assert_eq!(blocks((4, 0), (4, 0)).to_string(), "P4");
		assert_eq!(blocks((4, 1), (4, 1)).to_string(), "P4'");
		assert_eq!(blocks((4, 0), (6, 0)).to_string(), "P4-6");
		assert_eq!(blocks((4, 2), (6, 1)).to_string(), "P4''-6'");
		assert_eq!(blocks((4, 3), (5, 4)).to_string(), "P4'''-5'4");
	}

	#[test]
	fn a_number_that_comes_again_gets_a_mark() {
		let mut names = Names::default();
		let mut give = |number, final_number| names.give(number, final_number).to_string();
		assert_eq!([give(1, 0), give(2, 0), give(3, 0)], ["P1", "P2", "P3"]);
		assert_eq!([give(2, 1), give(3, 1), give(4, 1), give(2, 1)], ["P2'", "P3'", "P4", "P2''"]);
		assert_eq!(names.give(5, 4).to_string(), "P5");
		assert_eq!(names.built.len(), 1, "what is final is forgotten");
	}

	#[test]
	fn a_line_shows_what_happened_in_the_order_of_a_block_s_life() {
		let happened = Happened {
			included: vec![candidate(4, 0)],
			backed: vec![candidate(5, 0)],
			..Default::default()
		};
		let mut used = SlotUse { collated: vec![blocks((6, 0), (8, 0))], end: None };
		let line_of = |used: &SlotUse, cores| line(7, &happened, Some(used), cores, 2);
		assert_eq!(line_of(&used, 1), "R7: P4(I) P5(B) P6-8(C) | 2 under way");
		assert_eq!(line_of(&used, 3), "R7: P4(I@0) P5(B@0) P6-8(C) | 2 under way");
		used.end = Some(NoBlock::RelayParentUsed);
		assert!(line_of(&used, 1).contains(" | no further block: "), "{}", line_of(&used, 1));
		used.collated.clear();
		assert!(line_of(&used, 1).contains(" | no block: "), "{}", line_of(&used, 1));
	}

	#[test]
	fn trouble_is_told() {
		let happened = Happened {
			lost: vec![candidate(5, 0), candidate(6, 0)],
			missed: Some(candidate(4, 0)),
			..Default::default()
		};
		assert_eq!(
			line(8, &happened, None, 1, 1),
			"R8: P5(L) P6(L) | P4 missed a chance to be backed | 1 under way",
		);
		assert_eq!(line(9, &Happened::default(), None, 1, 0), "R9: - | 0 under way");
	}
}
