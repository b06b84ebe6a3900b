// Unit tests of figures.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initial, summary } from 'conveyor-observer/pipeline';
import { contradictions, figuresOf } from './figures.mjs';

const nothing = summary(initial());
const figures = (attempts, more = {}) => ({
	...nothing,
	candidates: { ...nothing.candidates, backed: attempts.reduce((sum, count) => sum + count, 0), attempts },
	blocks: { ...nothing.blocks, included: 9 },
	confidence: { authored: 12, finalized: 8, lost: 1, open: 3, ratio: 8 / 9 },
	...more,
});
const line = (...lost) => ({ lost });
const right = { figures: figures([7, 0, 1, 1]), lines: [line(), line({ number: 4, hash: '0x4b' })], chances: 4, final: new Map([[4, '0x4a']]) };

test('correct figures have no contradictions', () => {
	assert.deepEqual(contradictions(right), []);
	assert.deepEqual(contradictions({ ...right, figures: figures([9, 0, 0, 0, 0]) }), []);
});

test('no candidate is backed after its last chance', () => {
	assert.deepEqual(contradictions({ ...right, figures: figures([7, 0, 0, 0, 2, 1]) }), [
		'2 candidates were backed on attempt 5, but there are 4',
		'1 candidates were backed on attempt 6, but there are 4',
	]);
});

test('the attempt of every candidate is known', () => {
	const { candidates } = figures([7]);
	assert.deepEqual(contradictions({ ...right, figures: figures([7], { candidates: { ...candidates, backed: 8 } }) }), ['7 attempts are known of 8 backed candidates']);
});

test('some blocks are finalized, and not more than are included', () => {
	const finalized = (count) => contradictions({ ...right, figures: figures([7], { confidence: { ...right.figures.confidence, finalized: count } }) });
	assert.deepEqual(finalized(0), ['none of the authored blocks was finalized']);
	assert.deepEqual(finalized(9), []);
	assert.deepEqual(finalized(10), ['10 blocks were finalized, but 9 included']);
});

test('no lost block is final', () => {
	assert.deepEqual(contradictions({ ...right, final: new Map([[4, '0x4b']]) }), ['block #4 0x4b counts as lost, but is final']);
});

test('chances come from the lookahead and the relay parent offset', async () => {
	const pipeline = { summary: () => figures([7, 0, 0, 2]), lines: () => [line({ number: 1, hash: '0x01' })] };
	const relay = (lookahead) => ({ api: { apis: { ParachainHost: { scheduling_lookahead: async () => lookahead } } } });
	const client = { getFinalizedBlock: async () => ({ number: 1 }), _request: async () => ['0x00', '0x01'] };
	const para = { client, api: { apis: { RelayParentOffsetApi: { relay_parent_offset: async () => 1 } } } };
	const { text, wrong } = await figuresOf({ pipeline, relay: relay(5), para });
	assert.match(text, /^Parachain .*\n {2}chances +4 per candidate \(lookahead 5, relay parent offset 1\)$/s);
	assert.deepEqual(wrong, ['block #1 0x01 counts as lost, but is final']);
	assert.match((await figuresOf({ pipeline, relay: relay(4), para })).wrong[0], /^2 candidates were backed on attempt 4, but there are 3/);
});
