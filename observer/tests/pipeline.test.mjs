// The reducer on event streams: its lines and figures.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockState, initial, lastLine, reduce, summary } from '../lib/pipeline.mjs';
import { run, scenario } from './scenario.mjs';

// A parachain on one core with one block per relay block: built on the relay block before the best one, backed in
// the next and included in the one after. Returns the relay blocks and the parachain blocks by number.
function steady(s, count, { from = 1 } = {}) {
	const [relay, para] = [{}, {}];
	for (let number = from; number < from + count; number += 1) {
		const backs = para[number - 1] ? [para[number - 1]] : [];
		const includes = para[number - 2] ? [para[number - 2]] : [];
		relay[number] = s.r({ backs, includes });
		para[number] = s.p({ relayParent: number - 1 });
		s.wait(6000);
	}
	return { relay, para };
}

describe('one core', () => {
	it('shows the lines of the SDK\'s wiki', () => {
		const s = scenario();
		steady(s, 5);
		const { text, state } = s.run();
		assert.deepEqual(text, ['R1: P1(C)', 'R2: P1(B) P2(C)', 'R3: P1(I) P2(B) P3(C)', 'R4: P2(I) P3(B) P4(C)']);
		assert.equal(lastLine(state).number, 5);
		assert.equal(summary(state).relayBlocks.seen, 5);
		assert.equal(summary(state, { complete: true }).relayBlocks.seen, 4);
	});

	it('is counted', () => {
		const s = scenario();
		steady(s, 12);
		const { state } = s.run();
		assert.deepEqual(summary(state), {
			type: 'summary',
			para: 2000,
			relayBlocks: { seen: 12, missed: 0, unread: 0, sessionChanges: 0, counted: 11, reorgs: 0 },
			candidates: { backed: 11, included: 10, timedOut: 0, dropped: 0, lost: 0, attempts: [], perRelayBlock: 1 },
			blocks: { included: 10, lost: 0, reproposed: 0, perRelayBlock: 10 / 11 },
			confidence: { authored: 12, finalized: 0, lost: 0, open: 12, ratio: null },
			// The parent of #1 is the genesis block, which the observer never saw arrive.
			blockTimeMs: { count: 9, mean: 6000, p50: 6000, p95: 6000 },
			inclusionLag: { count: 10, mean: 3, p50: 3, p95: 3 },
			chances: { all: 11, missed: 0 },
			lostConnections: { relay: 0, para: 0 },
			own: null,
		});
	});

	it('gives the state of each block', () => {
		const s = scenario();
		const { relay, para } = steady(s, 5);
		s.finalize(relay[3]);
		const { state } = s.run();
		const states = [1, 2, 3, 4, 5].map((number) => blockState(state, para[number].hash));
		assert.deepEqual(states, [
			{ state: 'finalized', backings: 1, includedIn: 3 },
			{ state: 'included', backings: 1, includedIn: 4 },
			{ state: 'included', backings: 1, includedIn: 5 },
			{ state: 'backed', backings: 1, includedIn: null },
			{ state: 'collated', backings: 0, includedIn: null },
		]);
		assert.equal(blockState(state, relay[1].hash), undefined);
	});

	it('accepts the final blocks of the parachain\'s endpoint', () => {
		const s = scenario();
		const { para } = steady(s, 5);
		s.finalizePara(para[2]);
		const { state } = s.run();
		assert.deepEqual([1, 2, 3].map((number) => blockState(state, para[number].hash).state), ['finalized', 'finalized', 'included']);
	});

	it('finds the relay parent by hash as well', () => {
		const s = scenario();
		const r1 = s.r();
		const p1 = s.p({ relayParent: r1.hash });
		s.r({ backs: [p1] });
		s.r({ includes: [p1] });
		assert.deepEqual(summary(s.run().state).inclusionLag, { count: 1, mean: 2, p50: 2, p95: 2 });
	});

	it('shows the blocks that were unincluded at the start', () => {
		const s = scenario();
		const p1 = s.p({ relayParent: 0, seen: false });
		const p2 = s.p({ relayParent: 1, seen: false });
		const p3 = s.p({ relayParent: 2, seen: false });
		// The included head of a root is the one after it.
		s.r({ number: 5, includes: [p2], backs: [p3], head: p2 });
		s.r({ includes: [p3] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text, ['R5: P2(I) P3(B)', 'R6: P3(I) | nothing backed']);
		assert.equal(summary(state).blocks.included, 2);
		assert.equal(blockState(state, p1.hash), undefined);
	});
});

describe('missed chances', () => {
	it('are relay blocks after the first candidate in which a core of the parachain backs nothing', () => {
		const s = scenario();
		s.r({ next: [0] });
		s.r({ next: [0] });
		const p1 = s.p({ relayParent: 1 });
		s.r({ backs: [p1], next: [0] });
		s.r({ includes: [p1], next: [0] });
		s.r({ next: [] });
		// No core is assigned to the parachain here.
		s.r({ next: [0] });
		s.r({ next: [0] });
		const { state, lines, text } = s.run();
		assert.deepEqual(lines.map(({ missed }) => missed), [[], [], [], [0], [0], []]);
		assert.equal(text[3], 'R4: P1(I) | nothing backed');
		// The last one counts as well: nothing more can be backed in it.
		assert.deepEqual(summary(state).chances, { all: 4, missed: 3 });
	});

	it('use the cores of the session if the claim queue is unknown', () => {
		const s = scenario();
		const p1 = s.p({ relayParent: 0 });
		const p2 = s.p({ relayParent: 0 });
		s.r();
		s.r({ backs: [[p1, 0], [p2, 1]] });
		s.r({ session: 2 });
		s.r();
		const { state, lines } = s.run();
		assert.deepEqual(lines.map(({ missed }) => missed), [[], [], []]);
		assert.deepEqual(summary(state).chances, { all: 2, missed: 0 });
	});
});

describe('three cores', () => {
	it('are shown separately', () => {
		const s = scenario();
		const blocks = [[], [], [], []];
		for (let number = 1; number <= 5; number += 1) {
			const onCores = (list) => (list ?? []).map((block, core) => [block, core]);
			s.r({ backs: onCores(blocks[number - 1]), includes: onCores(blocks[number - 2]), next: [0, 1, 2] });
			blocks[number] = [0, 1, 2].map(() => {
				s.wait(2000);
				return s.p({ relayParent: number - 1, bundle: [0, true] });
			});
		}
		const { text, state } = s.run();
		assert.deepEqual(text, [
			'R1: P1-3(C)',
			'R2: P1(B@0) P2(B@1) P3(B@2) P4-6(C)',
			'R3: P1(I@0) P2(I@1) P3(I@2) P4(B@0) P5(B@1) P6(B@2) P7-9(C)',
			'R4: P4(I@0) P5(I@1) P6(I@2) P7(B@0) P8(B@1) P9(B@2) P10-12(C)',
		]);
		const { candidates, blocks: counted, blockTimeMs, chances } = summary(state);
		assert.equal(candidates.perRelayBlock, 3);
		assert.equal(counted.perRelayBlock, 9 / 4);
		assert.equal(blockTimeMs.p95, 2000);
		assert.deepEqual(chances, { all: 12, missed: 0 });
	});

	it('can each miss a chance', () => {
		const s = scenario();
		s.r({ next: [0, 1, 2] });
		const [p1, p2] = [s.p({ relayParent: 0 }), s.p({ relayParent: 0 })];
		s.r({ backs: [[p1, 0], [p2, 2]], next: [0, 1, 2] });
		s.r({ next: [] });
		const { state, text } = s.run();
		assert.equal(text[1], 'R2: P1(B@0) P2(B@2) | nothing on core 1');
		assert.deepEqual(summary(state).chances, { all: 6, missed: 4 });
	});
});

describe('bundles', () => {
	it('are one candidate of several blocks', () => {
		const s = scenario();
		s.r();
		const first = s.bundle({ count: 4, relayParent: 0 });
		s.r({ backs: [first] });
		const second = s.bundle({ count: 3, relayParent: 1 });
		s.r({ includes: [first], backs: [second] });
		s.r({ includes: [second] });
		s.r();
		const { text, lines, state } = s.run();
		assert.deepEqual(text, ['R1: P1-4(C)', 'R2: P1-4(B) P5-7(C)', 'R3: P1-4(I) P5-7(B)', 'R4: P5-7(I) | nothing backed']);
		assert.deepEqual(lines[2].included[0].blocks.map(({ number, lag }) => [number, lag]), [[1, 3], [2, 3], [3, 3], [4, 3]]);
		const { candidates, blocks, inclusionLag } = summary(state);
		assert.deepEqual([candidates.backed, candidates.included, blocks.included, inclusionLag.count], [2, 2, 7, 7]);
	});

	it('count completely if only the relay chain was seen', () => {
		const s = scenario();
		s.r();
		const first = s.bundle({ count: 4, relayParent: 0, seen: false });
		const second = s.bundle({ count: 2, relayParent: 1, seen: false });
		s.r({ backs: [first] });
		s.r({ includes: [first], backs: [second] });
		s.r({ includes: [second] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(1), ['R2: P1-4(B)', 'R3: P1-4(I) P5-6(B)', 'R4: P5-6(I) | nothing backed']);
		assert.equal(summary(state).blocks.included, 6);
		assert.equal(summary(state).inclusionLag.count, 6);
	});

	it('are found in the headers of a chain without bundle digests', () => {
		const s = scenario();
		s.r();
		const [, p2, , p4] = [1, 2, 3, 4].map(() => s.p({ relayParent: 0 }));
		s.r({ backs: [p2] });
		s.r({ includes: [p2], backs: [p4] });
		s.r({ includes: [p4] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(1), ['R2: P1-2(B)', 'R3: P1-2(I) P3-4(B)', 'R4: P3-4(I) | nothing backed']);
		assert.equal(summary(state).blocks.included, 4);
	});

	it('give all their blocks the same state', () => {
		const s = scenario();
		s.r();
		const last = s.bundle({ count: 3, relayParent: 0 });
		s.r({ backs: [last] });
		const { state } = s.run();
		const inner = [...state.chain.blocks.values()].find(({ number }) => number === 2);
		assert.equal(blockState(state, inner.hash).state, 'backed');
	});
});

describe('time-outs', () => {
	it('free the core, and the block may be re-proposed', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1] });
		s.r();
		s.r({ timesOut: [p1] });
		const timedOut = s.run();
		assert.equal(blockState(timedOut.state, p1.hash).state, 'timedOut');
		s.r({ backs: [[p1, 0, 'a later relay parent']] });
		s.r({ includes: [[p1, 0, 'a later relay parent']] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), [
			'R3: - | nothing backed',
			'R4: P1(T) | nothing backed',
			'R5: P1(B again)',
			'R6: P1(I) | nothing backed',
		]);
		const { candidates, blocks, inclusionLag } = summary(state);
		assert.deepEqual(candidates, { backed: 2, included: 1, timedOut: 1, dropped: 0, lost: 0, attempts: [], perRelayBlock: 2 / 6 });
		assert.deepEqual([blocks.reproposed, blocks.lost], [1, 0]);
		assert.equal(inclusionLag.p50, 6);
		assert.deepEqual(blockState(state, p1.hash), { state: 'included', backings: 2, includedIn: 6 });
	});

	it('lose a block that is rebuilt', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1] });
		s.r({ timesOut: [p1] });
		const other = s.p({ on: s.genesis, relayParent: 2, salt: 'again' });
		s.r({ backs: [other] });
		s.r({ includes: [other] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), ["R3: P1(T) P1'(C) | nothing backed", "R4: P1'(B)", "R5: P1'(I) P1(L) | nothing backed"]);
		assert.equal(blockState(state, p1.hash).state, 'lost');
		const { blocks } = summary(state);
		assert.deepEqual([blocks.included, blocks.lost, blocks.reproposed], [1, 1, 0]);
	});
});

