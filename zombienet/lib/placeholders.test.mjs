// Unit tests of placeholders.mjs, with made-up networks and with all networks of this repository.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { networksFolder } from './binaries.mjs';
import { placeholders, variables } from './placeholders.mjs';
import { SPEC_PLACEHOLDERS } from './specs.mjs';

const toml = 'command = "{{NODE}}"\nrpc_port = {{ A_PORT }}\nargs = ["{{A_PORT}}", "{{B_PORT}}"]';

test('each name is found once, in order', () => {
	assert.deepEqual(placeholders(toml), { ports: ['A_PORT', 'B_PORT'], others: ['NODE'] });
	assert.deepEqual(placeholders('[settings]'), { ports: [], others: [] });
	assert.throws(() => placeholders('{{no-name}}'), /'{{no-name}}' is not a valid name/);
});

test('every name gets a value', () => {
	assert.deepEqual(variables(toml, [1, 2], { NODE: '/n', OTHER: '/o' }), { NODE: '/n', A_PORT: '1', B_PORT: '2' });
	assert.throws(() => variables(toml, [1, 2], { OTHER: '/o' }), /unknown variables NODE; .* OTHER/);
	assert.throws(() => variables(toml, [1], { NODE: '/n' }), /2 ports are needed, but only 1 were passed/);
});

test('every network refers to known names only, and names a port for each of its nodes', async () => {
	const known = Object.fromEntries(['NODE', 'POLKADOT', ...SPEC_PLACEHOLDERS].map((name) => [name, '']));
	const files = (await readdir(networksFolder)).filter((file) => file.endsWith('.toml'));
	assert.ok(files.length > 0);
	for (const file of files) {
		const text = await readFile(join(networksFolder, file), 'utf8');
		const { ports } = placeholders(text);
		assert.doesNotThrow(() => variables(text, ports.map((_, at) => at + 1), known), file);
	}
});
