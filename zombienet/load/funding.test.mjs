// Unit tests of funding.mjs, with a fake node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoders } from './calls.mjs';
import { accountsOf, fillState, fund } from './funding.mjs';
import { deriveAccounts, devAccount } from './keys.mjs';
import { stateKeys } from './transactions.mjs';
import { ss58Address } from '@polkadot-labs/hdkd-helpers';

const index = (call) => Buffer.of(10, call);
const calls = encoders({ transfer: index(0), create: index(1), upgradeAccounts: index(2), remark: index(3), all: index(4) });
const funder = devAccount('//Alice');
const UNIT = 1_000_000_000_000n;
const CREATION = 2 + 1 + 32;

// Executes batches of creations. `amount` bytes follow each receiver.
function fakeNode({ balances = {}, refuse }) {
	const state = new Map(Object.entries(balances));
	let nonce = 0;
	const node = {
		state,
		sent: [],
		response: (_, promise) => promise,
		request: async () => nonce,
		submit: async (call) => {
			if (refuse) return refuse;
			nonce += 1;
			node.sent.push(call);
			for (const [to, amount] of call.transfers) state.set(to, (state.get(to) ?? 0n) + amount);
			return { kind: 'taken' };
		},
		client: {
			finalizedBlock$: {
				subscribe({ next }) {
					queueMicrotask(() => next({ hash: 'final' }));
					return { unsubscribe() {} };
				},
			},
		},
		api: {
			constants: { Balances: { ExistentialDeposit: async () => 1000n } },
			query: {
				System: {
					Account: {
						getValues: async (keys) => keys.map(([address]) => ({ nonce: address === funder.address ? nonce : 0, data: { free: state.get(address) ?? 0n } })),
					},
				},
			},
		},
	};
	return node;
}

// Calls that are kept as they are.
const readable = { ...calls, create: (to, amount) => [ss58Address(to), amount], all: (transfers) => ({ transfers }) };
const compose = ({ call }) => ({ payload: Buffer.alloc(CREATION), finish: () => call });
const context = (node) => ({ node, funder, compose, calls: readable, say() {} });
const accounts = deriveAccounts({ count: 5, scheme: 'ed25519', seed: 'test' });

test('only accounts below the amount are funded, and they are checked again', async () => {
	const node = fakeNode({ balances: { [funder.address]: 100n * UNIT, [accounts[1].address]: 7n * UNIT } });
	await fund(context(node), accounts, 2n * UNIT);
	assert.equal(node.sent.length, 1);
	assert.deepEqual(node.sent[0].transfers.map(([to]) => to), [0, 2, 3, 4].map((at) => accounts[at].address));
	await fund(context(node), accounts, 2n * UNIT);
	assert.equal(node.sent.length, 1, 'every account has enough');
	assert.deepEqual((await accountsOf(node, [accounts[0].address]))[0], { nonce: 0, free: 2n * UNIT });
});

test('a funder without enough tokens is named with its balance', async () => {
	const node = fakeNode({ balances: { [funder.address]: 3n * UNIT } });
	await assert.rejects(fund(context(node), accounts, UNIT), {
		message: `5 accounts need 1 UNIT each, but ${funder.address} has only 3 UNIT; reduce --accounts, --rate or --seconds, or pass a richer account with --funder`,
	});
	assert.equal(node.sent.length, 0);
});

test('a pool that rejects the funding ends it', async () => {
	const node = fakeNode({ balances: { [funder.address]: 100n * UNIT }, refuse: { kind: 'priority', text: 'Priority is too low' } });
	await assert.rejects(fund(context(node), accounts, UNIT), /the pool rejected a transaction of 5GrwvaEF\S+ \(Priority is too low\); check that no other program sends/);
});

test('the state is filled from the first missing account on', async () => {
	const keys = stateKeys('test', 1000);
	const node = fakeNode({ balances: Object.fromEntries(keys.slice(0, 613).map((key) => [ss58Address(key), 1000n])) });
	await fillState(context(node), keys);
	assert.deepEqual(node.sent.map(({ transfers }) => transfers.length), [200, 187]);
	assert.deepEqual(node.sent[0].transfers[0], [ss58Address(keys[613]), 1000n]);
	await fillState(context(node), keys);
	assert.equal(node.sent.length, 2);
});
