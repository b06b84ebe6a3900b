// Unit tests of usage.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateOf, usage } from './usage.mjs';

const LIMITS = { refTime: 100, proofSize: 1000, length: 10 };
const block = (hash, refTime, own = 1) => ({ hash, number: 1, refTime, proofSize: refTime * 10, length: 1, own });

test('usage is given per block, as a share of the limit, and per second', () => {
	const used = usage();
	used.begin(0);
	used.enact(block('first', 80), 3_000);
	used.enact(block('a', 50, 10), 9_000);
	used.enact(block('b', 100, 20), 15_000);
	const { refTime, proofSize, ...rest } = used.figures(LIMITS);
	assert.deepEqual(refTime, { total: 150, mean: 75, most: 100, limit: 100, share: 0.75, mostShare: 1, perSecond: 12.5 });
	assert.equal(proofSize.mean, 750);
	assert.equal(rest.blocks, 2);
	assert.equal(rest.seconds, 12);
	assert.equal(rest.blockSeconds, 6);
	assert.equal(rest.transactions, 30);
});

test('blocks before and after the load and outside the best chain do not count', () => {
	const used = usage();
	used.enact(block('old', 1), -Infinity);
	used.begin(0);
	used.enact(block('first', 1), 1);
	used.enact(block('fork', 90), 2);
	used.retract('fork');
	used.enact(block('a', 10), 3_001);
	used.retract('a');
	// The block keeps the time at which it came first.
	used.enact(block('a', 10), 5_000);
	used.end(6_000);
	used.enact(block('late', 99), 6_001);
	used.retract('unknown');
	const { refTime, blocks, seconds } = used.figures(LIMITS);
	assert.deepEqual([blocks, seconds, refTime.total], [1, 3, 10]);
});

test('without blocks the figures are null', () => {
	const used = usage();
	assert.equal(used.figures(LIMITS).blocks, 0);
	used.begin(0);
	used.enact(block('first', 1), 1);
	const { blocks, seconds, blockSeconds, refTime } = used.figures(LIMITS);
	assert.deepEqual([blocks, seconds, blockSeconds, refTime.mean, refTime.perSecond], [0, 0, null, 0, null]);
});

test('a block that could not be read is counted as such', () => {
	const used = usage();
	used.begin(0);
	used.enact(block('first', 1), 1);
	used.enact({ hash: 'a', number: 2, own: 0, unread: true }, 2_001);
	const { unread, refTime } = used.figures(LIMITS);
	assert.deepEqual([unread, refTime.total], [1, 0]);
});

test('a rate counts from the first portion on', () => {
	const finality = rateOf();
	assert.equal(finality.perSecond(), null);
	finality.add(0, 1_000);
	finality.add(500, 10_000);
	assert.equal(finality.perSecond(), null);
	finality.add(60, 16_000);
	finality.add(60, 22_000);
	assert.equal(finality.perSecond(), 10);
	finality.add(0, 34_000);
	assert.equal(finality.perSecond(), 5);
});
