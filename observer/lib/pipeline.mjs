// The pipeline of one parachain as a pure function of the observed events: reduce(state, event) returns the next
// state and changes nothing. The state holds the relay blocks and parachain blocks that are not final, so that a
// reorganization only needs another walk. Of final blocks it holds the figures only.
//
// Events, in the order of observation (`t`: milliseconds since 1970):
//   { t, from: 'observer', type: 'start', para, relayParentOffset }   the offset undefined if unknown
//   { t, from: 'relay', type: 'block', hash, number, parent, session, candidates, next, root, head, unread }
//        `session` and `candidates`: see relay-events.mjs; `next`: the parachain's cores in the next relay
//        block, null if unknown; `root`: true if the parent was never seen, and then `head` is the included head
//        after this block; `unread`: the reason if the rest could not be read
//   { t, from: 'relay' | 'para', type: 'best' | 'finalized', hash }
//   { t, from: 'relay' | 'para', type: 'down' | 'up' }
//   { t, from: 'para', type: 'block', hash, number, parent, digests }
//   { t, from: 'para', type: 'runtime', relay, limits, scheduled, unincluded, admission, stats }
//        results of the parachain's runtime APIs after relay block `relay`; only those that succeeded
import { mean, percentile } from './histogram.mjs';
import { decodeHead, pipelineDigest } from './header.mjs';
import { advance, arriveLate, bridge, cloneWalk, startWalk } from './walk.mjs';

// Number of blocks kept below the settled one: relay blocks to look up relay parents, and parachain blocks to
// report their state.
const KEEP = { relay: 64, para: 512 };

const NEITHER = { relay: false, para: false };

// Returns the state before the first event.
export function initial() {
	return {
		para: undefined,
		relayParentOffset: undefined,
		relay: { blocks: new Map(), best: undefined, finalized: undefined },
		// `heights`: number -> hashes in the order of observation; `during`: relay block number -> hashes.
		chain: { blocks: new Map(), heights: new Map(), during: new Map(), best: undefined, finalized: undefined },
		// The walk up to the finalized relay block.
		settled: undefined,
		// Whether events of an endpoint are live: false from the loss of the connection until the gap is filled.
		// `away` is true until the endpoint is back.
		live: NEITHER,
		away: NEITHER,
		// Results of the runtime APIs: hash of the relay block -> event, and the last one.
		runtimes: new Map(),
		runtime: undefined,
		counts: { reorgs: 0, lostConnections: { relay: 0, para: 0 } },
		// What the last event adds to the output: complete relay blocks (`type: 'relay'`), and
		// remarks (`type`: 'reorg', 'gap', 'unread', 'limits', 'down', 'up').
		news: [],
	};
}

const HANDLERS = {
	'observer/start': (state, { para, relayParentOffset }) => ({ ...state, para, relayParentOffset }),
	'relay/block': relayBlock,
	'relay/best': relayBest,
	'relay/finalized': (state, { hash }) => settle({ ...state, relay: { ...state.relay, finalized: hash } }),
	'relay/down': down,
	'relay/up': up,
	'para/block': paraBlock,
	'para/best': (state, { hash }) => ({ ...live(state, 'para'), chain: { ...state.chain, best: hash } }),
	'para/finalized': (state, { hash }) => ({ ...state, chain: { ...state.chain, finalized: hash } }),
	'para/down': down,
	'para/up': up,
	'para/runtime': runtimeResult,
};

// Returns the state after `event`. An unknown event is an error: a recording that is only partly understood would
// give wrong figures.
export function reduce(state, event) {
	const handle = HANDLERS[`${event.from}/${event.type}`];
	if (!handle) throw new Error(`an event '${event.from}/${event.type}' is unknown here`);
	return handle({ ...state, news: [] }, event);
}

// --- Connections ----------------------------------------------------------------------------------

// Comes after the blocks that were missed, so the endpoint is live again.
function live(state, from) {
	return state.live[from] || state.away[from] ? state : { ...state, live: { ...state.live, [from]: true } };
}

function down(state, { from }) {
	const { lostConnections } = state.counts;
	return {
		...state,
		live: { ...state.live, [from]: false },
		away: { ...state.away, [from]: true },
		counts: { ...state.counts, lostConnections: { ...lostConnections, [from]: lostConnections[from] + 1 } },
		news: [{ type: 'down', from }],
	};
}

function up(state, { from }) {
	return { ...state, away: { ...state.away, [from]: false }, news: [{ type: 'up', from }] };
}

// --- The parachain --------------------------------------------------------------------------------

