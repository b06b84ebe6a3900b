// Unit tests of histogram.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, copy, histogram, mean, percentile } from './histogram.mjs';

const of = (...values) => {
	const all = histogram();
	values.forEach((value) => add(all, value));
	return all;
};

test('percentiles are recorded values, by nearest rank', () => {
	const twenty = of(...Array.from({ length: 20 }, (_, at) => 20 - at));
	assert.equal(percentile(twenty, 50), 10);
	assert.equal(percentile(twenty, 95), 19);
	assert.equal(percentile(twenty, 100), 20);
	assert.equal(percentile(of(3), 95), 3);
	assert.equal(percentile(of(1, 9), 50), 1);
	assert.equal(percentile(of(1, 9), 51), 9);
});

test('an empty histogram has no mean and no percentile', () => {
	assert.equal(mean(of()), null);
	assert.equal(percentile(of(), 50), null);
});

test('rounding does not change the mean', () => {
	const rounded = histogram();
	add(rounded, 104, 10);
	add(rounded, 106, 10);
	assert.equal(mean(rounded), 105);
	assert.equal(percentile(rounded, 50), 100);
	assert.equal(percentile(rounded, 95), 110);
});

test('a copy is independent', () => {
	const first = of(1);
	const second = copy(first);
	add(second, 5);
	assert.deepEqual([first.count, first.tally.size, mean(second)], [1, 1, 3]);
});
