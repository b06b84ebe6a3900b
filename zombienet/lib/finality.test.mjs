// Unit tests of finality.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalChain, lostOf, watchFinality } from './finality.mjs';

test('reported blocks are compared with the chain', () => {
	const reported = [
		{ name: 'a', number: 1, hash: 'x1' },
		{ name: 'b', number: 1, hash: 'y1' },
		{ name: 'a', number: 2, hash: 'x2' },
		{ name: 'a', number: 3, hash: 'x3' },
	];
	const chain = new Map([[1, 'x1'], [2, 'x2']]);
	assert.deepEqual(lostOf(reported, chain), [reported[1], reported[3]]);
	assert.deepEqual(lostOf([], chain), []);
});

test('each node is followed under its name', () => {
	const observers = [];
	let open = 0;
	const client = { finalizedBlock$: { subscribe: (observer) => ((open += 1), observers.push(observer), { unsubscribe: () => (open -= 1) }) } };
	const failures = [];
	const { reported, stop } = watchFinality([{ name: 'a', client }, { name: 'b', client }], (error) => failures.push(error));
	observers[1].next({ number: 7, hash: 'x7', parent: 'x6' });
	observers[0].error('gone');
	assert.deepEqual(reported, [{ name: 'b', number: 7, hash: 'x7' }]);
	assert.deepEqual(failures, ['gone']);
	stop();
	assert.equal(open, 0);
});

test('the chain has all numbers up to the finalized one', async () => {
	const asked = [];
	const client = {
		getFinalizedBlock: async () => ({ number: 2, hash: 'x2' }),
		_request: async (method, params) => (asked.push([method, params]), params[0].map((number) => `x${number}`)),
	};
	assert.deepEqual([...(await finalChain(client))], [[0, 'x0'], [1, 'x1'], [2, 'x2']]);
	assert.deepEqual(asked, [['chain_getBlockHash', [[0, 1, 2]]]]);
});
