// Unit tests of chain.mjs: reading blocks and inclusion.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256 } from '@polkadot-labs/hdkd-helpers';
import { chainOf } from './chain.mjs';
import { compact, hex, signedTransaction } from './scale.mjs';

const INHERENT = Buffer.from('280403000b0000000000', 'hex');
const signed = (byte) =>
	signedTransaction({ publicKey: Buffer.alloc(32, byte), scheme: 'ed25519', signature: Buffer.alloc(64, byte), extra: Buffer.alloc(3), call: Buffer.alloc(10) });
const signature = (byte) => Buffer.alloc(64, byte).toString('hex');

const failed = (index, dispatch_error) => ({ phase: { type: 'ApplyExtrinsic', value: index }, event: { type: 'System', value: { type: 'ExtrinsicFailed', value: { dispatch_error } } } });
const succeeded = (index) => ({ phase: { type: 'ApplyExtrinsic', value: index }, event: { type: 'System', value: { type: 'ExtrinsicSuccess', value: {} } } });
const weight = (ref_time, proof_size) => ({ ref_time: BigInt(ref_time), proof_size: BigInt(proof_size) });

// A fake node whose blocks have the contents of `state`.
function fakeNode(state) {
	const asked = [];
	const query = (pallet, item) => ({
		getValue: async ({ at }) => {
			asked.push(`${pallet}.${item} ${at}`);
			return state[item];
		},
	});
	const node = {
		asked,
		response: (_, promise) => promise,
		client: { getBlockBody: async () => state.body ?? Promise.reject(new Error('gone')) },
		api: { query: { System: { Events: query('System', 'Events'), BlockWeight: query('System', 'BlockWeight') } } },
		inTurn: (work) => work(),
		follow(describe, emit) {
			node.emit = async (event) => emit(event.type === 'block' ? { ...event, ...(await describe(event, event.root ?? false)) } : event);
		},
	};
	return node;
}

function start(options) {
	const emitted = [];
	let onStatus;
	const chain = chainOf({ accounts: [], statuses: (listener) => (onStatus = listener), ...options });
	chain.start((event) => emitted.push(event));
	return { emitted, onStatus: (status) => onStatus(status) };
}

test('a block has its transactions, the failed ones, and its weight', async () => {
	const state = {
		body: [INHERENT, signed(1), signed(2), signed(3)],
		Events: [
			succeeded(1),
			failed(2, { type: 'Module', value: { type: 'Balances', value: { type: 'InsufficientBalance', value: undefined } } }),
			failed(3, { type: 'BadOrigin' }),
			{ phase: { type: 'Finalization' }, event: { type: 'System', value: { type: 'ExtrinsicFailed', value: {} } } },
		],
		BlockWeight: { normal: weight(5, 50), operational: weight(1, 10), mandatory: weight(2, 20) },
	};
	const node = fakeNode(state);
	const { emitted } = start({ node });
	await node.emit({ type: 'block', hash: '0x1', number: 1, parent: '0x0' });
	assert.deepEqual(emitted, [
		{
			type: 'block',
			...{ hash: '0x1', number: 1, parent: '0x0', root: false },
			signatures: [signature(1), signature(2), signature(3)],
			failures: [[signature(2), 'Module.Balances.InsufficientBalance'], [signature(3), 'BadOrigin']],
			...{ refTime: 8, proofSize: 80, length: INHERENT.length + 3 * signed(1).length },
		},
	]);
});

test('the events of a block without signed transactions are not requested', async () => {
	const node = fakeNode({ body: [INHERENT], BlockWeight: { mandatory: weight(1, 1) } });
	const { emitted } = start({ node });
	await node.emit({ type: 'block', hash: '0x1', number: 1, parent: '0x0' });
	assert.deepEqual(node.asked, ['System.BlockWeight 0x1']);
	assert.deepEqual(emitted[0].signatures, []);
});

test('a block that cannot be read is marked as such', async () => {
	const node = fakeNode({});
	const { emitted } = start({ node });
	await node.emit({ type: 'block', hash: '0x1', number: 1, parent: '0x0', root: true });
	assert.deepEqual(emitted, [{ type: 'block', hash: '0x1', number: 1, parent: '0x0', root: true, unread: true }]);
});

test('a lost connection is reported immediately, a restored one after the blocks that were read before', () => {
	const node = fakeNode({});
	const queue = [];
	node.inTurn = (work) => queue.push(work);
	const { emitted, onStatus } = start({ node });
	onStatus('down');
	onStatus('up');
	assert.deepEqual(emitted, [{ type: 'down' }]);
	queue.forEach((work) => work());
	assert.deepEqual(emitted, [{ type: 'down' }, { type: 'up' }]);
});

// A header without digests.
const head = (number) => Buffer.concat([Buffer.alloc(32, 1), compact(number), Buffer.alloc(32, 2), Buffer.alloc(32, 3), compact(0)]);
const candidate = (kind, para, number) => ({
	event: {
		type: 'ParaInclusion',
		value: { type: kind, value: [{ descriptor: { para_id: para, relay_parent: '0x', pov_hash: '0x', para_head: '0x' } }, hex(head(number)), 0] },
	},
});

test('blocks included on the relay chain\'s best chain are emitted, of this parachain only', async () => {
	const state = { Events: [candidate('CandidateBacked', 2000, 8), candidate('CandidateIncluded', 2000, 7), candidate('CandidateIncluded', 2001, 6)] };
	const relay = fakeNode(state);
	const { emitted } = start({ node: fakeNode({}), relay, para: 2000 });
	await relay.emit({ type: 'block', hash: '0xa', number: 1, parent: '0x9', root: true });
	assert.deepEqual(emitted, [], 'the block may be on a fork');
	await relay.emit({ type: 'best', hash: '0xa' });
	assert.deepEqual(emitted, [{ type: 'included', hash: hex(blake2b256(head(7))) }]);
	await relay.emit({ type: 'finalized', hash: '0xa' });
	await relay.emit({ type: 'best', hash: '0xa' });
	assert.equal(emitted.length, 1);
	state.Events = undefined;
	await relay.emit({ type: 'block', hash: '0xb', number: 2, parent: '0xa' });
	await relay.emit({ type: 'best', hash: '0xb' });
	assert.equal(emitted.length, 1, 'a relay block that cannot be read emits nothing');
});
