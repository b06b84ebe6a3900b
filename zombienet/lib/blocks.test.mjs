// Unit tests of blocks.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followBlocks } from './blocks.mjs';

function chain() {
	let tell;
	const client = {
		finalizedBlock$: { subscribe: ({ next }) => ((tell = next), { unsubscribe: () => {} }) },
		hodlBlock: () => () => {},
	};
	return { client, show: (number) => tell({ number, hash: `h${number}` }) };
}

test('each block is described, and can be waited for', async () => {
	const { client, show } = chain();
	const { blocks, until } = followBlocks({ client, describe: async ({ number }) => ({ double: 2 * number }) });
	const found = until(10, 'block 3', (all) => all.find(({ double }) => double === 6)?.hash);
	[0, 2, 3].forEach(show);
	assert.equal(await found, 'h3');
	assert.deepEqual(blocks.map(({ number }) => number), [2, 3]);
	await assert.rejects(until(0.01, 'block 9', () => undefined), /last state: block #3$/);
});

test('a gap is an error', async () => {
	const { client, show } = chain();
	const { until } = followBlocks({ client, describe: async () => ({}) });
	[1, 3].forEach(show);
	await assert.rejects(until(10, 'block 9', () => undefined), /block #3 came after #1: blocks are missing/);
});