describe('attempts', () => {
	// Relay block 3 is the first that can back a block with relay parent 1 and offset 1.
	function backedIn(numbers, options = { relayParentOffset: 1 }) {
		const s = scenario(options);
		s.r();
		s.r();
		const p1 = s.p({ relayParent: 1 });
		for (let number = 3; number <= Math.max(...numbers) + 1; number += 1) s.r({ backs: numbers.includes(number) ? [p1] : [] });
		return s.run();
	}

	it('count the relay blocks from the first that could back the candidate', () => {
		const attempts = (...args) => summary(backedIn(...args).state).candidates.attempts;
		assert.deepEqual(attempts([3]), [1]);
		assert.deepEqual(attempts([4]), [0, 1]);
		assert.deepEqual(attempts([6]), [0, 0, 0, 1]);
		assert.deepEqual(attempts([3], { relayParentOffset: 0 }), [0, 1]);
		assert.deepEqual(attempts([3], { relayParentOffset: 2 }), []);
		assert.deepEqual(attempts([3], {}), []);
	});

	it('are shown after the mark of a block that was not backed on the first attempt', () => {
		assert.deepEqual(backedIn([3]).text.slice(2), ['R3: P1(B)']);
		const { text, lines } = backedIn([5]);
		assert.deepEqual(text.slice(2), ['R3: -', 'R4: -', 'R5: P1(B3)']);
		assert.deepEqual(lines.flatMap(({ backed }) => backed).map(({ attempt }) => attempt), [3]);
	});

	it('leave out the relay blocks in which the core is assigned to another parachain', () => {
		const s = scenario({ relayParentOffset: 1 });
		s.r({ next: [0] });
		const p1 = s.p({ relayParent: 0 });
		s.r({ next: [] });
		s.r({ next: [0] });
		s.r({ backs: [p1], next: [0] });
		s.r();
		assert.deepEqual(summary(s.run().state).candidates.attempts, [0, 1]);
	});

	it('begin above the scheduling parent where there is one', () => {
		const s = scenario({ relayParentOffset: 1 });
		s.r();
		const p1 = s.p({ relayParent: 0 });
		const schedulingParent = s.r();
		s.r({ backs: [[p1, 0, 'relay parent', undefined, schedulingParent]] });
		s.r();
		assert.deepEqual(summary(s.run().state).candidates.attempts, [1]);
		const unknown = scenario({ relayParentOffset: 1 });
		unknown.r({ backs: [[unknown.p({ relayParent: 0 }), 0, 'relay parent', undefined, { hash: '0x77' }]] });
		unknown.r();
		assert.deepEqual(summary(unknown.run().state).candidates.attempts, []);
	});

	it('count candidates, so a bundle is one', () => {
		const s = scenario({ relayParentOffset: 1 });
		s.r();
		const bundle = s.bundle({ count: 3, relayParent: 0 });
		s.r();
		s.r({ backs: [bundle] });
		s.r();
		assert.deepEqual(summary(s.run().state).candidates.attempts, [0, 1]);
	});

	it('count the candidates that were never backed and were replaced', () => {
		const s = scenario({ relayParentOffset: 1 });
		s.r();
		// Two bundles, one of them incomplete, and a block that was backed.
		s.bundle({ count: 3, on: s.genesis, relayParent: 0 });
		s.p({ on: s.genesis, relayParent: 0, bundle: [0, false], salt: 'begun', best: false });
		const dropped = s.p({ on: s.genesis, relayParent: 0, bundle: [0, true], salt: 'dropped', best: false });
		s.r({ backs: [dropped] });
		s.r({ session: 2 });
		const instead = s.bundle({ count: 3, on: s.genesis, relayParent: 3, salt: 'instead' });
		s.r();
		s.r({ backs: [instead] });
		s.r({ includes: [instead] });
		s.r();
		const { candidates, blocks } = summary(s.run().state);
		assert.deepEqual([candidates.backed, candidates.attempts, candidates.dropped, candidates.lost], [2, [2], 1, 2]);
		assert.equal(blocks.lost, 5);
	});
});

