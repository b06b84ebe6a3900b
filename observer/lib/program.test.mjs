// Unit tests of program.mjs, on programs of a few lines.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { within } from './bounded.mjs';
import { address, parse, usage } from './program.mjs';
import { UserError } from './user-error.mjs';

// Seconds, for what should take a fraction of one.
const LIMIT = 30;
const MODULE = new URL('program.mjs', import.meta.url);

// Starts a program with `main` as its main function, given as text.
function start(main, ...args) {
	const text = `import { run, usage } from '${MODULE}'; run(${main});`;
	// What would be the program's file is missing with --eval.
	return spawn(process.execPath, ['--input-type=module', '--eval', text, '--', 'program', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child) {
	const said = { out: '', err: '' };
	child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
	child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
	const [code] = await within(LIMIT, 'the end of the program', once(child, 'close')).finally(() => child.kill('SIGKILL'));
	return { code, ...said };
}

describe('a program', () => {
	it('gets its arguments, and ends with 0 even if something would keep it alive', async () => {
		const child = start('async (args) => { setInterval(() => {}, 1000); console.log(args.join()); }', 'a', '--b');
		assert.deepEqual(await ended(child), { code: 0, out: 'a,--b\n', err: '' });
	});

	it('ends with 2 and one line for what the user can mend', async () => {
		const child = start("async () => usage('--x is missing', 'say it')");
		assert.deepEqual(await ended(child), { code: 2, out: '', err: 'error: --x is missing; say it\n' });
	});

	it('ends with 1 for any other error, and tells where it comes from', async () => {
		const { code, out, err } = await ended(start("async function broken() { throw new TypeError('no') }"));
		assert.deepEqual({ code, out }, { code: 1, out: '' });
		assert.match(err, /^TypeError: no\n +at broken /);
	});

	it('says nothing of what a library warns of', async () => {
		assert.deepEqual(await ended(start("async () => console.warn('Unable to connect')")), { code: 0, out: '', err: '' });
	});

	it('ends with 0 when nobody reads on', async () => {
		const child = start("async () => { for (;;) { console.log('more'); await new Promise(setImmediate); } }");
		await once(child.stdout, 'data');
		child.stdout.destroy();
		assert.deepEqual(await ended(child), { code: 0, out: '', err: '' });
	});
});

describe('arguments', () => {
	const is = (message) => (error) => error instanceof UserError && error.message === message;

	it('are parsed, or the first that is wrong is named', () => {
		const options = { relay: { type: 'string' }, json: { type: 'boolean' } };
		assert.deepEqual({ ...parse(['--relay', 'x', '--json'], options) }, { relay: 'x', json: true });
		assert.throws(() => parse(['--smoke'], options), is("Unknown option '--smoke'; --help tells them"));
		assert.throws(() => parse(['basic'], options), is("Unexpected argument 'basic'; --help tells them"));
	});

	it('that are addresses are looked at', () => {
		const given = { relay: 'wss://relay.example:443/path', para: 'localhost:9944' };
		assert.equal(address(given, 'relay'), given.relay);
		assert.throws(() => address(given, 'para'), is("--para is 'localhost:9944', which is no WebSocket address; say for example --para ws://127.0.0.1:9944"));
		assert.throws(() => address({}, 'para'), is('--para is missing; say for example --para ws://127.0.0.1:9944'));
	});

	it('that are wrong are the user\'s to mend', () => assert.throws(() => usage('a', 'b'), is('a; b')));
});
