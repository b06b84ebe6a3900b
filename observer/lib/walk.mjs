// What becomes of a parachain's candidates, relay block by relay block: a walk along one branch of the
// relay chain. It knows the parachain's blocks only through what it is given, and events only through
// the relay blocks it is led over, so the same branch always gives the same figures.
import { REMEMBERED, attemptAt, beginsCandidate, firstChance } from './attempts.mjs';
import { add, copy, histogram } from './histogram.mjs';

// Milliseconds: finer differences between arrivals say more about the machine than about the chain.
const INTERVAL_STEP = 10;

// A walk that begins after the relay block `hash`, and knows nothing of what was before.
export function startWalk(hash, number) {
	return {
		// The relay block it has come to.
		hash,
		number,
		// The parachain's latest included block: { hash, number }, the hash undefined if nobody told it.
		included: undefined,
		// Backed candidates that are not included yet: id -> candidate.
		pending: new Map(),
		// What happened to a parachain block: hash -> { number, backings, timedOut, dropped, includedIn, lost }.
		// `includedIn` is null if it was in a relay block that nobody saw.
		progress: new Map(),
		// Cores that backed something since the session began.
		cores: new Set(),
		// Cores that are the parachain's in the next relay block, or null if the relay chain did not tell.
		next: null,
		// The last relay blocks, with the cores that were the parachain's in them: [{ number, cores }].
		turns: [],
		// Whether there was a candidate.
		started: false,
		totals: {
			relayBlocks: 0,
			// Relay blocks that count for the rates, and what was in them.
			counted: { relayBlocks: 0, candidates: 0, blocks: 0 },
			unread: 0,
			missed: 0,
			sessionChanges: 0,
			// `lost` ones were never backed, and never will be.
			candidates: { backed: 0, included: 0, timedOut: 0, dropped: 0, lost: 0 },
			blocks: { included: 0, lost: 0, reproposed: 0 },
			// Of the blocks that were seen when they were authored.
			authored: { included: 0, lost: 0 },
			chances: { all: 0, missed: 0 },
		},
		// On which attempt candidates were backed, where that is known.
		attempts: histogram(),
		// Relay blocks from a block's relay parent to its inclusion.
		lag: histogram(),
		// Milliseconds between the arrivals of a block and of its child.
		interval: histogram(),
	};
}

export function cloneWalk(walk) {
	const { counted, candidates, blocks, authored, chances } = walk.totals;
	return {
		...walk,
		pending: new Map(walk.pending),
		progress: new Map([...walk.progress].map(([hash, progress]) => [hash, { ...progress }])),
		cores: new Set(walk.cores),
		totals: {
			...walk.totals,
			counted: { ...counted },
			candidates: { ...candidates },
			blocks: { ...blocks },
			authored: { ...authored },
			chances: { ...chances },
		},
		attempts: copy(walk.attempts),
		lag: copy(walk.lag),
		interval: copy(walk.interval),
	};
}

// Lets the walk go on at `root`, whose parent nobody saw. What was backed in between is unknown; what was
// included is not, because a root brings the included head with it.
export function bridge(walk, root) {
	walk.totals.missed += Math.max(0, root.number - 1 - walk.number);
	walk.hash = root.parent;
	walk.number = root.number - 1;
	walk.next = null;
}

