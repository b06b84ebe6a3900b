// Unit tests of throughput.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throughputMeter } from './throughput.mjs';

// The results of relayEvents for relay blocks with these candidates, and for the first block of a session.
const block = (...kinds) => ({ session: undefined, candidates: kinds.map((kind) => ({ kind, core: 0 })) });
const newSession = (...kinds) => ({ ...block(...kinds), session: 1 });
const empty = block();
const backed = block('backed');

function feed(meter, blocks) {
	let result;
	for (const block of blocks) result = meter.add(block);
	return result;
}

test('nothing counts before the first session change', () => {
	const meter = throughputMeter({ blocks: 1 });
	assert.equal(feed(meter, [backed, empty, newSession()]), undefined);
	assert.deepEqual(meter.result(), { backed: 0, counted: 0, warmUp: 0, sessionChanges: 1, perBlock: [], perCore: {} });
	assert.deepEqual(meter.add(backed), { backed: 1, counted: 1, warmUp: 0, sessionChanges: 1, perBlock: [1], perCore: { 0: 1 } });
});

test('nothing counts before the first candidate', () => {
	const meter = throughputMeter({ blocks: 2 });
	const result = feed(meter, [newSession(), empty, block('included'), newSession(), empty, backed, empty]);
	assert.deepEqual(result, { backed: 1, counted: 2, warmUp: 3, sessionChanges: 2, perBlock: [1, 0], perCore: { 0: 1 } });
});

test('blocks with a session change are left out, empty ones are not', () => {
	const meter = throughputMeter({ blocks: 4 });
	const result = feed(meter, [newSession(), backed, empty, newSession('backed'), backed, backed]);
	assert.deepEqual(result, { backed: 3, counted: 4, warmUp: 0, sessionChanges: 2, perBlock: [1, 0, 1, 1], perCore: { 0: 3 } });
});

test('candidates count when they are backed', () => {
	const meter = throughputMeter({ blocks: 1 });
	const result = feed(meter, [newSession(), block('included', 'backed', 'timedOut', 'backed')]);
	assert.equal(result.backed, 2);
});

test('each core has a separate count', () => {
	const on = (...cores) => ({ session: undefined, candidates: cores.map((core) => ({ kind: 'backed', core })) });
	const meter = throughputMeter({ blocks: 2 });
	const result = feed(meter, [newSession(), on(2, 0, 1), on(0, 2)]);
	assert.deepEqual(result.perBlock, [3, 2]);
	assert.deepEqual(result.perCore, { 0: 2, 1: 1, 2: 2 });
});

test('a complete count accepts no more blocks', () => {
	const meter = throughputMeter({ blocks: 1 });
	feed(meter, [newSession(), backed]);
	assert.throws(() => meter.add(empty), /1 relay blocks are counted already/);
});
