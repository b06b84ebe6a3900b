// Unit tests of transactions.mjs, calls.mjs and extrinsic.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blake2b256 } from '@polkadot-labs/hdkd-helpers';
import { encoders, learnCalls } from './calls.mjs';
import { UnknownExtensions, learn } from './extrinsic.mjs';
import { compact, hex, signedTransaction } from './scale.mjs';
import { burning, stateKeys, transactions, transfers } from './transactions.mjs';

const index = (call) => Buffer.of(10, call);
const calls = encoders({ transfer: index(0), create: index(1), upgradeAccounts: index(2), remark: index(3), all: index(4) });
const accounts = [1, 2, 3].map((number) => ({ publicKey: Buffer.alloc(32, number), scheme: 'ed25519' }));

describe('calls', () => {
	it('are encoded as the runtime decodes them', () => {
		const to = Buffer.alloc(32, 9);
		assert.equal(hex(calls.transfer(to, 1_000_000n)), `0x0a0000${'09'.repeat(32)}02093d00`);
		assert.equal(hex(calls.create(to, 1n)), `0x0a0100${'09'.repeat(32)}04`);
		assert.equal(hex(calls.remark(Buffer.of(1, 2))), '0x0a03080102');
		assert.equal(hex(calls.upgradeAccounts([to, to])), `0x0a0208${'09'.repeat(64)}`);
		assert.equal(hex(calls.all([calls.remark(Buffer.alloc(0)), calls.upgradeAccounts([])])), '0x0a04080a03000a0200');
	});

	// The part of polkadot-api's typed API that is used: each call with its arguments.
	const api = (encode) => ({
		tx: new Proxy(
			{},
			{
				get: (_, pallet) =>
					new Proxy({}, { get: (_, name) => (value) => ({ decodedCall: { type: pallet, value: { type: name, value } }, getEncodedData: async () => encode(name, value) }) }),
			},
		),
	});
	const NAMES = { transfer_keep_alive: 0, transfer_allow_death: 1, upgrade_accounts: 2, remark: 3, batch_all: 4 };
	const zeroAddress = Buffer.alloc(32);
	const encode = (name, value) => {
		const rest = {
			transfer_keep_alive: () => [Buffer.of(0), zeroAddress, compact(value.value)],
			transfer_allow_death: () => [Buffer.of(0), zeroAddress, compact(value.value)],
			upgrade_accounts: () => [compact(value.who.length), ...value.who.map(() => zeroAddress)],
			remark: () => [compact(value.remark.length), value.remark],
			batch_all: () => [compact(value.calls.length), ...value.calls.map((call) => encode(call.value.type, call.value.value))],
		}[name]();
		return Buffer.concat([index(NAMES[name]), ...rest]);
	};

	it('are learned from polkadot-api', async () => {
		const learned = await learnCalls(api(encode));
		assert.equal(hex(learned.remark(Buffer.of(5))), hex(calls.remark(Buffer.of(5))));
		assert.equal(hex(learned.transfer(zeroAddress, 7n)), hex(calls.transfer(zeroAddress, 7n)));
	});

	it('with an unexpected encoding are rejected', async () => {
		const other = (name, value) => (name === 'remark' && value.remark.length > 0 ? Buffer.of(0) : encode(name, value));
		await assert.rejects(learnCalls(api(other)), /^Error: the call System\.remark is encoded as 0x00, but expected as /);
	});
});

