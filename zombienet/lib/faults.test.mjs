// Unit tests of faults.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backedWhileStopped, backersOf, calm, recoveredWith, tally, tallyText, usualLength } from './faults.mjs';

const candidate = (...numbers) => ({ core: 0, again: false, blocks: numbers.map((number) => ({ number })) });
const again = (...numbers) => ({ ...candidate(...numbers), again: true });
const line = (number, more = {}) => ({ number, session: null, backed: [candidate(number)], included: [candidate(number - 2)], timedOut: [], dropped: [], lost: [], head: number - 2, unincluded: 3, ...more });
const idle = (number, more = {}) => line(number, { backed: [], included: [], ...more });
const range = (from, to, make = line) => Array.from({ length: to - from + 1 }, (_, at) => make(from + at));

test('relay blocks close to a change of session are not calm', () => {
	const lines = [...range(1, 9), idle(10, { session: 4 }), ...range(11, 16)];
	assert.deepEqual(calm(lines).map(({ number }) => number), [1, 2, 3, 4, 5, 6, 14, 15, 16]);
});

test('the usual length is the median of the known lengths', () => {
	const lengths = (...all) => all.map((unincluded, at) => line(at + 1, { unincluded }));
	assert.equal(usualLength(lengths(4, 3, null, 3, 9, 2)), 3);
	assert.equal(usualLength(lengths(3, 4)), 3);
	assert.equal(usualLength(lengths(null)), null);
});

const wanted = { after: 5, tip: 5, usual: 3, window: 4, least: 3 };

test('the pipeline has recovered when enough consecutive relay blocks have a backed candidate', () => {
	assert.equal(recoveredWith([...range(1, 5), ...range(6, 8)], wanted), undefined);
	assert.equal(recoveredWith([...range(1, 5), ...range(6, 9)], wanted), 9);
	assert.equal(recoveredWith([...range(1, 5), idle(6), idle(7), ...range(8, 9)], wanted), undefined);
	assert.equal(recoveredWith([...range(1, 5), idle(6), idle(7), ...range(8, 10)], wanted), 10);
});

test('relay blocks before the fault do not count', () => {
	assert.equal(recoveredWith(range(1, 5), wanted), undefined);
});

test('relay blocks close to a change of session do not count', () => {
	const lines = [...range(1, 7), idle(10, { session: 4 }), ...range(14, 17)];
	assert.equal(recoveredWith(lines, wanted), 16);
});

test('the segment must be as short as before, without blocks from before', () => {
	const long = range(6, 9, (number) => line(number, { unincluded: 4 }));
	assert.equal(recoveredWith([...range(1, 5), ...long], wanted), undefined);
	assert.equal(recoveredWith([...range(1, 5), ...long, line(10)], wanted), 10);
	const unknown = range(6, 9, (number) => line(number, { unincluded: null }));
	assert.equal(recoveredWith([...range(1, 5), ...unknown], wanted), undefined);
	const stuck = range(6, 9, (number) => line(number, { head: 4 }));
	assert.equal(recoveredWith([...range(1, 5), ...stuck], wanted), undefined);
	assert.equal(recoveredWith([...range(1, 5), ...stuck, line(10, { head: 5 })], wanted), 10);
});

test('blocks and candidates are counted', () => {
	const lines = [
		line(1),
		line(2, { backed: [candidate(2), again(3, 4)], included: [], timedOut: [candidate(9)], lost: [{ number: 8 }, { number: 9 }], unincluded: 4 }),
		idle(3, { unincluded: null }),
		idle(4, { session: 7, dropped: [candidate(5)] }),
		line(5),
	];
	assert.deepEqual(tally(lines, 2, 4), {
		...{ relayBlocks: 3, sessions: 1, idle: 1, backed: 3, included: 0, again: 2 },
		...{ timedOut: 1, dropped: 1, lost: 2, longest: 4 },
	});
	assert.equal(tally(lines, 3, 3).longest, null);
	assert.match(tallyText(tally(lines, 2, 4)), /^3 relay blocks, 1 with a change of session, 1 others .* 2 re-proposed, 2 lost;/);
});

test('blocks made after the validator stopped are not backed by it', () => {
	const block = (number) => ({ number, hash: `0x${number}` });
	const backs = (number, ...numbers) => line(number, { backed: [{ core: 0, blocks: numbers.map(block) }], collated: [block(number)] });
	const none = (number) => idle(number, { collated: [block(number)] });
	const period = { stopped: 10, resumed: 15 };
	assert.deepEqual(backedWhileStopped([backs(9, 8), backs(10, 9), backs(11, 10), backs(12, 11), none(13), none(14), none(15), backs(16, 13)], period), { made: [], idle: 3 });
	assert.deepEqual(backedWhileStopped([backs(11, 10), backs(12, 11), backs(13, 12), none(14), none(15)], period), { made: [block(12)], idle: 2 });
	assert.deepEqual(backedWhileStopped([none(11), none(12), backs(15, 12, 9)], period), { made: [block(12)], idle: 0 });
	assert.deepEqual(backedWhileStopped([none(11), none(12)], period), { made: [], idle: 2 });
});

test('the group of a core rotates', () => {
	const groups = [[0], [1], [2, 3]];
	const at = (now) => [groups, { session_start_block: 11, group_rotation_frequency: 5, now }];
	assert.deepEqual(backersOf(0, at(15)), [0]);
	assert.deepEqual(backersOf(0, at(16)), [1]);
	assert.deepEqual(backersOf(1, at(22)), [0]);
	assert.deepEqual(backersOf(1, [groups, { session_start_block: 0, group_rotation_frequency: 0, now: 9 }]), [1]);
});
