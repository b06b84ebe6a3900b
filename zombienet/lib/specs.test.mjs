// Unit tests of specs.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCode } from './specs.mjs';

test('a chain specification with another runtime has no other difference', () => {
	const spec = { name: 'Chain', para_id: 2000, genesis: { runtimeGenesis: { code: '0x00', patch: { velocity: {} } } } };
	const changed = JSON.parse(withCode(JSON.stringify(spec), Uint8Array.of(1, 0xab)));
	assert.equal(changed.genesis.runtimeGenesis.code, '0x01ab');
	assert.deepEqual({ ...changed, genesis: undefined }, { ...spec, genesis: undefined });
	assert.deepEqual(changed.genesis.runtimeGenesis.patch, spec.genesis.runtimeGenesis.patch);
});

test('a chain specification without a runtime is an error', () => {
	for (const genesis of [undefined, { raw: { top: {} } }, { runtimeGenesis: { patch: {} } }]) {
		assert.throws(() => withCode(JSON.stringify({ genesis }), Uint8Array.of(1)), /no runtime in genesis\.runtimeGenesis\.code/);
	}
});
