// Unit tests of binaries.mjs.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildFolder, findBinaries, findVariantWasm, releaseOf } from './binaries.mjs';

async function program(path, says) {
	await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
	await chmod(path, 0o755);
}

// A target directory with a node, and a folder for polkadot.
async function folders(t) {
	const target = await mkdtemp(join(tmpdir(), 'conveyor-binaries-'));
	t.after(() => rm(target, { recursive: true, force: true }));
	await mkdir(join(target, 'local'));
	await program(join(target, 'local', 'conveyor-node'), 'conveyor-node 0.1.0');
	const polkadot = join(target, 'polkadot');
	return { polkadot, env: { CARGO_TARGET_DIR: target, CONVEYOR_POLKADOT: polkadot } };
}

test('the build folder follows the environment', () => {
	assert.equal(buildFolder({ CARGO_TARGET_DIR: '/t' }), '/t/local');
	assert.equal(buildFolder({ XDG_CACHE_HOME: '/c' }), '/c/conveyor/target/local');
});

test('a release is read without its commit', () => {
	assert.equal(releaseOf('polkadot 1.25.1-0123abc'), '1.25.1');
	assert.equal(releaseOf('polkadot 1.25.1'), '1.25.1');
	assert.equal(releaseOf('polkadot 1.25.10-x'), '1.25.10');
	assert.equal(releaseOf('something else'), undefined);
});

test('a missing program is named, with a remedy', async (t) => {
	const { env, polkadot } = await folders(t);
	await assert.rejects(findBinaries({ CARGO_TARGET_DIR: '/nowhere' }), /^Error: \/nowhere\/local\/conveyor-node is missing; build it with scripts/);
	await assert.rejects(findBinaries(env), new RegExp(`^Error: ${polkadot} is missing .*; correct CONVEYOR_POLKADOT`));
	await assert.rejects(findBinaries({ ...env, CONVEYOR_POLKADOT: 'polkadot' }), /not an absolute path/);
	await program(polkadot, 'polkadot 1.25.1-abc');
	await assert.rejects(findBinaries(env), /polkadot-prepare-worker is missing .*needs its two workers/);
});

test('another release of polkadot is rejected; the error names both', async (t) => {
	const { env, polkadot } = await folders(t);
	for (const worker of ['', '-prepare-worker', '-execute-worker']) {
		await program(`${polkadot}${worker}`, 'polkadot 1.20.0-abc');
	}
	await assert.rejects(findBinaries(env), /is 'polkadot 1\.20\.0-abc', but the networks need polkadot \d+\.\d+\.\d+;/);
});

test('a variant of the runtime is found by its name', async (t) => {
	const { env } = await folders(t);
	await assert.rejects(findVariantWasm('offset-zero', env), /conveyor_runtime_offset_zero\.compact\.compressed\.wasm is missing; build the tests/);
	const folder = join(env.CARGO_TARGET_DIR, 'local', 'wbuild', 'conveyor-runtime-offset-zero');
	await mkdir(folder, { recursive: true });
	const file = join(folder, 'conveyor_runtime_offset_zero.compact.compressed.wasm');
	await writeFile(file, '');
	assert.equal(await findVariantWasm('offset-zero', env), file);
});
