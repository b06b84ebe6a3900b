// Unit tests of sessions.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intoSession } from './sessions.mjs';

const line = (number, session = null) => ({ number, session });

test('relay blocks count from the last change of session', () => {
	assert.equal(intoSession([line(20), line(21, 1)]), 0);
	assert.equal(intoSession([line(21, 1), line(22), line(40), line(41, 2), line(42), line(43)]), 2);
});

test('before the first change of session the result is undefined', () => {
	assert.equal(intoSession([]), undefined);
	assert.equal(intoSession([line(30), line(31)]), undefined);
});
