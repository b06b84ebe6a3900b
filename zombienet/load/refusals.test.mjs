// Unit tests of refusals.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, meaningOf } from './refusals.mjs';

// Responses of nodes of polkadot-sdk 2609.
const CASES = [
	[{ code: 1010, message: 'Invalid Transaction', data: 'Transaction is outdated' }, 'used'],
	[{ code: 1010, message: 'Invalid Transaction', data: 'Transaction has a bad signature' }, 'signature'],
	[{ code: 1010, message: 'Invalid Transaction', data: 'Inability to pay some fees (e.g. account balance too low)' }, 'invalid'],
	[{ code: 1010, message: 'Invalid Transaction', data: 'Transaction would exhaust the block limits' }, 'invalid'],
	[{ code: 1010, message: 'Invalid Transaction', data: 'Custom error: 7' }, 'invalid'],
	[{ code: 1001, message: 'Extrinsic has invalid format: x' }, 'invalid'],
	[{ code: 1002, message: 'Verification Error: Runtime error: Execution failed' }, 'unreachable'],
	[{ code: 1012, message: 'Transaction is temporarily banned' }, 'banned'],
	[{ code: 1013, message: 'Transaction Already Imported', data: '0x00' }, 'present'],
	[{ code: 1014, message: 'Priority is too low: (1 vs 2)', data: 'The transaction has too low priority' }, 'priority'],
	[{ code: 1016, message: 'Immediately Dropped', data: 'The transaction couldn\'t enter the pool because of the limit' }, 'full'],
	[{ code: 1018, message: 'Unactionable' }, 'invalid'],
	[{ code: -32603, message: 'Internal error' }, 'unreachable'],
	[new Error('waited 60 s for a response'), 'unreachable'],
	[undefined, 'unreachable'],
];

test('every response has a kind', () => {
	for (const [error, kind] of CASES) assert.equal(meaningOf(error).kind, kind, JSON.stringify(error));
	assert.ok(CASES.every(([, kind]) => KINDS.includes(kind)));
});

test('the text is one line, with the reason if there is one', () => {
	assert.equal(meaningOf(CASES[2][0]).text, 'Invalid Transaction: Inability to pay some fees (e.g. account balance too low)');
	assert.equal(meaningOf({ code: 1002, message: 'Verification Error: trap\nWASM backtrace:\n 0: x' }).text, 'Verification Error: trap');
	assert.equal(meaningOf(undefined).text, '');
});
