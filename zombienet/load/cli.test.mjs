// The program's errors and exit status for wrong arguments and unsuitable endpoints.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { within } from 'conveyor-observer/bounded';

const CLI = fileURLToPath(new URL('cli.mjs', import.meta.url));
// Time limit in seconds.
const LIMIT = 30;

async function program(...args) {
	const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
	const said = { out: '', err: '' };
	child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
	child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
	const ended = once(child, 'close').then(([code]) => ({ code, ...said }));
	return within(LIMIT, 'the end of the program', ended, () => JSON.stringify(said)).finally(() => child.kill('SIGKILL'));
}

function isFailure({ code, out, err }, pattern) {
	assert.equal(code, 2, err);
	assert.match(err, pattern);
	assert.equal(err.trimEnd().split('\n').length, 1, err);
	assert.equal(out, '');
}

// Returns a loopback port on which no server listens, or one whose server is not a node.
async function port(t, { dead }) {
	const server = createServer((socket) => socket.on('error', () => {}));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	if (dead) await new Promise((resolve) => server.close(resolve));
	else t.after(() => server.close());
	return port;
}

describe('wrong arguments', () => {
	const para = ['--para', 'ws://127.0.0.1:1'];
	const cases = [
		[[], /^error: --para is missing; use for example --para ws:/],
		[['--para', 'localhost:9944'], /^error: --para is 'localhost:9944', which is not a WebSocket address;/],
		[[...para, '--relay', 'http://x'], /^error: --relay is 'http:\/\/x', which is not a WebSocket address;/],
		[[...para, '--rate', '0'], /^error: --rate is '0', which is not a number from 0\.01 to 10000; use for example --rate 10$/m],
		[[...para, '--rate', 'fast'], /^error: --rate is 'fast', which is not a number from/],
		[[...para, '--accounts', '2.5'], /^error: --accounts is '2\.5', which is not an integer from 1 to 10000;/],
		[[...para, '--accounts', '1e3'], /^error: --accounts is '1e3', which is not an integer/],
		[[...para, '--seconds', '0'], /^error: --seconds is '0', which is not an integer from 1 to 86400;/],
		[[...para, '--kind', 'burns'], /^error: --kind is 'burns'; use one of transfer, burn$/m],
		[[...para, '--keys', 'ecdsa'], /^error: --keys is 'ecdsa'; use one of ed25519, sr25519$/m],
		[[...para, '--weight', '5'], /^error: --weight needs --kind burn; add it$/m],
		[[...para, '--kind', 'burn', '--weight', '5000'], /^error: --weight is '5000', which is not a number from 0\.1 to 2000;/],
		[[...para, '--kind', 'burn', '--fill', '50', '--reads', '1'], /^error: --fill computes --reads; remove one of them$/m],
		[[...para, '--para-id', '2000'], /^error: --para-id needs --relay; add --relay, or remove --para-id$/m],
		[[...para, '--seed', 'a b'], /^error: --seed is 'a b'; use for example --seed load2$/m],
		[[...para, '--funder', 'Alice'], /^error: --funder is 'Alice'; use for example --funder \/\/Bob$/m],
		[[...para, '--verbose'], /^error: Unknown option '--verbose'; --help lists the options/],
		[[...para, 'transfer'], /^error: Unexpected argument 'transfer'/],
	];
	for (const [args, pattern] of cases) {
		it(`end with status 2: ${args.join(' ') || 'none'}`, async () => isFailure(await program(...args), pattern));
	}

	it('are listed by --help', async () => {
		const { code, out } = await program('--help');
		assert.equal(code, 0);
		assert.match(out, /--backlog N/);
	});
});

describe('an endpoint', () => {
	it('that cannot be reached is named, with the time limit and the remedy', async (t) => {
		const url = `ws://127.0.0.1:${await port(t, { dead: true })}`;
		isFailure(
			await program('--para', url, '--wait', '1'),
			new RegExp(`^error: the node of --para, ${url}, could not be reached within 1 s; check that a node runs there, and pass its WebSocket address with --para\n$`),
		);
	});

	it('that does not respond is reported after the time limit', async (t) => {
		const url = `ws://127.0.0.1:${await port(t, { dead: false })}`;
		isFailure(await program('--para', url, '--wait', '1'), /^error: the node of --para, \S+ could not be reached within 1 s;/);
	});
});
