// Evaluates the pipeline around a fault, from the observer's lines (observer/README.md).

// A change of session drops unincluded candidates, and nothing is backed in that relay block. Relay blocks within
// this distance say nothing about a fault.
const AROUND_SESSION = 3;

// Returns those of `lines` that are not close to a change of session.
export function calm(lines) {
	const sessions = lines.filter(({ session }) => session !== null).map(({ number }) => number);
	return lines.filter(({ number }) => sessions.every((session) => Math.abs(session - number) > AROUND_SESSION));
}

// Returns the usual length of the unincluded segment, in blocks: the median over those of `lines` that are not
// close to a change of session, or null if no line has a length.
export function usualLength(lines) {
	const lengths = calm(lines).map(({ unincluded }) => unincluded).filter((length) => length !== null).sort((a, b) => a - b);
	return lengths[Math.floor((lengths.length - 1) / 2)] ?? null;
}

// Returns the relay block above `after` from which the pipeline has recovered, or undefined. From there `window`
// relay blocks (changes of session aside) have at least `least` backed candidates, the segment is at most `usual`
// blocks long at their end, and all blocks up to `tip`, the newest one built before, are included.
export function recoveredWith(lines, { after, tip, usual, window, least }) {
	const later = calm(lines).filter(({ number }) => number > after);
	for (let end = window; end <= later.length; end += 1) {
		const row = later.slice(end - window, end);
		const last = row.at(-1);
		const backed = row.filter((line) => line.backed.length > 0).length;
		if (backed >= least && last.head >= tip && last.unincluded !== null && last.unincluded <= usual) return last.number;
	}
	return undefined;
}

// Returns the figures of the relay blocks `from` to `to`:
//   relayBlocks, sessions   number of relay blocks, and of those with a change of session
//   idle                    relay blocks without a backed candidate, those with a change of session aside
//   backed, included        parachain blocks
//   again                   parachain blocks in re-proposed candidates
//   timedOut, dropped       candidates that timed out, or were dropped by a change of session
//   lost                    parachain blocks of whose number another was included
//   longest                 maximum length of the segment, in blocks; null if unknown
export function tally(lines, from, to) {
	const those = lines.filter(({ number }) => number >= from && number <= to);
	const sum = (count) => those.reduce((total, line) => total + count(line), 0);
	const blocksOf = (candidates) => candidates.reduce((total, { blocks }) => total + blocks.length, 0);
	const lengths = those.map(({ unincluded }) => unincluded).filter((length) => length !== null);
	return {
		relayBlocks: those.length,
		sessions: sum(({ session }) => (session === null ? 0 : 1)),
		idle: sum(({ session, backed }) => (session === null && backed.length === 0 ? 1 : 0)),
		backed: sum(({ backed }) => blocksOf(backed)),
		included: sum(({ included }) => blocksOf(included)),
		again: sum(({ backed }) => blocksOf(backed.filter(({ again }) => again))),
		timedOut: sum(({ timedOut }) => timedOut.length),
		dropped: sum(({ dropped }) => dropped.length),
		lost: sum(({ lost }) => lost.length),
		longest: lengths.length > 0 ? Math.max(...lengths) : null,
	};
}

// Returns the figures as text.
export function tallyText({ relayBlocks, sessions, idle, backed, included, again, timedOut, dropped, lost, longest }) {
	return `${relayBlocks} relay blocks, ${sessions} with a change of session, ${idle} others without a candidate; ${backed} blocks backed, ${included} included, ${again} re-proposed, ${lost} lost; candidates: ${timedOut} timed out, ${dropped} dropped by a change of session; segment at most ${longest ?? '?'} blocks`;
}

// Returns what was backed while the only validator of the parachain's backing group was stopped:
//   stopped, resumed   the best relay block when it was stopped, and the last one before it was resumed
// `made` are the backed blocks that were first seen after that validator was stopped. `idle` is the number of
// consecutive relay blocks up to `resumed` that backed nothing. Candidates seconded earlier may still be backed. A
// block counts from the second relay block on: the observer may see it some seconds after a validator has it.
export function backedWhileStopped(lines, { stopped, resumed }) {
	const those = lines.filter(({ number }) => number > stopped && number <= resumed);
	const late = new Set(those.filter(({ number }) => number > stopped + 1).flatMap(({ collated }) => collated.map(({ hash }) => hash)));
	const made = those.flatMap(({ backed }) => backed.flatMap(({ blocks }) => blocks)).filter(({ hash }) => late.has(hash));
	const last = those.findLastIndex(({ backed }) => backed.length > 0);
	return { made, idle: those.length - 1 - last };
}

// Returns the indices of the validators that back on `core`, from the result of ParachainHost.validator_groups.
export function backersOf(core, [groups, { session_start_block, group_rotation_frequency, now }]) {
	const rotations = group_rotation_frequency > 0 ? Math.floor((now - session_start_block) / group_rotation_frequency) : 0;
	return groups[(core + rotations) % groups.length];
}
