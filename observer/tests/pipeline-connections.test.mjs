// The reducer's lines with lost connections, with runtime APIs, and on other chains.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockState, summary } from '../lib/pipeline.mjs';
import { run, scenario, steady } from './scenario.mjs';

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