describe('a signed transaction', () => {
	// A chain whose transactions contain 2 bytes, the nonce, 1 byte and the tip.
	const REMARK = Buffer.from('000000', 'hex');
	const chain = (parts) => async (_api, _at, { nonce, tip }) => {
		const extra = Buffer.concat(parts(compact(nonce), compact(tip)));
		const additional = Buffer.from('0abbccdd', 'hex');
		return {
			call: REMARK,
			payload: Buffer.concat([REMARK, extra, additional]),
			transaction: signedTransaction({ publicKey: Buffer.alloc(32), scheme: 'sr25519', signature: Buffer.alloc(64), extra, call: REMARK }),
		};
	};
	const ordinary = chain((nonce, tip) => [Buffer.of(0, 0), nonce, Buffer.of(0), tip]);

	it('is encoded as polkadot-api does it', async () => {
		const compose = await learn({}, 'best', ordinary);
		const call = Buffer.from('0a0b', 'hex');
		const { payload, finish } = compose({ call, nonce: 300, tip: 0 });
		assert.equal(hex(payload), '0x0a0b0000b10400000abbccdd');
		const bytes = finish({ ...accounts[0], signature: Buffer.alloc(64, 5) });
		const inner = `8400${'01'.repeat(32)}00${'05'.repeat(64)}0000b10400000a0b`;
		assert.equal(hex(bytes), `0x${compact(inner.length / 2).toString('hex')}${inner}`);
	});

	it('is signed by its hash if its payload is long', async () => {
		const compose = await learn({}, 'best', ordinary);
		const call = Buffer.alloc(300, 1);
		const whole = Buffer.concat([call, Buffer.alloc(5), Buffer.from('0abbccdd', 'hex')]);
		assert.equal(hex(compose({ call, nonce: 0, tip: 0 }).payload), hex(blake2b256(whole)));
	});

	it('of a chain with unknown extensions is rejected', async () => {
		const twice = chain((nonce, tip) => [nonce, tip, nonce]);
		await assert.rejects(learn({}, 'best', twice), UnknownExtensions);
	});

	it('is signed once if it is signed in advance, and again for another runtime', () => {
		const signed = [];
		const signing = accounts.map((account, at) => ({
			...account,
			sign: (payload) => {
				signed.push(`${at}: ${payload}`);
				return Buffer.alloc(64, signed.length);
			},
		}));
		const compose = (version) => ({ call, nonce, tip }) => ({ payload: `${version} ${hex(call)} ${nonce} ${tip}`, finish: ({ signature }) => signature[0] });
		const callOf = (account) => Buffer.of(account);
		const made = transactions({ accounts: signing, callOf, compose: compose('v1') });
		made.signAhead([5, 0, 0], 4);
		assert.deepEqual(signed, ['0: v1 0x00 5 0', '1: v1 0x01 0 0', '2: v1 0x02 0 0', '0: v1 0x00 6 0']);
		assert.equal(made.make({ account: 0, nonce: 6, tip: 0 }), 4);
		assert.equal(made.make({ account: 0, nonce: 6, tip: 0 }), 4, 'sent again with the same bytes');
		assert.equal(made.make({ account: 0, nonce: 6, tip: 1 }), 5);
		assert.equal(made.make({ account: 2, nonce: 1, tip: 0 }), 6);
		made.renew({ callOf, compose: compose('v2') });
		made.make({ account: 0, nonce: 6, tip: 0 });
		assert.equal(signed.at(-1), '0: v2 0x00 6 0');
	});
});

describe('calls of a load', () => {
	it('are transfers in a circle', () => {
		const callOf = transfers({ calls, accounts, amount: 5n });
		for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) {
			assert.equal(hex(callOf(from, 99)), hex(calls.transfer(accounts[to].publicKey, 5n)));
		}
	});

	const state = stateKeys('load', 10);

	it('are burning calls that read different accounts one after the other', () => {
		const callOf = burning({ calls, accounts, state, reads: 2, repeats: 0, payload: 0 });
		const looked = (account, nonce) => {
			const call = callOf(account, nonce);
			return [0, 1].map((at) => state.findIndex((key) => key.equals(call.subarray(3 + at * 32, 35 + at * 32))));
		};
		assert.deepEqual([looked(0, 0), looked(1, 0), looked(2, 0), looked(0, 1), looked(1, 1), looked(2, 1)], [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [0, 1]]);
	});

	it('are burning calls with the given reads, repeats and payload', () => {
		const own = accounts[1].publicKey;
		const made = (size) => hex(burning({ calls, accounts, state, reads: 0, repeats: 0, payload: 0, ...size })(1, 0));
		assert.equal(made({ repeats: 2 }), hex(calls.upgradeAccounts([own, own])));
		assert.equal(made({ payload: 3 }), hex(calls.remark(Buffer.alloc(3))));
		assert.equal(made({ repeats: 1, payload: 3 }), hex(calls.all([calls.upgradeAccounts([own]), calls.remark(Buffer.alloc(3))])));
		assert.equal(made({ reads: 1, repeats: 1 }), hex(calls.upgradeAccounts([state[1], own])));
		assert.equal(made({}), hex(calls.remark(Buffer.alloc(0))));
	});

	it('read the same accounts in each run, and others for another seed', () => {
		assert.deepEqual(stateKeys('load', 2), state.slice(0, 2));
		assert.notDeepEqual(stateKeys('load2', 2), state.slice(0, 2));
		assert.equal(new Set(state.map(hex)).size, 10);
	});
});
