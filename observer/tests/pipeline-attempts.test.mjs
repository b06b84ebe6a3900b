// The reducer's figures of attempts and block confidence.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summary } from '../lib/pipeline.mjs';
import { run, scenario } from './scenario.mjs';

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
