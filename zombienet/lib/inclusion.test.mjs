// Unit tests of inclusion.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inclusionAsSeen } from './inclusion.mjs';

const chain = (...relayParents) => relayParents.map((relayParent, at) => ({ number: at + 1, relayParent }));
const includedIn = (...pairs) => pairs.map(([relayBlock, head]) => ({ relayBlock, head }));
const lags = (stats) => Object.fromEntries(stats.counts.map((count, lag) => [lag, count]).filter(([, count]) => count > 0));

test('a block is seen as included by the first one on that relay block', () => {
	const { stats, hidden } = inclusionAsSeen(chain(10, 11, 12, 13, 14), includedIn([13, 1], [14, 2]));
	assert.deepEqual(lags(stats), { 3: 2 });
	assert.deepEqual({ ...stats, counts: 0 }, { included: 2, total_lag: 6, longest_lag: 3, seen_late: 0, counts: 0 });
	assert.equal(hidden, 0);
});

test('without a block on that relay block it is seen later', () => {
	const { stats, hidden } = inclusionAsSeen(chain(10, 11, 15), includedIn([13, 1]));
	assert.deepEqual(lags(stats), { 5: 1 });
	assert.equal(stats.seen_late, 1);
	assert.equal(hidden, 2);
});

test('several blocks are included at once, and several inclusions are seen at once', () => {
	const { stats } = inclusionAsSeen(chain(10, 10, 10, 13, 30), includedIn([13, 3], [16, 4]));
	assert.deepEqual(lags(stats), { 3: 3, 14: 1 });
	assert.equal(stats.included, 4);
	assert.equal(stats.longest_lag, 17);
});

test('what no block has seen yet does not count', () => {
	const { stats } = inclusionAsSeen(chain(10, 11), includedIn([12, 1]));
	assert.equal(stats.included, 0);
	assert.equal(stats.longest_lag, null);
});
