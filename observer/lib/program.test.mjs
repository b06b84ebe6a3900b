// Unit tests of program.mjs, with programs of a few lines.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { within } from './bounded.mjs';
import { address, parse, usage } from './program.mjs';
import { UserError } from './user-error.mjs';

// Time limit in seconds.
const LIMIT = 30;
const MODULE = new URL('program.mjs', import.meta.url);

// Starts a program with `main` as its main function, given as text.
function start(main, ...args) {
	const text = `import { run, usage } from '${MODULE}'; run(${main});`;
	// --eval leaves no program file among the arguments.
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
	it('gets its arguments, and exits with status 0 even if a timer is pending', async () => {
		const child = start('async (args) => { setInterval(() => {}, 1000); console.log(args.join()); }', 'a', '--b');
		assert.deepEqual(await ended(child), { code: 0, out: 'a,--b\n', err: '' });
	});

	it('exits with status 2 and a one-line message for an error of the user', async () => {
		const child = start("async () => usage('--x is missing', 'add it')");
		assert.deepEqual(await ended(child), { code: 2, out: '', err: 'error: --x is missing; add it\n' });
	});

	it('exits with status 1 and a stack for any other error', async () => {
		const { code, out, err } = await ended(start("async function broken() { throw new TypeError('no') }"));
		assert.deepEqual({ code, out }, { code: 1, out: '' });
		assert.match(err, /^TypeError: no\n +at broken /);
	});

	it('hides the warnings of libraries', async () => {
		assert.deepEqual(await ended(start("async () => console.warn('Unable to connect')")), { code: 0, out: '', err: '' });
	});

	it('exits with status 0 when the reader closes the pipe', async () => {
		const child = start("async () => { for (;;) { console.log('more'); await new Promise(setImmediate); } }");
		await once(child.stdout, 'data');
		child.stdout.destroy();
		assert.deepEqual(await ended(child), { code: 0, out: '', err: '' });
	});
});

describe('arguments', () => {
	const is = (message) => (error) => error instanceof UserError && error.message === message;

	it('are parsed; the first wrong one is named', () => {
		const options = { relay: { type: 'string' }, json: { type: 'boolean' } };
		assert.deepEqual({ ...parse(['--relay', 'x', '--json'], options) }, { relay: 'x', json: true });
		assert.throws(() => parse(['--smoke'], options), is("Unknown option '--smoke'; --help lists the options"));
		assert.throws(() => parse(['basic'], options), is("Unexpected argument 'basic'; --help lists the options"));
	});

	it('that are addresses are checked', () => {
		const given = { relay: 'wss://relay.example:443/path', para: 'localhost:9944' };
		assert.equal(address(given, 'relay'), given.relay);
		assert.throws(() => address(given, 'para'), is("--para is 'localhost:9944', which is not a WebSocket address; use for example --para ws://127.0.0.1:9944"));
		assert.throws(() => address({}, 'para'), is('--para is missing; use for example --para ws://127.0.0.1:9944'));
	});

	it('that are wrong throw a UserError', () => assert.throws(() => usage('a', 'b'), is('a; b')));
});
