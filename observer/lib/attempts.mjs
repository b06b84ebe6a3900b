// Attempts of a candidate to be backed.
//
// A chance is a relay block that may back the candidate. The relay chain (2609) backs a candidate in relay blocks
// above its scheduling parent, up to `lookahead` relay blocks above, within the same session. The claim queue
// offset in the candidate does not matter. In descriptors of version 1 and 2 the relay parent is the scheduling
// parent.
//
// The first chance is one relay block above the newest relay block that the candidate contains:
//   version 1 and 2   relay parent + relay parent offset: the block contains the headers up to there
//   version 3         scheduling parent: the candidate contains the headers from there downwards
// A candidate has `lookahead - relay parent offset` chances with version 2, and `lookahead` with version 3.
//
// Attempt n is the n-th chance: attempt 1 is the first relay block that could back the candidate, even if no
// validator had the candidate by then. Relay blocks in which the core is assigned to another parachain are not
// chances.

// Number of relay blocks whose cores are remembered. No relay chain has a longer lookahead.
export const REMEMBERED = 32;

// Returns the number of the relay block that is the first chance, or undefined if it is unknown. All arguments are
// relay block numbers, undefined if unknown. `schedulingParent` is null for a descriptor without one.
export function firstChance({ relayParent, schedulingParent, relayParentOffset }) {
	const newest = schedulingParent === null ? relayParent + relayParentOffset : schedulingParent;
	return Number.isInteger(newest) ? newest + 1 : undefined;
}

// Returns the attempt (from 1) on which relay block `number` backed a candidate on `core`, or null if it is
// unknown. `turns` are the previous relay blocks: [{ number, cores }] with the parachain's cores, null if unknown.
export function attemptAt({ first, number, core, turns }) {
	if (first === undefined || number < first) return null;
	const others = turns.filter((turn) => turn.number >= first && turn.number < number && turn.cores !== null && !turn.cores.includes(core));
	return number - first + 1 - others.length;
}

// Returns whether a parachain block starts a candidate: the first block of a bundle, or any block of a chain
// without bundles.
export function beginsCandidate({ digest }) {
	return digest?.bundle === undefined || digest.bundle.index === 0;
}
