// Unit tests of those parts of chain.mjs that need no node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devAccount, eachFinalized, submit } from './chain.mjs';

test('development accounts have the well-known addresses', () => {
	assert.equal(devAccount('Alice').address, '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
	assert.equal(devAccount('Bob').address, '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
});

// A transaction with the given events.
function transaction(events) {
	return {
		signSubmitAndWatch: () => ({
			subscribe({ next }) {
				queueMicrotask(() => events.forEach(next));
				return { unsubscribe() {} };
			},
		}),
	};
}

const inBlock = { type: 'txBestBlocksState', found: true, block: { number: 7 } };
const finalized = { type: 'finalized', ok: false, dispatchError: { type: 'BadOrigin' }, events: [], block: { number: 7 } };

test('a transaction is followed to its finalization', async () => {
	const result = await submit(transaction([{ type: 'signed' }, inBlock, finalized]), {}, { what: 'a call', seconds: 1 });
	assert.equal(result.ok, false);
	assert.deepEqual(result.dispatchError, { type: 'BadOrigin' });
	assert.equal(result.block.number, 7);
	assert.ok(result.secondsToBlock <= result.secondsToFinalized);
});

test('the error for a transaction that is not finalized names its last state', async () => {
	const stuck = transaction([{ type: 'signed' }, inBlock]);
	await assert.rejects(submit(stuck, {}, { what: 'a call', seconds: 0.02 }), {
		message: 'waited 0.02 s for a call to be finalized; last state: in block #7',
	});
});

test('finalized blocks are handled one at a time, and kept until then', async () => {
	const held = new Set();
	const log = [];
	let next;
	const client = {
		finalizedBlock$: { subscribe: (observer) => ({ unsubscribe: () => {}, ...void (next = observer.next) }) },
		hodlBlock: (hash) => {
			held.add(hash);
			return () => held.delete(hash);
		},
	};
	const done = new Promise((resolve) => {
		eachFinalized(client, async ({ hash }) => {
			log.push(`begin ${hash} of ${[...held]}`);
			await Promise.resolve();
			log.push(`end ${hash}`);
			if (hash === 'b') throw new Error('no such block');
		}, resolve);
	});
	for (const hash of ['a', 'b']) next({ hash });
	assert.match((await done).message, /no such block/);
	assert.deepEqual(log, ['begin a of a,b', 'end a', 'begin b of b', 'end b']);
});