describe('block confidence', () => {
	const of = (s) => summary(s.run().state).confidence;

	it('is the finalized share of the authored blocks whose outcome is final', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ on: s.genesis, relayParent: 0 });
		s.p({ on: s.genesis, relayParent: 0, salt: 'fork', best: false });
		const p2 = s.p({ on: p1, relayParent: 1 });
		s.r({ backs: [p1] });
		const r3 = s.r({ includes: [p1], backs: [p2] });
		const r4 = s.r({ includes: [p2] });
		s.r();
		assert.deepEqual(of(s), { authored: 3, finalized: 0, lost: 0, open: 3, ratio: null });
		s.finalize(r3);
		assert.deepEqual(of(s), { authored: 3, finalized: 1, lost: 1, open: 1, ratio: 1 / 2 });
		s.finalize(r4);
		assert.deepEqual(of(s), { authored: 3, finalized: 2, lost: 1, open: 0, ratio: 2 / 3 });
	});

	it('counts only blocks that were seen when they were authored', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0, seen: false });
		s.r({ backs: [p1] });
		s.down('para');
		s.up('para');
		// The block below the best one was authored while the observer was disconnected.
		const p2 = s.p({ on: p1, relayParent: 1, best: false });
		s.p({ on: p1, relayParent: 1, salt: 'fork', best: false });
		const p3 = s.p({ on: p2, relayParent: 1 });
		const p4 = s.p({ on: p3, relayParent: 1 });
		s.r({ includes: [p1], backs: [p2] });
		s.r({ includes: [p2], backs: [p3] });
		s.r({ includes: [p3], backs: [p4] });
		const last = s.r({ includes: [p4] });
		s.finalize(last);
		s.r();
		assert.deepEqual(of(s), { authored: 1, finalized: 1, lost: 0, open: 0, ratio: 1 });
	});

	it('counts blocks that arrive after the relay chain has decided on them', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0, seen: false });
		const other = s.p({ on: s.genesis, relayParent: 0, salt: 'fork', seen: false });
		s.p({ on: p1, relayParent: 0 });
		s.r({ backs: [p1] });
		s.finalize(s.r({ includes: [p1] }));
		s.r();
		s.show(p1, false);
		s.show(other, false);
		assert.deepEqual(of(s), { authored: 3, finalized: 1, lost: 1, open: 1, ratio: 1 / 2 });
	});
});

