// Unit tests of log-scan.mjs.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HARMLESS, DURING_FAULTS, errorsIn, excuseFor, isError, timeOf } from './log-scan.mjs';

const lines = {
	error: '2026-11-20 14:03:09.120 ERROR tokio-rt-worker parachain: [Relaychain] cannot do it',
	panic: "Thread 'tokio-rt-worker' panicked at 'no', src/lib.rs:1",
	info: '2026-11-20 14:03:09.120  INFO main sc_cli: handling an ERROR is our business',
	warning: '2026-11-20 14:03:09.120  WARN main sync: error while syncing',
	rest: '   caused by: ERROR',
};

test('errors and panics count, other lines with these words do not', () => {
	const counted = Object.keys(lines).filter((kind) => isError(lines[kind], []));
	assert.deepEqual(counted, ['error', 'panic']);
});

test('harmless errors do not count', () => {
	assert.ok(!isError(lines.error, [{ pattern: /cannot do it/, reason: 'a test' }]));
	assert.ok(isError(lines.panic, [{ pattern: /cannot do it/, reason: 'a test' }]));
});

test('the time of a line is local time', () => {
	assert.equal(timeOf(lines.error), new Date(2026, 10, 20, 14, 3, 9, 120).getTime());
	assert.ok(Number.isNaN(timeOf(lines.panic)));
});

test('a line is excused only by a fault of its node, of the right kind and at its time', () => {
	const at = timeOf(lines.error);
	const excuse = { kinds: ['stopped'], pattern: /cannot do it|at 'no'/, reason: 'a test' };
	const faultPeriods = [{ kind: 'stopped', names: ['a', 'b'], from: at - 1000, to: at }];
	const excused = (name, line, periods = faultPeriods, excuses = [excuse]) => excuseFor(name, line, periods, excuses);
	assert.equal(excused('b', lines.error), excuse);
	assert.equal(excused('b', lines.error.replace('cannot', 'shall not')), undefined);
	assert.equal(excused('b', lines.error, faultPeriods, []), undefined);
	assert.equal(excused('b', lines.error, faultPeriods, [{ ...excuse, kinds: ['ended'] }]), undefined);
	assert.equal(excused('b', lines.error, [{ ...faultPeriods[0], kind: 'ended' }]), undefined);
	assert.equal(excused('c', lines.error), undefined);
	assert.equal(excused('b', lines.error, [{ ...faultPeriods[0], from: at + 1, to: at + 2 }]), undefined);
	assert.equal(excused('b', lines.error, []), undefined);
	assert.equal(excused('b', `${lines.error} panicked at x`), undefined);
	assert.equal(excused('b', lines.panic), undefined);
});

test('only a stopped collator may miss responses of the relay chain', () => {
	const failed = (cause) => `2026-11-26 13:23:48.441 ERROR tokio-rt-worker cumulus-relay-chain-streams: [Parachain] Failed to fetch session index. error=JsonRpcError(${cause})`;
	const at = timeOf(failed(''));
	const excused = (cause, kind) => excuseFor('a', failed(cause), [{ kind, names: ['a'], from: at, to: at }]) !== undefined;
	for (const cause of ['RequestTimeout', 'Call(ErrorObject { message: "State already discarded for 0x46" })']) {
		assert.ok(excused(cause, 'stopped'), cause);
		assert.ok(!excused(cause, 'ended'), cause);
	}
	assert.ok(!excused('RestartNeeded', 'stopped'));
});

test('a collation that a stopped validator was fetching may have lost its relay parent', () => {
	const line = (error) => `2026-11-26 16:13:18.797 ERROR tokio-rt-worker parachain::collator-protocol: Failed to get unfulfilled claim queue entries relay_parent=0xc827 err=${error}`;
	const at = timeOf(line(''));
	const excused = (error, kind) => excuseFor('a', line(error), [{ kind, names: ['a'], from: at, to: at }]) !== undefined;
	assert.ok(excused('RelayParentStateNotFound', 'stopped'));
	assert.ok(!excused('RelayParentStateNotFound', 'ended'));
	assert.ok(!excused('Oneshot', 'stopped'));
});

test('a subsystem of an ended node may find its channel closed', () => {
	const line = (error) => `2026-11-27 11:55:24.201 ERROR tokio-rt-worker parachain::collation-generation: [Relaychain] error receiving message from subsystem context: Generated(Context("${error}"))`;
	const at = timeOf(line(''));
	const excused = (error, kind) => excuseFor('a', line(error), [{ kind, names: ['a'], from: at, to: at }]) !== undefined;
	assert.ok(excused('Signal channel is terminated and empty.', 'ended'));
	assert.ok(!excused('Signal channel is terminated and empty.', 'stopped'));
	assert.ok(!excused('Queue is full', 'ended'));
});

test('every exception has a reason', () => {
	for (const { pattern, reason } of [...HARMLESS, ...DURING_FAULTS]) {
		assert.ok(pattern instanceof RegExp && reason.length > 20, `${pattern}: ${reason}`);
	}
	for (const { kinds } of DURING_FAULTS) assert.ok(kinds.length > 0 && kinds.every((kind) => ['stopped', 'ended'].includes(kind)), `${kinds}`);
});

test('a file is read completely', async (t) => {
	const folder = await mkdtemp(join(tmpdir(), 'conveyor-log-'));
	t.after(() => rm(folder, { recursive: true, force: true }));
	const path = join(folder, 'a.log');
	await writeFile(path, Object.values(lines).join('\r\n'));
	assert.deepEqual(await errorsIn(path, []), [lines.error, lines.panic]);
	await assert.rejects(errorsIn(join(folder, 'none.log')), /ENOENT/);
});
