// Unit tests of processes.mjs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { within } from 'conveyor-observer/bounded';
import { lastLines, members, output, startGroup } from './processes.mjs';

async function folder(t) {
	const path = await mkdtemp(join(tmpdir(), 'conveyor-processes-'));
	t.after(() => rm(path, { recursive: true, force: true }));
	return path;
}

test('the output is returned', async () => {
	assert.equal(await output('printf', ['%s', 'hello']), 'hello');
});

test('the error of a failing command has its name and output', async (t) => {
	await assert.rejects(output('sh', ['-c', 'echo broken >&2; exit 3']), (error) => {
		assert.match(error.message, /^sh -c .* failed \(3\):\nbroken$/);
		return true;
	});
	await assert.rejects(output('/does/not/exist', []), /failed \(ENOENT\)/);
	await assert.rejects(output('sleep', ['30'], { seconds: 0.05 }), /did not end within 0.05 s/);
});

test('the last lines of a text', () => {
	assert.equal(lastLines('a\nb\nc\n', 2), 'b\nc');
	assert.equal(lastLines('', 2), '');
});

test('a group writes its log and reports how it ended', async (t) => {
	const log = join(await folder(t), 'log');
	const group = await startGroup('sh', ['-c', 'echo out; echo err >&2; exit 4'], { log });
	assert.equal(await within(10, 'the end', group.ended), 'ended with status 4');
	assert.equal(await readFile(log, 'utf8'), 'out\nerr\n');
	assert.equal(await group.logTail(1), 'err');
});

test('stopping a group stops its grandchildren, also those that ignore SIGTERM', async (t) => {
	const path = await folder(t);
	// The first sleep ends on SIGTERM. The shell around the second one and its sleep ignore it.
	const script = 'sleep 60 & (trap "" TERM; touch deaf; sleep 60) & wait';
	const deaf = once(watch(path, { signal: t.signal }), 'change', { signal: t.signal });
	const group = await startGroup('sh', ['-c', script], { log: '/dev/null', cwd: path });
	t.after(() => group.stop(0.5));
	await within(10, 'the second sleep', deaf);
	// At least the two shells and the first sleep.
	assert.ok((await members(group.pid)).length >= 3);
	await within(30, 'the group to stop', group.stop(0.5));
	assert.deepEqual(await members(group.pid), []);
	// Stopping again does nothing.
	await group.stop();
});

test('a command that does not exist ends immediately', async (t) => {
	const log = join(await folder(t), 'log');
	const group = await startGroup('/does/not/exist', [], { log });
	assert.match(await within(10, 'the end', group.ended), /ended with status 127|could not be started/);
});