function withParaBlock(chain, block) {
	if (chain.blocks.get(block.hash)?.seen || (chain.blocks.has(block.hash) && !block.seen)) return chain;
	const blocks = new Map(chain.blocks).set(block.hash, block);
	const at = chain.heights.get(block.number) ?? [];
	const heights = at.includes(block.hash) ? chain.heights : new Map(chain.heights).set(block.number, [...at, block.hash]);
	const { during: relay, live: isLive } = block.seen ?? {};
	if (!isLive || relay === undefined) return { ...chain, blocks, heights };
	return { ...chain, blocks, heights, during: new Map(chain.during).set(relay, [...(chain.during.get(relay) ?? []), block.hash]) };
}

function paraBlock(state, { t, hash, number, parent, digests }) {
	const during = state.live.relay ? state.relay.blocks.get(state.relay.best)?.number : undefined;
	const seen = { at: t, live: state.live.para, during };
	const block = { hash, number, parent, digest: pipelineDigest(digests), seen };
	const chain = withParaBlock(state.chain, block);
	const { settled } = state;
	if (chain === state.chain || !(number <= settled?.included?.number)) return { ...state, chain };
	// Too late for the walk, which has passed that number. Without all headers the outcome is unknown.
	const there = chain.blocks.get(ancestorAt(chain, settled.included.hash, number));
	if (there === undefined) return { ...state, chain };
	const walk = cloneWalk(settled);
	arriveLate(walk, block, there.hash === hash);
	return { ...state, chain, settled: walk };
}

// Returns the hash of the ancestor of `hash` with that number, or undefined if a header is missing.
function ancestorAt(chain, hash, number) {
	let block = chain.blocks.get(hash);
	while (block && block.number > number) block = chain.blocks.get(block.parent);
	return block?.hash;
}

function runtimeResult(state, result) {
	const [from, to] = [state.runtime?.limits, result.limits];
	const news = from && to && JSON.stringify(from) !== JSON.stringify(to) ? [{ type: 'limits', from, to }] : [];
	return { ...state, runtime: result, runtimes: new Map(state.runtimes).set(result.relay, result), news };
}

// --- The relay chain ------------------------------------------------------------------------------

// Adds a relay block. Each candidate gets the contents of its head. A head that is a header adds the parachain
// block, even if the parachain's endpoint never shows it.
function relayBlock(state, { t, from, type, ...block }) {
	if (state.relay.blocks.has(block.hash)) return state;
	let { chain } = state;
	const candidates = block.candidates.map(({ kind, core, relayParent, schedulingParent, pov, paraHead, head }) => {
		const decoded = decodeHead(head);
		const digest = decoded && pipelineDigest(decoded.digests);
		if (decoded) chain = withParaBlock(chain, { hash: paraHead, number: decoded.number, parent: decoded.parent, digest });
		return {
			id: `${relayParent} ${pov} ${paraHead}`,
			kind,
			core,
			relayParent,
			schedulingParent,
			relayParentNumber: digest?.relayParent?.number,
			head: { hash: paraHead, number: decoded?.number },
			size: digest?.bundle && digest.bundle.index + 1,
		};
	});
	const head = block.head ? decodeHead(block.head) : undefined;
	const blocks = new Map(state.relay.blocks).set(block.hash, { ...block, candidates, head });
	const news = block.unread ? [{ type: 'unread', number: block.number, why: block.unread }] : [];
	return { ...state, chain, relay: { ...state.relay, blocks }, news };
}

// Returns the relay blocks from the settled walk up to `hash`, in order, or null if that branch does not start
// there.
function branch({ settled, relay }, hash) {
	const path = [];
	for (let at = hash; at !== settled.hash; ) {
		const block = relay.blocks.get(at);
		if (!block || block.number <= settled.number || (block.root && block.parent !== settled.hash)) return null;
		path.unshift(block);
		at = block.parent;
	}
	return path;
}

// Returns the relay blocks from a root (a block whose parent was never seen) up to `hash`.
function rootedBranch({ relay }, hash) {
	const path = [];
	for (let at = hash; !path[0]?.root; at = path[0].parent) {
		const block = relay.blocks.get(at);
		if (!block) throw new Error(`the relay block ${at} was never shown, and ${hash} descends from it`);
		path.unshift(block);
	}
	return path;
}

// What a walk needs to know about blocks.
function knowledge({ chain, relay, relayParentOffset }) {
	return {
		block: (hash) => chain.blocks.get(hash),
		at: (number) => chain.heights.get(number) ?? [],
		seenDuring: (number) => chain.during.get(number) ?? [],
		relayNumber: (hash) => relay.blocks.get(hash)?.number,
		relayParentOffset,
	};
}

