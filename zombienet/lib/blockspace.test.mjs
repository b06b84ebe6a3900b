// Unit tests of blockspace.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockspace, ratios, windowAfter } from './blockspace.mjs';

// A relay block in which candidates with these parachain blocks were included, as in the observer's lines.
const line = (number, ...candidates) => ({ number, session: null, included: candidates.map((hashes) => ({ core: 0, blocks: hashes.map((hash) => ({ hash, number })) })) });
const USAGES = { a: { refTime: 10, proofSize: 100 }, b: { refTime: 30, proofSize: 200 }, c: { refTime: 20, proofSize: 600 } };
const usageOf = (hash) => USAGES[hash];

test('a window starts after the first relay block with a loaded block', () => {
	const lines = [line(1, ['x']), line(2), line(3, ['a']), line(4), line(5, ['b']), line(6)];
	const isLoaded = ({ hash }) => hash in USAGES;
	assert.deepEqual(windowAfter(lines, isLoaded, 2).map(({ number }) => number), [4, 5]);
	assert.deepEqual(windowAfter(lines, isLoaded, 3).map(({ number }) => number), [4, 5, 6]);
	assert.equal(windowAfter(lines, isLoaded, 4), undefined);
	assert.equal(windowAfter(lines.slice(0, 2), isLoaded, 1), undefined);
});

test('usage is given per parachain block and per relay block', () => {
	const used = blockspace([line(4), line(5, ['a', 'b']), { ...line(6), session: 7 }, line(7, ['c'])], usageOf);
	assert.deepEqual(used, {
		relayBlocks: 4,
		sessionChanges: 1,
		perBlock: [0, 2, 0, 1],
		blocks: 3,
		unknown: 0,
		refTime: { mean: 20, most: 30 },
		proofSize: { mean: 300, most: 600 },
		perRelayBlock: { blocks: 0.75, refTime: 15, proofSize: 225 },
	});
});

test('the candidates of several cores count together', () => {
	assert.deepEqual(blockspace([line(1, ['a'], ['b'], ['c'])], usageOf).perRelayBlock, { blocks: 3, refTime: 60, proofSize: 900 });
});

test('a block with unknown usage is counted as unknown', () => {
	const { blocks, unknown, refTime } = blockspace([line(1, ['a', 'x'])], usageOf);
	assert.deepEqual([blocks, unknown, refTime.mean], [2, 1, 10]);
	const none = blockspace([line(1)], usageOf);
	assert.deepEqual([none.blocks, none.refTime.mean, none.refTime.most], [0, 0, 0]);
});

test('a ratio compares relay blocks', () => {
	const fast = blockspace([line(1, ['a']), line(2, ['b'])], usageOf);
	const slow = blockspace([line(1), line(2), line(3, ['c']), line(4)], usageOf);
	assert.deepEqual(ratios(fast, slow), { blocks: 4, refTime: 4, proofSize: 1 });
});
