// What a fault does to the pipeline, from the observer's lines (observer/README.md) around it.

// Nothing is backed with a change of session, and what was under way is dropped: relay blocks this close to
// one say nothing about a fault.
const AROUND_SESSION = 3;

// Those of `lines` that are not close to a change of session.
export function calm(lines) {
	const sessions = lines.filter(({ session }) => session !== null).map(({ number }) => number);
	return lines.filter(({ number }) => sessions.every((session) => Math.abs(session - number) > AROUND_SESSION));
}

// How long the unincluded segment usually is, in blocks: the median over the calm ones of `lines`, which
// must have a length. null if none has.
export function usualLength(lines) {
	const lengths = calm(lines).map(({ unincluded }) => unincluded).filter((length) => length !== null).sort((a, b) => a - b);
	return lengths[Math.floor((lengths.length - 1) / 2)] ?? null;
}

// With which relay block above `after` the pipeline runs again: the last of the first `window` calm relay
// blocks in a row of which `least` brought a backed candidate, at the end of which the segment is no longer
// than `usual` and has drained of all that was under way before: as many blocks are included as `tip`, the
// number of the last one built until then. undefined if it does not yet.
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

// What happened in the relay blocks `from` to `to`:
//   relayBlocks, sessions   how many there were, and with a change of session
//   idle                    without a backed candidate, those with a change of session aside
//   backed, included        parachain blocks
//   again                   parachain blocks in candidates that were proposed again
//   timedOut, dropped       candidates; dropped ones by a change of session
//   lost                    parachain blocks of which another was included
//   longest                 the segment, in blocks; null if nobody told
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

// For people.
export function tallyText({ relayBlocks, sessions, idle, backed, included, again, timedOut, dropped, lost, longest }) {
	return `${relayBlocks} relay blocks, ${sessions} with a change of session, ${idle} others without a candidate; ${backed} blocks backed, ${included} included, ${again} proposed again, ${lost} lost; candidates: ${timedOut} timed out, ${dropped} dropped with the session; the segment at most ${longest ?? '?'} blocks`;
}

// What was backed while the only validator that may back the parachain was stopped:
//   stopped, resumed   the best relay block when it was stopped, and the last one before it was resumed
// Returns { made, idle }: `made` are the backed blocks that were first seen after that validator was stopped, and `idle`
// is the number of relay blocks up to `resumed`, in a row, that backed nothing. What was seconded before may still be
// backed. A block counts from the second relay block on: it may be seen some seconds after a validator has it.
export function backedWhileStopped(lines, { stopped, resumed }) {
	const those = lines.filter(({ number }) => number > stopped && number <= resumed);
	const late = new Set(those.filter(({ number }) => number > stopped + 1).flatMap(({ collated }) => collated.map(({ hash }) => hash)));
	const made = those.flatMap(({ backed }) => backed.flatMap(({ blocks }) => blocks)).filter(({ hash }) => late.has(hash));
	const last = those.findLastIndex(({ backed }) => backed.length > 0);
	return { made, idle: those.length - 1 - last };
}

// The indices of the validators that back on `core`, from what ParachainHost.validator_groups answers.
export function backersOf(core, [groups, { session_start_block, group_rotation_frequency, now }]) {
	const rotations = group_rotation_frequency > 0 ? Math.floor((now - session_start_block) / group_rotation_frequency) : 0;
	return groups[(core + rotations) % groups.length];
}