// Returns { walk, lines } after relay block `hash`, which must descend from the settled walk.
function walkTo(state, hash) {
	const path = branch(state, hash);
	const walk = cloneWalk(state.settled);
	const known = knowledge(state);
	return { walk, lines: path.map((block) => advance(walk, block, known)) };
}

// Returns a line as it is printed, with the results of the runtime APIs.
function printed(state, line) {
	const number = (hash) => state.chain.blocks.get(hash)?.number ?? null;
	const { limits, scheduled, unincluded, admission } = state.runtimes.get(line.hash) ?? {};
	return {
		type: 'relay',
		...line,
		best: number(state.chain.best),
		finalized: number(state.chain.finalized),
		limits: limits ?? null,
		scheduled: scheduled ?? null,
		unincluded: unincluded ?? null,
		admission: admission ?? null,
	};
}

// A relay block is complete when another one becomes the best: until then its parachain blocks may still arrive.
// After a reorganization the blocks of the new branch are printed from the fork point.
function relayBest(state, { hash }) {
	const before = state.relay.best;
	if (hash === before) return live(state, 'relay');
	let next = live({ ...state, relay: { ...state.relay, best: hash } }, 'relay');
	if (before === undefined) {
		const [root] = rootedBranch(next, hash);
		next = { ...next, settled: startWalk(root.parent, root.number - 1) };
	}
	const news = [];
	if (branch(next, hash) === null) {
		// It descends from no known block, so nothing more will be known about the blocks before it.
		const last = walkTo(state, before);
		const path = rootedBranch(next, hash);
		news.push(...last.lines.filter((line) => line.hash === before));
		news.push({ type: 'gap', after: last.walk.number, before: path[0].number });
		bridge(last.walk, path[0]);
		next = { ...next, settled: last.walk };
		news.push(...walkTo(next, hash).lines.slice(0, -1));
	} else {
		const { lines } = walkTo(next, hash);
		const at = lines.findIndex((line) => line.hash === before);
		if (at < 0 && before !== undefined) {
			const given = givenUp(next, before, lines);
			next = { ...next, counts: { ...next.counts, reorgs: next.counts.reorgs + 1 } };
			news.push({ type: 'reorg', relay: given.map(({ number, hash }) => ({ number, hash })) });
			const parting = given[0].parent;
			news.push(...lines.slice(lines.findIndex((line) => line.hash === parting) + 1, -1));
		} else {
			news.push(...lines.slice(Math.max(at, 0), -1));
		}
	}
	next = { ...next, news: news.map((item) => (item.type ? item : printed(next, item))) };
	return settle(next);
}

// Returns the relay blocks from `before` downwards that are not in `lines`, in order.
function givenUp(state, before, lines) {
	const kept = new Set(lines.map((line) => line.hash)).add(state.settled?.hash);
	const given = [];
	for (let block = state.relay.blocks.get(before); block && !kept.has(block.hash); block = state.relay.blocks.get(block.parent)) {
		given.unshift(block);
	}
	return given;
}

// Advances the settled walk to the finalized relay block, if it is on the best branch, and drops what is far below
// it. It does not advance to the best relay block, which is not complete.
function settle(state) {
	const { finalized, best } = state.relay;
	if (finalized === undefined || best === undefined || !isAncestor(state, finalized, best)) return state;
	const target = finalized === best ? state.relay.blocks.get(best).parent : finalized;
	const path = branch(state, target);
	if (path === null || path.length === 0) return state;
	return forget({ ...state, settled: walkTo(state, target).walk });
}

function isAncestor(state, ancestor, hash) {
	for (let block = state.relay.blocks.get(hash); block; block = state.relay.blocks.get(block.parent)) {
		if (block.hash === ancestor) return true;
	}
	return false;
}

function forget(state) {
	const { settled, relay, chain } = state;
	const oldest = { relay: settled.number - KEEP.relay, para: (settled.included?.number ?? 0) - KEEP.para };
	const kept = (map, of, limit) => new Map([...map].filter(([key, value]) => !(of(key, value) < limit)));
	const ofBlock = (_, { number }) => number;
	const itself = (number) => number;
	const relayBlocks = kept(relay.blocks, ofBlock, oldest.relay);
	return {
		...state,
		relay: { ...relay, blocks: relayBlocks },
		chain: {
			...chain,
			blocks: kept(chain.blocks, ofBlock, oldest.para),
			heights: kept(chain.heights, itself, oldest.para),
			during: kept(chain.during, itself, oldest.relay),
		},
		runtimes: new Map([...state.runtimes].filter(([hash]) => relayBlocks.has(hash))),
		settled: { ...settled, progress: progressSince(settled, oldest) },
	};
}

