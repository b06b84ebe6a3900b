// Unit tests of records.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unaccounted } from './records.mjs';

const block = (number, included, unincluded, more = {}) => ({ number, stats: { first_block: 1, included_blocks: included, blocks_with_unknown_lag: 0, faults: 0, ...more }, unincluded });

test('every block is included or unincluded', () => {
	assert.deepEqual(unaccounted([block(1, 0, [1]), block(2, 0, [1, 2]), block(3, 2, [3]), block(4, 2, [3, 4])]), []);
	assert.deepEqual(unaccounted([block(9, 3, [7, 8, 9], { first_block: 4 })]), []);
});

test('a block that is neither or both is reported', () => {
	assert.deepEqual(unaccounted([block(4, 1, [3, 4])]), ['#4: 1 included since #1, unincluded #3 #4']);
	assert.deepEqual(unaccounted([block(4, 3, [3, 4])]), ['#4: 3 included since #1, unincluded #3 #4']);
	assert.deepEqual(unaccounted([block(4, 3, [])]), ['#4: 3 included since #1, unincluded none']);
});

test('a decreasing number of included blocks is reported', () => {
	assert.deepEqual(unaccounted([block(4, 3, [4]), block(5, 2, [3, 4, 5])]), ['#5: 2 included, 3 in the previous block']);
});

test('tracking faults are reported', () => {
	assert.deepEqual(unaccounted([block(1, 0, [1], { faults: 2 })]), ['#1: 2 faults, 0 with an unknown lag']);
	assert.deepEqual(unaccounted([block(1, 0, [1], { blocks_with_unknown_lag: 1 })]), ['#1: 0 faults, 1 with an unknown lag']);
});
