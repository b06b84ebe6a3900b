// Unit tests of bucket.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenBucket } from './bucket.mjs';

// Takes a token whenever there is one, at the times that the bucket returns, until `end`. Returns these times.
function takeUntil(bucket, start, end) {
	const times = [];
	for (let now = start; now < end; now = Math.max(bucket.next(now), now)) {
		assert.ok(bucket.take(now), `no token at ${now}, where the bucket promised one`);
		times.push(now);
		assert.ok(times.length < 1e6, 'the bucket never runs dry');
	}
	return times;
}

test('the rate is kept', () => {
	for (const rate of [0.5, 1, 7, 20, 333, 2500]) {
		const bucket = tokenBucket({ rate, now: 1000 });
		const times = takeUntil(bucket, 1000, 61_000);
		assert.ok(Math.abs(times.length - rate * 60) <= 1, `${times.length} in 60 s at ${rate}/s`);
	}
});

test('it starts with one token', () => {
	const bucket = tokenBucket({ rate: 10, now: 0 });
	assert.ok(bucket.take(0));
	assert.ok(!bucket.take(0));
	assert.ok(!bucket.take(99));
	assert.equal(Math.round(bucket.next(99)), 100);
	assert.ok(bucket.take(100));
});

test('after a pause at most one burst follows', () => {
	const bucket = tokenBucket({ rate: 10, burst: 5, now: 0 });
	bucket.take(0);
	let taken = 0;
	while (bucket.take(60_000)) taken += 1;
	assert.equal(taken, 5);
	assert.ok(bucket.next(60_000) > 60_000);
});

test('the burst of a slow rate is at least one token', () => {
	const bucket = tokenBucket({ rate: 0.1, now: 0 });
	assert.ok(bucket.take(0));
	assert.ok(!bucket.take(9_000));
	assert.ok(bucket.take(10_000));
});