// Takes the walk over the relay block `block` and returns what happened in it, as observer/README.md
// describes it. `chain` answers what is known of the parachain and of other relay blocks:
//   block(hash)          a parachain block: { hash, number, parent, digest, seen }, or undefined
//   at(number)           hashes of the parachain blocks of that number, in the order they were seen
//   seenDuring(number)   hashes of those that were first seen while relay block `number` was the best
//   relayNumber(hash)    number of a relay block, or undefined
//   relayParentOffset    that of the parachain, or undefined
export function advance(walk, block, chain) {
	const { totals } = walk;
	const line = {
		number: block.number,
		hash: block.hash,
		parent: block.parent,
		session: block.session ?? null,
		unread: block.unread ?? null,
		included: [],
		backed: [],
		timedOut: [],
		dropped: [],
		collated: chain.seenDuring(block.number).map((hash) => reference(chain, hash)),
		lost: [],
		missed: [],
	};
	const expected = walk.next ?? [...walk.cores];
	walk.turns = [...walk.turns, { number: block.number, cores: walk.next }].slice(-REMEMBERED);
	if (block.root) seed(walk, block, chain, line);

	const steps = { backed: back, included: include, timedOut: timeOut };
	for (const candidate of block.candidates) {
		walk.started = true;
		totals.candidates[candidate.kind] += 1;
		line[candidate.kind].push(steps[candidate.kind](walk, candidate, block, chain, line));
	}

	totals.relayBlocks += 1;
	if (block.unread) {
		totals.unread += 1;
	} else if (block.session !== undefined) {
		totals.sessionChanges += 1;
		dropAll(walk, line, chain);
	} else if (walk.started) {
		const busy = new Set(line.backed.map(({ core }) => core));
		line.missed = expected.filter((core) => !busy.has(core));
		totals.chances.all += new Set([...expected, ...busy]).size;
		totals.chances.missed += line.missed.length;
		totals.counted.relayBlocks += 1;
		totals.counted.candidates += line.backed.length;
		totals.counted.blocks += line.included.reduce((sum, { blocks }) => sum + blocks.length, 0);
	}

	walk.hash = block.hash;
	walk.number = block.number;
	walk.next = block.next ?? null;
	line.head = walk.included?.number ?? null;
	return line;
}

// How lines name a parachain block: `fork` counts those of the same number that were seen before it.
function reference(chain, hash, number = chain.block(hash)?.number) {
	return { number: number ?? null, hash: hash ?? null, fork: Math.max(0, chain.at(number).indexOf(hash)) };
}

// The last `count` blocks up to `head`, in order: [{ hash, number }], the hash undefined where the header of
// the block after it is unknown. None before the first, whatever a digest claims.
function blocksUpTo(head, count, chain) {
	const blocks = [];
	let { hash, number } = head;
	for (let left = count; left > 0 && !(number < 0); left -= 1) {
		blocks.unshift({ hash, number });
		hash = chain.block(hash)?.parent;
		if (number !== undefined) number -= 1;
	}
	return blocks;
}

function progressOf(walk, { hash, number }) {
	if (!walk.progress.has(hash)) walk.progress.set(hash, { number, backings: 0, timedOut: 0, dropped: 0 });
	return walk.progress.get(hash);
}

// As lines show a candidate.
function shown(candidate, blocks, chain, again) {
	return { core: candidate.core, again, blocks: blocks.map(({ hash, number }) => reference(chain, hash, number)) };
}

// How many blocks a candidate holds. A chain that bundles says so in the head's digest; on another they are
// those that follow the latest head on the relay chain, as far as their headers are known.
function sizeOf(walk, candidate, chain) {
	if (candidate.size !== undefined) return candidate.size;
	const heads = new Set([...walk.pending.values()].map(({ head }) => head.hash));
	if (walk.included) heads.add(walk.included.hash);
	let size = 1;
	for (let parent = chain.block(candidate.head.hash)?.parent; !heads.has(parent); size += 1) {
		const block = chain.block(parent);
		if (!block || block.number <= (walk.included?.number ?? -1)) return 1;
		parent = block.parent;
	}
	return size;
}

function back(walk, candidate, block, chain) {
	const blocks = blocksUpTo(candidate.head, sizeOf(walk, candidate, chain), chain);
	let again = false;
	for (const block of blocks) {
		if (block.hash === undefined) continue;
		const progress = progressOf(walk, block);
		progress.backings += 1;
		again ||= progress.backings > 1;
		if (progress.backings === 2) walk.totals.blocks.reproposed += 1;
	}
	walk.pending.set(candidate.id, { ...candidate, size: blocks.length });
	walk.cores.add(candidate.core);
	const attempt = attemptOf(walk, candidate, block.number, chain);
	if (attempt !== null) add(walk.attempts, attempt);
	return { ...shown(candidate, blocks, chain, again), attempt };
}

// The attempt with which the relay block `number` backs `candidate`, null if it is unknown.
function attemptOf({ turns }, candidate, number, chain) {
	const { core, head, schedulingParent } = candidate;
	const first = firstChance({
		relayParent: relayParentNumber(head, candidate, chain),
		schedulingParent: schedulingParent === undefined ? null : chain.relayNumber(schedulingParent),
		relayParentOffset: chain.relayParentOffset,
	});
	return attemptAt({ first, number, core, turns });
}

