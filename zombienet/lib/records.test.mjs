// Unit tests of records.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unaccounted } from './records.mjs';

const block = (number, included, underWay, more = {}) => ({ number, stats: { since: 1, included, unmeasured: 0, faults: 0, ...more }, underWay });

test('every block is included or under way', () => {
	assert.deepEqual(unaccounted([block(1, 0, [1]), block(2, 0, [1, 2]), block(3, 2, [3]), block(4, 2, [3, 4])]), []);
	assert.deepEqual(unaccounted([block(9, 3, [7, 8, 9], { since: 4 })]), []);
});

test('a block that is neither, or both, is found', () => {
	assert.deepEqual(unaccounted([block(4, 1, [3, 4])]), ['#4: 1 included since #1, and under way #3 #4']);
	assert.deepEqual(unaccounted([block(4, 3, [3, 4])]), ['#4: 3 included since #1, and under way #3 #4']);
	assert.deepEqual(unaccounted([block(4, 3, [])]), ['#4: 3 included since #1, and under way nothing']);
});

test('what is included stays so', () => {
	assert.deepEqual(unaccounted([block(4, 3, [4]), block(5, 2, [3, 4, 5])]), ['#5: 2 included, 3 in the block before']);
});

test('faults of tracking are found', () => {
	assert.deepEqual(unaccounted([block(1, 0, [1], { faults: 2 })]), ['#1: 2 faults, 0 unmeasured']);
	assert.deepEqual(unaccounted([block(1, 0, [1], { unmeasured: 1 })]), ['#1: 0 faults, 1 unmeasured']);
});