describe('forks of the parachain', () => {
	it('lose the blocks of the branch that is not included, once', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0 });
		const other = s.p({ on: s.genesis, relayParent: 0, salt: 'fork', best: false });
		s.p({ on: other, relayParent: 0, salt: 'fork', best: false });
		const p2 = s.p({ on: p1, relayParent: 0 });
		s.r({ backs: [p1] });
		s.r({ includes: [p1], backs: [p2] });
		s.r({ includes: [p2] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text, [
			"R1: P1-2(C) P1'-2'(C)",
			'R2: P1(B)',
			"R3: P1(I) P1'(L) P2'(B)",
			"R4: P2'(I) P2(L) | nothing backed",
		]);
		assert.equal(summary(state).blocks.lost, 2);
	});
});

describe('forks of the relay chain', () => {
	it('do not count what was backed on the abandoned branch', () => {
		const s = scenario();
		const r1 = s.r();
		const p1 = s.p({ relayParent: 0 });
		const r2 = s.r({ backs: [p1] });
		s.r({ on: r2, includes: [p1] });
		const other = s.r({ on: r1, best: false });
		const second = s.r({ on: other, best: false });
		const third = s.r({ on: second, backs: [p1], best: false });
		s.best(third);
		s.r({ includes: [p1] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text, [
			'R1: P1(C)',
			'R2: P1(B)',
			'-- relay chain reorganization: R2 R3 abandoned',
			'R2: -',
			'R3: -',
			'R4: P1(B)',
			'R5: P1(I) | nothing backed',
		]);
		const { relayBlocks, candidates, blocks } = summary(state);
		assert.deepEqual([relayBlocks.seen, relayBlocks.reorgs], [6, 1]);
		assert.deepEqual([candidates.backed, candidates.included], [1, 1]);
		// The same candidate on two branches was not re-proposed.
		assert.equal(blocks.reproposed, 0);
		assert.deepEqual(blockState(state, p1.hash), { state: 'included', backings: 1, includedIn: 5 });
	});

	it('may end on the first branch', () => {
		const s = scenario();
		const r1 = s.r();
		const r2 = s.r();
		s.r({ on: r1 });
		s.best(r2);
		s.r();
		const { text, state } = s.run();
		assert.equal(text.filter((line) => line.startsWith('--')).length, 2);
		assert.equal(text.at(-1), 'R2: -');
		assert.deepEqual(summary(state).relayBlocks, { seen: 3, missed: 0, unread: 0, sessionChanges: 0, counted: 0, reorgs: 2 });
	});

	it('may be final before they are best', () => {
		const s = scenario();
		const r1 = s.r();
		s.r();
		const other = s.r({ on: r1, best: false });
		const longer = s.r({ on: other, best: false });
		s.finalize(other);
		s.best(longer);
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text, ['R1: -', '-- relay chain reorganization: R2 abandoned', 'R2: -', 'R3: -']);
		assert.equal(summary(state).relayBlocks.missed, 0);
	});

	it('below the best block change nothing', () => {
		const s = scenario();
		const r1 = s.r();
		s.r();
		s.r({ on: r1, best: false });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text, ['R1: -', 'R2: -']);
		assert.equal(summary(state).relayBlocks.reorgs, 0);
	});
});

