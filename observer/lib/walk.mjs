// Follows the candidates of a parachain along one branch of the relay chain, block by block. The walk depends on
// nothing but its arguments, so the same branch always gives the same figures.
import { REMEMBERED, attemptAt, beginsCandidate, firstChance } from './attempts.mjs';
import { add, copy, histogram } from './histogram.mjs';

// In milliseconds. Smaller differences between arrivals measure the machine, not the chain.
const INTERVAL_STEP = 10;

// Creates a walk that starts after relay block `hash`, without knowledge of earlier blocks.
export function startWalk(hash, number) {
	return {
		// The current relay block.
		hash,
		number,
		// The parachain's included head: { hash, number }; the hash is undefined if it is unknown.
		included: undefined,
		// Backed candidates that are not included yet: id -> candidate.
		pending: new Map(),
		// State of each parachain block: hash -> { number, backings, timedOut, dropped, includedIn, lost }.
		// `includedIn` is null if that relay block was missed.
		progress: new Map(),
		// Cores that backed a candidate since the session began.
		cores: new Set(),
		// The parachain's cores in the next relay block, or null if they are unknown.
		next: null,
		// The last relay blocks with the parachain's cores in each: [{ number, cores }].
		turns: [],
		// Whether a candidate was seen.
		started: false,
		totals: {
			relayBlocks: 0,
			// Relay blocks that count for the rates, and their contents.
			counted: { relayBlocks: 0, candidates: 0, blocks: 0 },
			unread: 0,
			missed: 0,
			sessionChanges: 0,
			// `lost` candidates were never backed and never will be.
			candidates: { backed: 0, included: 0, timedOut: 0, dropped: 0, lost: 0 },
			blocks: { included: 0, lost: 0, reproposed: 0 },
			// Blocks that were seen when they were authored.
			authored: { included: 0, lost: 0 },
			chances: { all: 0, missed: 0 },
		},
		// Attempts on which candidates were backed, where known.
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

// Continues the walk at `root`, whose parent was never seen. What was backed in between is unknown. What was
// included is known, because a root has the included head.
export function bridge(walk, root) {
	walk.totals.missed += Math.max(0, root.number - 1 - walk.number);
	walk.hash = root.parent;
	walk.number = root.number - 1;
	walk.next = null;
}

// Advances the walk over relay block `block` and returns its line, as described in observer/README.md. `chain`
// gives access to the parachain and to other relay blocks:
//   block(hash)          a parachain block: { hash, number, parent, digest, seen }, or undefined
//   at(number)           hashes of the parachain blocks with that number, in the order of observation
//   seenDuring(number)   hashes of those first seen while relay block `number` was the best
//   relayNumber(hash)    number of a relay block, or undefined
//   relayParentOffset    the parachain's offset, or undefined
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

// The name of a parachain block in lines. `fork` counts the blocks with the same number that were seen before it.
function reference(chain, hash, number = chain.block(hash)?.number) {
	return { number: number ?? null, hash: hash ?? null, fork: Math.max(0, chain.at(number).indexOf(hash)) };
}

// Returns the last `count` blocks up to `head`, in order: [{ hash, number }]. The hash is undefined where the
// header of the next block is unknown. Never returns blocks below the first one, whatever a digest claims.
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

// A candidate as lines show it.
function shown(candidate, blocks, chain, again) {
	return { core: candidate.core, again, blocks: blocks.map(({ hash, number }) => reference(chain, hash, number)) };
}

// Returns the number of blocks in a candidate: from the head's digest if the chain has bundles, otherwise the
// number of blocks since the latest head on the relay chain, as far as their headers are known.
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

// Returns the attempt on which relay block `number` backs `candidate`, or null if it is unknown.
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
	// An earlier candidate was included without being seen.
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

// When the session changes, the relay chain drops all candidates that are not included, without an event.
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

// The included head passes `blocks`: they are included, and all other blocks with their numbers are lost.
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

// Records that `block` will never be included. Returns whether that was unknown before.
function lose(walk, block) {
	const progress = progressOf(walk, block);
	if (progress.lost) return false;
	progress.lost = true;
	walk.totals.blocks.lost += 1;
	if (block.seen?.live) walk.totals.authored.lost += 1;
	if (progress.backings === 0 && beginsCandidate(block)) walk.totals.candidates.lost += 1;
	return true;
}

// Records a block that arrived after the walk passed its number: it is either the included block with that number,
// or lost.
export function arriveLate(walk, block, isIncluded) {
	if (!isIncluded) lose(walk, block);
	else if (block.seen.live) walk.totals.authored.included += 1;
}

// Records what was included before the root of a branch. The root's head is the one after the root.
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
