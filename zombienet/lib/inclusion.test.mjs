// Unit tests of inclusion.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inclusionAsSeen } from './inclusion.mjs';

const chain = (...relayParents) => relayParents.map((relayParent, at) => ({ number: at + 1, relayParent }));
const includedIn = (...pairs) => pairs.map(([relayBlock, head]) => ({ relayBlock, head }));
const lags = (stats) => Object.fromEntries(stats.lags.map(({ lag, blocks }) => [lag, blocks]));

test('a block counts as included in the first block on that relay block', () => {
	const { stats, excess } = inclusionAsSeen(chain(10, 11, 12, 13, 14), includedIn([13, 1], [14, 2]));
	assert.deepEqual(lags(stats), { 3: 2 });
	assert.deepEqual(stats, { included_blocks: 2, total_lag: 6, longest_lag: 3, blocks_with_uncertain_lag: 0, lags: [{ lag: 3, capped: false, blocks: 2 }] });
	assert.equal(excess, 0);
});

test('without a block on that relay block, inclusion is seen later', () => {
	const { stats, excess } = inclusionAsSeen(chain(10, 11, 15), includedIn([13, 1]));
	assert.deepEqual(lags(stats), { 5: 1 });
	assert.equal(stats.blocks_with_uncertain_lag, 1);
	assert.equal(excess, 2);
});

test('one relay block includes several blocks, and one block sees several inclusions', () => {
	const { stats } = inclusionAsSeen(chain(10, 10, 10, 13, 30), includedIn([13, 3], [16, 4]));
	assert.deepEqual(lags(stats), { 3: 3, 14: 1 });
	assert.deepEqual(stats.lags.map(({ capped }) => capped), [false, true]);
	assert.equal(stats.included_blocks, 4);
	assert.equal(stats.longest_lag, 17);
});

test('an inclusion that no parachain block has seen does not count', () => {
	const { stats } = inclusionAsSeen(chain(10, 11), includedIn([12, 1]));
	assert.equal(stats.included_blocks, 0);
	assert.equal(stats.longest_lag, null);
});
