// Unit tests of observer-command.mjs.
import assert from 'node:assert/strict';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { networksFolder } from './binaries.mjs';
import { observerCommands, observerScript } from './observer-command.mjs';

const node = (name, ws, para, role) => ({ name, ws, para, role });
const alice = node('alice', 'ws://127.0.0.1:9944', undefined, 'validator');
const bob = node('bob', 'ws://127.0.0.1:9945', undefined, 'validator');
const collators = [1, 2].map((at) => node(`collator-${at}`, `ws://127.0.0.1:${9945 + at}`, 2000, 'collator'));
const full = node('para-full', 'ws://127.0.0.1:9948', 2000, 'full node');
const basic = [alice, bob, ...collators, full];

const commands = (nodes, from = '/work/it') => observerCommands(nodes, '/work/it/scripts/observer.sh', from);

test('the first relay chain node and the full node are used', () => {
	assert.deepEqual(commands(basic), ['scripts/observer.sh --relay ws://127.0.0.1:9944 --para ws://127.0.0.1:9948']);
	assert.deepEqual(commands([full, ...collators, bob, alice]), ['scripts/observer.sh --relay ws://127.0.0.1:9945 --para ws://127.0.0.1:9948']);
});

test('without a full node the last collator is used', () => {
	assert.deepEqual(commands([alice, ...collators]), ['scripts/observer.sh --relay ws://127.0.0.1:9944 --para ws://127.0.0.1:9947']);
});

test('each parachain has its own command', () => {
	const other = node('other', 'ws://127.0.0.1:9949', 2001, 'collator');
	assert.deepEqual(commands([alice, collators[0], other]).map((command) => command.split(' ').at(-1)), [collators[0].ws, other.ws]);
	assert.deepEqual(commands([alice, bob]), []);
});

test('it can be pasted in any folder', () => {
	const path = (script, from) => observerCommands(basic, script, from)[0].replace(/ --relay .*/, '');
	assert.equal(path('/work/it/scripts/observer.sh', '/work/it/scripts'), './observer.sh');
	assert.equal(path('/work/it/scripts/observer.sh', '/work/it/zombienet'), '../scripts/observer.sh');
	assert.equal(path('/work/it/scripts/observer.sh', '/work'), 'it/scripts/observer.sh');
	assert.equal(path("/work/Bob's it/scripts/observer.sh", '/work'), "'Bob'\\''s it/scripts/observer.sh'");
});

test('the script exists', async () => {
	assert.equal(observerScript, join(dirname(networksFolder), 'scripts', 'observer.sh'));
	await access(observerScript, constants.X_OK);
});
