// Unit tests of rates.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtOn, changeOf, perRelayParent } from './rates.mjs';

const chain = (...relayParents) => relayParents.map((relayParent, at) => ({ number: at + 1, relayParent }));

test('relay blocks without a parachain block count as well', () => {
	assert.deepEqual(perRelayParent(chain(7, 8, 8, 11)), [
		{ relayParent: 7, blocks: 1 },
		{ relayParent: 8, blocks: 2 },
		{ relayParent: 9, blocks: 0 },
		{ relayParent: 10, blocks: 0 },
		{ relayParent: 11, blocks: 1 },
	]);
	assert.deepEqual(perRelayParent([]), []);
});

test('a rate is reached with the first relay parent that has it', () => {
	const counts = perRelayParent(chain(7, 8, 9, 10, 10, 10, 11, 11, 11));
	assert.deepEqual(changeOf({ counts, rate: 3, applied: 8, window: 3 }), { reached: 2, waited: 2, without: [], steady: [3, 3] });
	assert.deepEqual(changeOf({ counts, rate: 4, applied: 8, window: 3 }), { reached: null, waited: null, without: [], steady: [] });
});

test('relay parents before the change do not count', () => {
	const counts = perRelayParent(chain(7, 7, 7, 8, 9, 9, 9));
	assert.equal(changeOf({ counts, rate: 3, applied: 7, window: 3 }).reached, 2);
});

test('excused relay parents do not count as waiting', () => {
	const counts = perRelayParent(chain(7, 8, 11, 11));
	const waited = (...excused) => changeOf({ counts, rate: 2, applied: 7, window: 3, excused: new Set(excused) }).waited;
	assert.deepEqual([waited(), waited(7, 9), waited(9, 10, 11)], [4, 3, 1]);
});

test('a relay block without a parachain block is a loss, unless it is excused', () => {
	const counts = perRelayParent(chain(7, 9, 12));
	assert.deepEqual(changeOf({ counts, rate: 1, applied: 7, window: 4 }).without, [8, 10, 11]);
	assert.deepEqual(changeOf({ counts, rate: 1, applied: 7, window: 4, excused: new Set([8, 11]) }).without, [10]);
	assert.deepEqual(changeOf({ counts, rate: 1, applied: 7, window: 2 }).without, [8]);
});

test('included blocks are counted by their relay parent, with their cores', () => {
	const candidate = (core, ...lags) => ({ core, blocks: lags.map((lag) => ({ lag })) });
	const lines = [
		{ number: 5, included: [candidate(0, 3), candidate(1, 3)] },
		{ number: 6, included: [] },
		{ number: 7, included: [candidate(2, 5), candidate(0, 3, 3, 3)] },
	];
	assert.deepEqual(builtOn(lines), [
		{ relayParent: 2, blocks: 3, cores: 3 },
		{ relayParent: 4, blocks: 3, cores: 1 },
	]);
	assert.deepEqual(builtOn([]), []);
});
