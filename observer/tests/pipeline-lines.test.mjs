// The reducer's lines: candidates on one and several cores, in bundles, and after a time-out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockState, lastLine, summary } from '../lib/pipeline.mjs';
import { run, scenario, steady } from './scenario.mjs';

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
