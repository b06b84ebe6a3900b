// Unit tests of scale.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compact, fromLittleEndian, hex, littleEndian, readCompact, signatureOf, signedTransaction, withLength } from './scale.mjs';

// From the SCALE codec's description, and the edges of each mode.
const VECTORS = [
	[0, '00'],
	[1, '04'],
	[42, 'a8'],
	[63, 'fc'],
	[64, '0101'],
	[69, '1501'],
	[16_383, 'fdff'],
	[16_384, '02000100'],
	[65_535, 'feff0300'],
	[2 ** 30 - 1, 'feffffff'],
	[2 ** 30, '0300000040'],
	[100_000_000_000_000n, '0b00407a10f35a'],
	[(1n << 128n) - 1n, '33ffffffffffffffffffffffffffffffff'],
];

test('compact numbers are encoded and decoded as the codec specifies', () => {
	for (const [value, encoded] of VECTORS) {
		assert.equal(compact(value).toString('hex'), encoded);
		assert.deepEqual(readCompact(Buffer.from(`ff${encoded}ff`, 'hex'), 1), [BigInt(value), 1 + encoded.length / 2]);
	}
});

test('numbers that are too large and buffers that are too short are errors', () => {
	assert.throws(() => compact(-1), RangeError);
	assert.throws(() => compact(1n << 536n), RangeError);
	assert.throws(() => readCompact(Buffer.from('0200', 'hex')), RangeError);
	assert.throws(() => fromLittleEndian(Buffer.alloc(3), 0, 4), RangeError);
});

test('integers are little endian', () => {
	assert.equal(littleEndian(258, 4).toString('hex'), '02010000');
	assert.equal(fromLittleEndian(Buffer.from('02010000', 'hex'), 0, 4), 258n);
	assert.equal(hex(withLength(Buffer.of(1), Buffer.of(2, 3))), '0x0c010203');
});

for (const scheme of ['ed25519', 'sr25519']) {
	for (const length of [0, 100, 20_000]) {
		test(`a ${scheme} transaction with ${length} bytes of call shows its signature`, () => {
			const signature = Buffer.alloc(64, 7);
			const bytes = signedTransaction({ publicKey: Buffer.alloc(32, 1), scheme, signature, extra: Buffer.of(0, 4, 0), call: Buffer.alloc(length) });
			assert.equal(signatureOf(bytes), signature.toString('hex'));
			// Also in a part of a larger buffer, as polkadot-api returns them.
			assert.equal(signatureOf(Uint8Array.from([9, ...bytes]).subarray(1)), signature.toString('hex'));
			assert.equal(signatureOf(bytes.subarray(0, 90)), undefined);
		});
	}
}

test('inherents and other kinds of transactions have no signature', () => {
	assert.equal(signatureOf(Buffer.from('280403000b0000000000', 'hex')), undefined);
	const other = signedTransaction({ publicKey: Buffer.alloc(32), scheme: 'sr25519', signature: Buffer.alloc(64), extra: Buffer.alloc(0), call: Buffer.alloc(3) });
	for (const [at, what] of [[2, 0x04], [3, 1], [36, 2]]) {
		const changed = Buffer.from(other);
		changed[at] = what;
		assert.equal(signatureOf(changed), undefined, `byte ${at}`);
	}
	assert.equal(signatureOf(Buffer.alloc(0)), undefined);
});
