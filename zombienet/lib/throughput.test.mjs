// Unit tests of throughput.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throughputMeter } from './throughput.mjs';

const newSession = { pallet: 'Session', name: 'NewSession' };
const backed = (para) => ({ pallet: 'ParaInclusion', name: 'CandidateBacked', para });
const included = (para) => ({ pallet: 'ParaInclusion', name: 'CandidateIncluded', para });

function feed(meter, blocks) {
	let result;
	for (const events of blocks) result = meter.add(events);
	return result;
}

test('nothing counts before the first session change', () => {
	const meter = throughputMeter({ para: 2000, blocks: 1 });
	assert.equal(feed(meter, [[backed(2000)], [], [newSession]]), undefined);
	assert.deepEqual(meter.result(), { backed: 0, counted: 0, warmUp: 0, sessionChanges: 1, perBlock: [] });
	assert.deepEqual(meter.add([backed(2000)]), { backed: 1, counted: 1, warmUp: 0, sessionChanges: 1, perBlock: [1] });
});

test('nothing counts before the first candidate', () => {
	const meter = throughputMeter({ para: 2000, blocks: 2 });
	const result = feed(meter, [[newSession], [], [backed(2001)], [newSession], [], [backed(2000)], []]);
	assert.deepEqual(result, { backed: 1, counted: 2, warmUp: 3, sessionChanges: 2, perBlock: [1, 0] });
});

test('blocks with a session change are left out, empty ones are not', () => {
	const meter = throughputMeter({ para: 2000, blocks: 4 });
	const result = feed(meter, [[newSession], [backed(2000)], [], [newSession, backed(2000)], [backed(2000)], [backed(2000)]]);
	assert.deepEqual(result, { backed: 3, counted: 4, warmUp: 0, sessionChanges: 2, perBlock: [1, 0, 1, 1] });
});

test('only candidates of the parachain count, and only when they are backed', () => {
	const meter = throughputMeter({ para: 2000, blocks: 1 });
	const result = feed(meter, [[newSession], [backed(2001), included(2000), backed(2000), backed(2000)]]);
	assert.equal(result.backed, 2);
});

test('a complete count takes no more', () => {
	const meter = throughputMeter({ para: 2000, blocks: 1 });
	feed(meter, [[newSession], [backed(2000)]]);
	assert.throws(() => meter.add([]), /1 relay blocks are counted already/);
});
