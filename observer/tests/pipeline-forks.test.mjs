// The reducer's lines and figures with forks and session changes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockState, summary } from '../lib/pipeline.mjs';
import { run, scenario } from './scenario.mjs';

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