describe('sessions', () => {
	it('drop unincluded candidates, and that relay block is not a missed chance', () => {
		const s = scenario();
		s.r({ next: [0] });
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1], next: [0] });
		s.r({ session: 3, next: [0] });
		s.r({ backs: [p1], next: [0] });
		s.r({ includes: [p1], next: [0] });
		s.r({ next: [0] });
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), ['R3: P1(D) | session 3', 'R4: P1(B again)', 'R5: P1(I) | nothing backed']);
		const { relayBlocks, candidates, blocks, chances } = summary(state);
		assert.deepEqual([relayBlocks.sessionChanges, relayBlocks.counted], [1, 4]);
		assert.deepEqual([candidates.backed, candidates.dropped, blocks.reproposed], [2, 1, 1]);
		assert.deepEqual(chances, { all: 4, missed: 2 });
	});

	it('drop a candidate once', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1] });
		s.r({ session: 3 });
		s.r({ session: 4 });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), ['R3: P1(D) | session 3', 'R4: - | session 4']);
		assert.equal(summary(state).candidates.dropped, 1);
		assert.equal(blockState(state, p1.hash).state, 'timedOut');
	});

	it('keep the blocks included in their first relay block', () => {
		const s = scenario();
		s.r();
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1] });
		s.r({ includes: [p1], session: 3 });
		s.r();
		const { text, state } = s.run();
		assert.equal(text[2], 'R3: P1(I) | session 3');
		assert.equal(summary(state).candidates.dropped, 0);
		assert.equal(summary(state).blocks.included, 1);
		assert.equal(summary(state).blocks.perRelayBlock, 0);
	});
});