// Blocks of a chain whose heads cannot be decoded have no number, so the time of inclusion counts.
function progressSince({ progress }, oldest) {
	const recent = ({ number, includedIn }) => (number === undefined ? !(includedIn < oldest.relay) : number >= oldest.para);
	return new Map([...progress].filter(([, entry]) => recent(entry)));
}

// --- Figures --------------------------------------------------------------------------------------

function current(state, complete = false) {
	const { best, blocks } = state.relay;
	if (best === undefined) return { walk: startWalk(undefined, 0), lines: [] };
	return walkTo(state, complete ? blocks.get(best).parent : best);
}

// Returns the last best relay block as if it were complete, or undefined if there was none.
export function lastLine(state) {
	const line = current(state).lines.at(-1);
	return line && printed(state, line);
}

// Returns { state, backings, includedIn } of the parachain block `hash`, or undefined if it is unknown. `state` is
//   collated    seen, and in no candidate on the relay chain
//   backed      in a candidate that is not included yet
//   timedOut    its candidate was not available in time, or was unincluded when the session changed
//   included    in relay block `includedIn`, which is null if that relay block was missed
//   finalized   included, and the relay block is final or the parachain's endpoint reported the block as final
//   lost        another block with its number was included
// A block with more than one backing was re-proposed.
export function blockState(state, hash) {
	const block = state.chain.blocks.get(hash);
	if (!block) return undefined;
	const { walk } = current(state);
	const progress = walk.progress.get(hash) ?? { backings: 0, timedOut: 0, dropped: 0 };
	const under = [...walk.pending.values()].some(({ head, size }) => holds(state, head.hash, size, hash));
	const { backings, includedIn = null } = progress;
	return { state: stateOf(state, block, progress, under), backings, includedIn };
}

function stateOf(state, block, progress, unincluded) {
	if (progress.includedIn !== undefined) {
		const final = state.settled?.progress.get(block.hash)?.includedIn !== undefined;
		return final || isFinal(state, block) ? 'finalized' : 'included';
	}
	if (isFinal(state, block)) return 'finalized';
	if (progress.lost) return 'lost';
	if (unincluded) return 'backed';
	return progress.timedOut + progress.dropped > 0 ? 'timedOut' : 'collated';
}

function holds(state, head, size, hash) {
	for (let at = head, left = size; at !== undefined && left > 0; left -= 1) {
		if (at === hash) return true;
		at = state.chain.blocks.get(at)?.parent;
	}
	return false;
}

// Returns whether the parachain's endpoint reported the block or one of its descendants as final.
function isFinal(state, { hash, number }) {
	return ancestorAt(state.chain, state.chain.finalized, number) === hash;
}

const ratio = (part, whole) => (whole === 0 ? null : part / whole);

// Returns the number of candidates backed on attempt 1, 2, and so on up to the last that occurred.
function perAttempt({ tally }) {
	return Array.from({ length: Math.max(0, ...tally.keys()) }, (_, at) => tally.get(at + 1) ?? 0);
}

// Counts the outcomes of the blocks that were seen when they were authored, up to the finalized relay block.
function confidence({ chain, settled }) {
	const { included, lost } = settled?.totals.authored ?? { included: 0, lost: 0 };
	const decided = settled?.included?.number ?? -1;
	const open = [...chain.blocks.values()].filter(({ number, seen }) => seen?.live && number > decided).length;
	return { authored: included + lost + open, finalized: included, lost, open, ratio: ratio(included, included + lost) };
}

// Returns all figures, as defined in observer/README.md. `complete` leaves out the best relay block.
export function summary(state, { complete = false } = {}) {
	const { totals, attempts, lag, interval } = current(state, complete).walk;
	const { relayBlocks, missed, unread, sessionChanges, counted, candidates, blocks, chances } = totals;
	return {
		type: 'summary',
		para: state.para ?? null,
		relayBlocks: { seen: relayBlocks, missed, unread, sessionChanges, counted: counted.relayBlocks, reorgs: state.counts.reorgs },
		candidates: { ...candidates, attempts: perAttempt(attempts), perRelayBlock: ratio(counted.candidates, counted.relayBlocks) },
		blocks: { ...blocks, perRelayBlock: ratio(counted.blocks, counted.relayBlocks) },
		confidence: confidence(state),
		blockTimeMs: { count: interval.count, mean: mean(interval), p50: percentile(interval, 50), p95: percentile(interval, 95) },
		inclusionLag: { count: lag.count, mean: mean(lag), p50: percentile(lag, 50), p95: percentile(lag, 95) },
		chances,
		lostConnections: state.counts.lostConnections,
		own: state.runtime?.stats ?? null,
	};
}
