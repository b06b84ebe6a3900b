// Unit tests of bucket.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenBucket } from './bucket.mjs';

// Takes whenever a token is there, waking up when the bucket says, until `end`. Returns when.
function takeUntil(bucket, start, end) {
	const times = [];
	for (let now = start; now < end; now = Math.max(bucket.next(now), now)) {
		assert.ok(bucket.take(now), `no token at ${now}, where the bucket promised one`);
		times.push(now);
		assert.ok(times.length < 1e6, 'the bucket never runs dry');
	}
	return times;
}

test('the rate is held', () => {
	for (const rate of [0.5, 1, 7, 20, 333, 2500]) {
		const bucket = tokenBucket({ rate, now: 1000 });
		const times = takeUntil(bucket, 1000, 61_000);
		assert.ok(Math.abs(times.length - rate * 60) <= 1, `${times.length} in 60 s at ${rate}/s`);
	}
});

test('it begins with one token', () => {
	const bucket = tokenBucket({ rate: 10, now: 0 });
	assert.ok(bucket.take(0));
	assert.ok(!bucket.take(0));
	assert.ok(!bucket.take(99));
	assert.equal(Math.round(bucket.next(99)), 100);
	assert.ok(bucket.take(100));
});

test('a pause is made up for by the burst, and no more', () => {
	const bucket = tokenBucket({ rate: 10, burst: 5, now: 0 });
	bucket.take(0);
	let taken = 0;
	while (bucket.take(60_000)) taken += 1;
	assert.equal(taken, 5);
	assert.ok(bucket.next(60_000) > 60_000);
});

test('a burst of less than a second of a slow rate still has a whole token', () => {
	const bucket = tokenBucket({ rate: 0.1, now: 0 });
	assert.ok(bucket.take(0));
	assert.ok(!bucket.take(9_000));
	assert.ok(bucket.take(10_000));
});
