// Unit tests of keys.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519CreateDerive } from '@polkadot-labs/hdkd';
import { DEV_MINI_SECRET, ed25519, sr25519 } from '@polkadot-labs/hdkd-helpers';
import { SCHEME_NAMES, deriveAccounts, devAccount, signaturesPerSecond } from './keys.mjs';
import { hex } from './scale.mjs';

const message = Buffer.from('a transaction');

test('the library of each scheme verifies its signatures', () => {
	assert.deepEqual(SCHEME_NAMES, ['ed25519', 'sr25519']);
	for (const [scheme, library] of Object.entries({ ed25519, sr25519 })) {
		const [first, second] = deriveAccounts({ count: 2, scheme, seed: 'test' });
		assert.ok(library.verify(first.sign(message), message, first.publicKey), scheme);
		assert.ok(!library.verify(first.sign(message), message, second.publicKey), scheme);
		assert.equal(first.scheme, scheme);
	}
});

test('Node.js derives and signs in Ed25519 as the library does', () => {
	const [account] = deriveAccounts({ count: 1, scheme: 'ed25519', seed: 'test' });
	const { publicKey, sign } = ed25519CreateDerive(DEV_MINI_SECRET)('//load//test//0');
	assert.equal(hex(account.publicKey), hex(publicKey));
	assert.equal(hex(account.sign(message)), hex(sign(message)));
});

test('accounts are the same in each run, and all different', () => {
	for (const scheme of SCHEME_NAMES) {
		const addresses = (seed, count) => deriveAccounts({ count, scheme, seed }).map(({ address }) => address);
		assert.deepEqual(addresses('one', 3), addresses('one', 4).slice(0, 3));
		assert.equal(new Set([...addresses('one', 5), ...addresses('two', 5)]).size, 10);
	}
});

test('the development accounts have the well-known addresses', () => {
	assert.equal(devAccount('//Alice').address, '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
});

test('the speed of signing is measured over enough signatures of all accounts', () => {
	const signed = [0, 0, 0];
	const accounts = signed.map((_, at) => ({ sign: () => (signed[at] += 1) }));
	const speed = signaturesPerSecond(accounts, message, 7);
	assert.ok(speed > 0 && signed.every((count) => count >= 2), `${speed}: ${signed}`);
});