describe('connections', () => {
	it('to the parachain may break: late blocks count neither as collated now nor for the block time', () => {
		const s = scenario();
		const { para } = steady(s, 3);
		s.down('para');
		s.wait(60_000);
		s.r({ backs: [para[3]], includes: [para[2]] });
		s.up('para');
		const p4 = s.p({ relayParent: 3, best: false });
		const p5 = s.p({ on: p4, relayParent: 4 });
		s.r({ backs: [p4], includes: [para[3]] });
		s.wait(6000);
		const p6 = s.p({ relayParent: 5 });
		s.r({ backs: [p5], includes: [p4] });
		s.wait(6000);
		const p7 = s.p({ relayParent: 6 });
		s.r({ backs: [p6], includes: [p5] });
		s.r({ backs: [p7], includes: [p6] });
		s.r({ includes: [p7] });
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), [
			"-- the parachain's endpoint is lost; reconnecting",
			'R3: P1(I) P2(B) P3(C)',
			"-- the parachain's endpoint is back",
			'R4: P2(I) P3(B)',
			'R5: P3(I) P4(B) P6(C)',
			'R6: P4(I) P5(B) P7(C)',
			'R7: P5(I) P6(B)',
			'R8: P6(I) P7(B)',
		]);
		const { blockTimeMs, lostConnections, blocks } = summary(state);
		// 1-2, 2-3 and 6-7 are known; 4 and 5 arrived together, long after they were built.
		assert.deepEqual(blockTimeMs, { count: 3, mean: 6000, p50: 6000, p95: 6000 });
		assert.deepEqual(lostConnections, { relay: 0, para: 1 });
		assert.equal(blocks.included, 7);
	});

	it('to the relay chain may break: missed blocks that can be fetched count as usual', () => {
		const s = scenario();
		const { relay, para } = steady(s, 3);
		s.down('relay');
		const p4 = s.p({ relayParent: 3 });
		s.up('relay');
		const r4 = s.r({ on: relay[3], backs: [para[3]], includes: [para[2]], best: false });
		s.r({ on: r4, backs: [p4], includes: [para[3]] });
		s.r({ includes: [p4] });
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), [
			"-- the relay chain's endpoint is lost; reconnecting",
			"-- the relay chain's endpoint is back",
			// P4 arrived while the best relay block was unknown.
			'R3: P1(I) P2(B) P3(C)',
			'R4: P2(I) P3(B)',
			'R5: P3(I) P4(B)',
		]);
		assert.equal(summary(state).relayBlocks.missed, 0);
		assert.equal(summary(state).blocks.included, 4);
	});

	it('to the relay chain may break for long: the gap is reported, and blocks included in it count without a lag', () => {
		const s = scenario();
		const { para } = steady(s, 4);
		s.down('relay');
		const late = [5, 6, 7].map((number) => s.p({ relayParent: number - 1 }));
		s.up('relay');
		s.r({ number: 8, root: true, includes: [late[1]], backs: [late[2]], head: late[1] });
		s.r({ includes: [late[2]] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(3), [
			"-- the relay chain's endpoint is lost; reconnecting",
			"-- the relay chain's endpoint is back",
			'R4: P2(I) P3(B) P4(C)',
			'-- relay blocks between R4 and R8 were missed and are no longer available',
			'R8: P6(I) P7(B)',
			'R9: P7(I) | nothing backed',
		]);
		const { relayBlocks, blocks, candidates, inclusionLag } = summary(state);
		assert.deepEqual([relayBlocks.seen, relayBlocks.missed], [7, 3]);
		assert.equal(blocks.included, 7);
		assert.equal(candidates.included, 4);
		assert.equal(inclusionLag.count, 4);
		assert.deepEqual(blockState(state, para[3].hash), { state: 'included', backings: 1, includedIn: null });
		assert.equal(blockState(state, para[4].hash).state, 'included');
	});

	it('to the relay chain may break for long: the cores before the gap do not count after it', () => {
		const s = scenario();
		const p1 = s.p({ relayParent: 0 });
		s.r({ backs: [p1], next: [0, 1] });
		s.down('relay');
		s.up('relay');
		s.r({ number: 8, root: true, backs: [[s.p({ relayParent: 7 }), 0]], head: p1 });
		s.r();
		const { lines } = s.run();
		assert.deepEqual(lines.at(-1).missed, []);
	});

	it('may break during a read: its result belongs to the time before', () => {
		const s = scenario();
		s.r();
		s.p({ relayParent: 0 });
		s.wait(6000);
		s.down('para');
		s.p({ relayParent: 0 });
		s.up('para');
		s.wait(6000);
		const p3 = s.p({ relayParent: 0, best: false });
		const p4 = s.p({ on: p3, relayParent: 0 });
		s.r({ includes: [p4] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), ['R1: P1(C)', 'R2: P1-4(I)']);
		assert.equal(summary(state).blockTimeMs.count, 0);
	});

	it('may give a relay block without its events', () => {
		const s = scenario();
		const { para } = steady(s, 3);
		s.r({ unread: 'state pruned' });
		s.r({ includes: [para[3]] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(2), [
			'-- R4 could not be read: state pruned',
			'R3: P1(I) P2(B) P3(C)',
			'R4: - | unread: state pruned',
			'R5: P3(I) | nothing backed',
		]);
		const { relayBlocks, blocks, inclusionLag } = summary(state);
		assert.deepEqual([relayBlocks.unread, relayBlocks.counted, blocks.included], [1, 4, 3]);
		// It is unknown when P2 was included.
		assert.equal(inclusionLag.count, 2);
		assert.equal(blockState(state, para[2].hash).includedIn, null);
	});
});

