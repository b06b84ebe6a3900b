// Unit tests of nodes.mjs, with processes that do nothing.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { nodeProcesses, processWith, statusOf } from './nodes.mjs';
import { members, startGroup } from './processes.mjs';

const SAYS = 'process.on("SIGTERM", () => { console.log("asked to end"); process.exit(0); }); console.log(`in ${process.cwd()} with ${process.env.GIVEN}`); setInterval(() => {}, 1e6);';

// A network of one node that prints its folder, started as zombienet does it: the group's leader is a shell.
async function network(t) {
	const folder = await mkdtemp(join(tmpdir(), 'conveyor-nodes-'));
	const [log, base] = [join(folder, 'alice.log'), join(folder, 'alice', 'data')];
	const script = '"$0" -e "$1" -- --base-path "$2" & wait';
	const group = await startGroup('sh', ['-c', script, process.execPath, SAYS, base], { log, cwd: folder, env: { GIVEN: 'a = b' } });
	const nodes = nodeProcesses({ node: () => ({ log }) });
	t.after(async () => {
		await nodes.close();
		await group.stop(0.5);
		await rm(folder, { recursive: true, force: true });
	});
	// Its first output shows that it handles signals.
	const said = async (count) => {
		let lines = [];
		for (let tries = 0; lines.length < count && tries < 400; tries += 1) {
			lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
			if (lines.length < count) await delay(25);
		}
		return lines;
	};
	await said(1);
	return { folder, base, group, nodes, said };
}

test('a node is found by its base path', async (t) => {
	const { base, nodes, group } = await network(t);
	const pid = await nodes.pid('alice');
	assert.equal(pid, await processWith('--base-path', base));
	assert.ok((await members(group.pid)).includes(pid));
	assert.equal(await processWith('--base-path', `${base}/x`), undefined);
	await assert.rejects(nodes.pid('bob'), /^Error: node 'bob' does not run: no process has --base-path .*\/bob\/data$/);
});

test('a node is paused and resumed', async (t) => {
	const { nodes } = await network(t);
	const pid = await nodes.pid('alice');
	await nodes.stop('alice');
	assert.equal((await statusOf(pid)).state, 'T');
	await nodes.resume('alice');
	for (let tries = 0; (await statusOf(pid)).state === 'T' && tries < 400; tries += 1) await delay(25);
	assert.notEqual((await statusOf(pid)).state, 'T');
});

test('a killed node is gone, and restarts with the same arguments', async (t) => {
	const { folder, nodes, said } = await network(t);
	const first = await nodes.pid('alice');
	await nodes.end('alice', 'SIGKILL');
	await assert.rejects(nodes.pid('alice'), /does not run/);
	await nodes.start('alice');
	const second = await nodes.pid('alice');
	assert.notEqual(second, first);
	assert.deepEqual(await said(2), Array(2).fill(`in ${folder} with a = b`));
	await nodes.end('alice', 'SIGTERM');
	assert.equal((await said(3))[2], 'asked to end');
	await nodes.start('alice');
	assert.equal((await said(4)).length, 4);
});

test('only an ended node can be started', async (t) => {
	const { nodes } = await network(t);
	await assert.rejects(nodes.start('alice'), /^Error: node 'alice' was not ended here/);
});

test('no process remains, not even a paused one', async (t) => {
	const { nodes } = await network(t);
	await nodes.end('alice', 'SIGKILL');
	await nodes.start('alice');
	await nodes.stop('alice');
	const pid = await nodes.pid('alice');
	await nodes.close();
	assert.ok('ZX'.includes((await statusOf(pid))?.state ?? 'X'));
});
