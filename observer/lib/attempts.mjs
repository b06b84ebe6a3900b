// The attempts of a candidate to be backed.
//
// A chance of a candidate is a relay block that may back it. The relay chain (2609) backs a candidate in any
// relay block above its scheduling parent, up to `lookahead` relay blocks above, as long as the session does
// not change, whatever claim queue offset the candidate names. Descriptors of version 1 and 2 have no scheduling
// parent of their own: it is the relay parent.
//
// The first chance is the relay block above the newest one that the candidate cannot have been made without:
//   version 1 and 2   relay parent + relay parent offset: the block holds the headers up to there
//   version 3         scheduling parent: the candidate holds the headers down from there
// So a candidate has `lookahead - relay parent offset` chances with version 2, and `lookahead` with version 3.
//
// Attempt n is the n-th chance: the first relay block that could back the candidate is attempt 1, whether or not
// a validator had the candidate by then. Relay blocks in which the core belongs to another parachain are no
// chances.

// Relay blocks that are remembered with the cores that they gave the parachain. No lookahead is longer.
export const REMEMBERED = 32;

// Returns the number of the relay block that is the first chance; undefined if it is unknown. All are numbers of
// relay blocks, undefined where unknown; `schedulingParent` is null for a descriptor that has none.
export function firstChance({ relayParent, schedulingParent, relayParentOffset }) {
	const newest = schedulingParent === null ? relayParent + relayParentOffset : schedulingParent;
	return Number.isInteger(newest) ? newest + 1 : undefined;
}

// Returns the attempt, from 1, with which the relay block `number` backed a candidate on `core`; null if it is
// unknown. `turns` are the relay blocks before it: [{ number, cores }] with the cores of the parachain, null if
// the relay chain did not tell.
export function attemptAt({ first, number, core, turns }) {
	if (first === undefined || number < first) return null;
	const others = turns.filter((turn) => turn.number >= first && turn.number < number && turn.cores !== null && !turn.cores.includes(core));
	return number - first + 1 - others.length;
}

// Whether a parachain block begins a candidate: the first of its bundle, or any block of a chain without bundles.
export function beginsCandidate({ digest }) {
	return digest?.bundle === undefined || digest.bundle.index === 0;
}