function include(walk, candidate, block, chain, line) {
	const { head } = candidate;
	const size = walk.pending.get(candidate.id)?.size ?? sizeOf(walk, candidate, chain);
	walk.pending.delete(candidate.id);
	const blocks = blocksUpTo(head, size, chain);
	// A candidate before this one that was included unseen.
	const missed = walk.included ? head.number - size - walk.included.number : 0;
	if (missed > 0) pass(walk, blocksUpTo(head, size + missed, chain).slice(0, missed), null, chain, line);
	pass(walk, blocks, block.number, chain, line);
	walk.included = head;

	const entry = shown(candidate, blocks, chain, false);
	for (const [at, reference] of entry.blocks.entries()) {
		const parent = relayParentNumber(blocks[at], candidate, chain);
		reference.lag = parent === undefined ? null : block.number - parent;
		if (reference.lag !== null) add(walk.lag, reference.lag);
	}
	return entry;
}

function timeOut(walk, candidate, block, chain) {
	const known = walk.pending.get(candidate.id) ?? candidate;
	walk.pending.delete(candidate.id);
	return giveUp(walk, known, 'timedOut', chain);
}

// The relay chain forgets all candidates under way when its session changes, without an event.
function dropAll(walk, line, chain) {
	for (const candidate of walk.pending.values()) {
		walk.totals.candidates.dropped += 1;
		line.dropped.push(giveUp(walk, candidate, 'dropped', chain));
	}
	walk.pending.clear();
	walk.cores.clear();
}

function giveUp(walk, candidate, how, chain) {
	const blocks = blocksUpTo(candidate.head, sizeOf(walk, candidate, chain), chain);
	for (const block of blocks) if (block.hash !== undefined) progressOf(walk, block)[how] += 1;
	return shown(candidate, blocks, chain, false);
}

// The included head passes over `blocks`: they are included, and what else was seen of their numbers
// never will be.
function pass(walk, blocks, relayNumber, chain, line) {
	walk.totals.blocks.included += blocks.length;
	for (const { hash, number } of blocks) {
		if (hash === undefined) continue;
		progressOf(walk, { hash, number }).includedIn = relayNumber;
		for (const other of chain.at(number)) {
			if (other !== hash && lose(walk, chain.block(other))) line.lost.push(reference(chain, other));
		}
		const { seen, parent } = chain.block(hash) ?? {};
		const before = chain.block(parent)?.seen;
		if (seen?.live) walk.totals.authored.included += 1;
		if (seen?.live && before?.live) add(walk.interval, seen.at - before.at, INTERVAL_STEP);
	}
}

// Notes that the parachain block `block` will never be included. Whether that is news.
function lose(walk, block) {
	const progress = progressOf(walk, block);
	if (progress.lost) return false;
	progress.lost = true;
	walk.totals.blocks.lost += 1;
	if (block.seen?.live) walk.totals.authored.lost += 1;
	if (progress.backings === 0 && beginsCandidate(block)) walk.totals.candidates.lost += 1;
	return true;
}

// Notes that `block` was seen too late for the walk, which has passed its number: it is the included block of
// that number, or lost.
export function arriveLate(walk, block, isIncluded) {
	if (!isIncluded) lose(walk, block);
	else if (block.seen.live) walk.totals.authored.included += 1;
}

// What was included before the root of a branch. The head that it brings is that after the root.
function seed(walk, root, chain, line) {
	const first = root.candidates.find(({ kind }) => kind === 'included');
	const head = first ? blocksUpTo(first.head, (first.size ?? 1) + 1, chain)[0] : root.head;
	if (head?.number === undefined || !(head.number >= 0)) return;
	if (walk.included && head.number > walk.included.number) {
		pass(walk, blocksUpTo(head, head.number - walk.included.number, chain), null, chain, line);
		for (const [id, candidate] of walk.pending) if (candidate.head.number <= head.number) walk.pending.delete(id);
	}
	if (!walk.included || head.number > walk.included.number) walk.included = head;
}

// From the block's own digest, otherwise (a header that is unknown or says nothing) from the candidate.
function relayParentNumber({ hash }, candidate, chain) {
	const own = chain.block(hash)?.digest.relayParent;
	return own?.number ?? (own && chain.relayNumber(own.hash)) ?? candidate.relayParentNumber ?? chain.relayNumber(candidate.relayParent);
}