describe('results of the runtime APIs', () => {
	it('are shown: a change of the limits, and the reason why no block may be built', () => {
		const s = scenario();
		const admission = { refusal: { type: 'SegmentFull', value: { length: 3, capacity: 3 } } };
		s.runtime(s.r(), { limits: [1, 3, 1], admission, unincluded: 3 });
		s.runtime(s.r(), { limits: [3, 12, 3], admission });
		s.p({ relayParent: 1 });
		s.runtime(s.r(), { limits: [3, 12, 3], admission: { room: 2 }, stats: { included_blocks: 1 } });
		s.r();
		s.r();
		const { text, lines, state } = s.run();
		assert.deepEqual(text, [
			'R1: - | no block may be built: SegmentFull (length 3, capacity 3)',
			'-- limits: velocity 1, capacity 3, target block rate 1 -> velocity 3, capacity 12, target block rate 3',
			'R2: P1(C)',
			'R3: -',
			'R4: -',
		]);
		assert.deepEqual(lines.map(({ limits }) => limits?.capacity), [3, undefined, 12, 12, undefined]);
		assert.equal(lines[0].unincluded, 3);
		assert.deepEqual(summary(state).own, { included_blocks: 1 });
	});
});

describe('a chain with other headers', () => {
	it('is followed by hash if its heads are not Substrate headers', () => {
		const s = scenario({ head: '0x00' });
		const odd = { hash: `0x${'ab'.repeat(32)}`, head: '0x0102' };
		s.r();
		s.r({ backs: [odd] });
		s.r({ includes: [odd] });
		s.r();
		const { text, state } = s.run();
		assert.deepEqual(text.slice(1), ['R2: P[0xabababab](B)', 'R3: P[0xabababab](I) | nothing backed']);
		assert.equal(summary(state).blocks.included, 1);
	});
});

