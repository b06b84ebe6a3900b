// Unit tests of attempts.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptAt, beginsCandidate, firstChance } from './attempts.mjs';

const version2 = (relayParent, relayParentOffset) => firstChance({ relayParent, schedulingParent: null, relayParentOffset });

test('the first chance is above the relay blocks whose headers the block holds', () => {
	assert.equal(version2(10, 0), 11);
	assert.equal(version2(10, 1), 12);
	assert.equal(version2(0, 2), 3);
});

test('with a separate scheduling parent the first chance is above it, however old the relay parent is', () => {
	assert.equal(firstChance({ relayParent: 10, schedulingParent: 14, relayParentOffset: 1 }), 15);
	assert.equal(firstChance({ relayParent: undefined, schedulingParent: 14, relayParentOffset: undefined }), 15);
});

test('the first chance is unknown if one of its inputs is', () => {
	assert.equal(version2(undefined, 1), undefined);
	assert.equal(version2(10, undefined), undefined);
	assert.equal(firstChance({ relayParent: 10, schedulingParent: undefined, relayParentOffset: 1 }), undefined);
});

test('attempts count from the first chance', () => {
	const at = (number) => attemptAt({ first: 12, number, core: 0, turns: [] });
	assert.deepEqual([12, 13, 15].map(at), [1, 2, 4]);
	assert.equal(at(11), null);
	assert.equal(attemptAt({ first: undefined, number: 12, core: 0, turns: [] }), null);
});

test('relay blocks in which the core is assigned to another parachain are not chances', () => {
	const turns = [11, 12, 13, 14, 15].map((number) => ({ number, cores: number % 2 === 0 ? [1, 3] : [1] }));
	const at = (number, core) => attemptAt({ first: 12, number, core, turns });
	assert.deepEqual([12, 14, 16].map((number) => at(number, 3)), [1, 2, 3]);
	assert.deepEqual([12, 14, 16].map((number) => at(number, 1)), [1, 3, 5]);
	// The relay block that backs the candidate is a chance, whatever the claim queue said before.
	assert.equal(at(13, 3), 2);
});

test('relay blocks with an unknown claim queue are chances', () => {
	assert.equal(attemptAt({ first: 12, number: 14, core: 3, turns: [{ number: 12, cores: null }, { number: 13, cores: [] }] }), 2);
});

test('a candidate starts with the first block of a bundle', () => {
	assert.ok(beginsCandidate({ digest: { bundle: { index: 0, last: false } } }));
	assert.ok(!beginsCandidate({ digest: { bundle: { index: 1, last: true } } }));
	assert.ok(beginsCandidate({ digest: {} }));
	assert.ok(beginsCandidate({ digest: undefined }));
});