describe('the reducer', () => {
	// A stream with all kinds of events, driven by a small generator of numbers.
	function anything(seed) {
		let value = seed;
		const below = (limit) => {
			value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
			return Math.floor((value / 2_147_483_648) * limit);
		};
		const s = scenario();
		let ready = [];
		let under = [];
		let built = s.genesis;
		const chain = [s.r({ next: [0, 1] })];
		let finalized = 0;
		for (let step = 0; step < 60; step += 1) {
			if (below(12) === 0) {
				const from = ['relay', 'para'][below(2)];
				s.down(from);
				s.up(from);
			}
			// Final blocks stay.
			if (below(8) === 0) s.r({ on: chain.at(-1 - below(Math.min(3, chain.length - finalized))), best: below(2) === 0 });
			const includes = under.slice(0, below(3));
			const rest = under.slice(includes.length);
			const timedOut = rest.length > 0 && below(6) === 0 ? rest : [];
			const backs = ready.slice(0, 2).map((block, at) => [block, at, `relay parent ${step}`]);
			const session = below(10) === 0 ? step : undefined;
			const entries = session === undefined ? backs : [];
			const block = s.r({ on: chain.at(-1), includes, timesOut: timedOut, backs: entries, session, next: [0, 1], unread: below(15) === 0 ? 'no answer' : undefined });
			chain.push(block);
			if (session !== undefined) {
				ready = [...rest.map(([block]) => block), ...ready];
				under = [];
			} else if (timedOut.length > 0) {
				ready = [...timedOut.map(([block]) => block), ...ready.slice(entries.length)];
				under = entries;
			} else {
				ready = ready.slice(entries.length);
				under = [...rest, ...entries];
			}
			for (let count = below(3); count > 0; count -= 1) {
				built = s.bundle({ count: 1 + below(3), on: built, relayParent: Math.max(0, block.number - 1 - below(2)) });
				ready.push(built);
			}
			if (below(5) === 0) s.p({ on: s.genesis, salt: `fork ${step}`, relayParent: 0, best: false });
			if (below(3) === 0) {
				finalized = Math.max(finalized, chain.length - 1 - below(4));
				s.finalize(chain[finalized]);
			}
		}
		return s.events;
	}

	it('gives the same figures whether and whenever the relay chain is final', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const events = anything(seed);
			const without = events.filter(({ type }) => type !== 'finalized');
			// Except for block confidence, which counts final blocks only.
			const figures = (stream) => ({ ...summary(run(stream).state), confidence: undefined });
			assert.deepEqual(figures(events), figures(without), `seed ${seed}`);
			assert.deepEqual(run(events).text, run(without).text, `seed ${seed}`);
		}
	});

	it('reports each authored block as finalized, lost or open', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const { state } = run(anything(seed));
			const { confidence, blocks } = summary(state);
			const { included, lost } = state.settled?.totals.blocks ?? { included: 0, lost: 0 };
			assert.ok(confidence.finalized <= included && confidence.lost <= lost && lost <= blocks.lost, `seed ${seed}`);
			assert.equal(confidence.authored, confidence.finalized + confidence.lost + confidence.open);
		}
	});

	it('counts one attempt for each backed candidate', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const [start, ...rest] = anything(seed);
			const { attempts, backed } = summary(run([{ ...start, relayParentOffset: 0 }, ...rest]).state).candidates;
			assert.equal(attempts.reduce((sum, count) => sum + count, 0), backed, `seed ${seed}`);
		}
	});

	it('does not change its arguments', () => {
		let state = initial();
		for (const event of anything(7)) {
			const before = structuredClone(state);
			const next = reduce(state, event);
			assert.deepEqual(state, before);
			state = next;
		}
	});

	it('gives the same result for a stream that was written and read', () => {
		const events = anything(3);
		const read = run(events.map((event) => JSON.parse(JSON.stringify(event))));
		const { state, text } = run(events);
		assert.deepEqual([read.text, summary(read.state)], [text, summary(state)]);
	});

	it('does not grow while the chain is finalized', () => {
		const s = scenario();
		let last;
		for (let number = 1; number <= 700; number += 1) {
			const p = s.p({ relayParent: number - 1 });
			last = s.r({ backs: [p], includes: last ? [last.p] : [], next: [0] });
			last.p = p;
			if (number > 3) s.finalize(last);
		}
		const { state } = s.run();
		assert.ok(state.relay.blocks.size < 80, `${state.relay.blocks.size} relay blocks`);
		assert.ok(state.chain.blocks.size < 530, `${state.chain.blocks.size} parachain blocks`);
		assert.ok(state.settled.progress.size < 530);
		assert.ok(state.chain.during.size < 80);
		assert.equal(summary(state).blocks.included, 699);
	});

	it('rejects unknown events', () => {
		assert.throws(() => reduce(initial(), { from: 'relay', type: 'smoke' }), /'relay\/smoke' is unknown/);
	});
});
