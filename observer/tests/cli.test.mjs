// The program's output and exit status.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { within } from '../lib/bounded.mjs';
import { summaryText } from '../lib/display.mjs';
import { summary } from '../lib/pipeline.mjs';
import { fakeChains } from './fake-chains.mjs';
import { run, scenario } from './scenario.mjs';

const CLI = fileURLToPath(new URL('../cli.mjs', import.meta.url));
// Time limit in seconds.
const LIMIT = 30;

// Starts the program: { printed(pattern), interrupt(), result } with `result` resolving to { code, out, err }.
function start(...args) {
	const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
	const said = { out: '', err: '' };
	const waiting = new Set();
	for (const [stream, key] of [[child.stdout, 'out'], [child.stderr, 'err']]) {
		stream.setEncoding('utf8').on('data', (text) => {
			said[key] += text;
			for (const look of waiting) look();
		});
	}
	const ended = once(child, 'close').then(([code]) => ({ code, ...said }));
	const result = within(LIMIT, 'the end of the program', ended, () => JSON.stringify(said)).finally(() => child.kill('SIGKILL'));
	const printed = (pattern) => {
		const seen = new Promise((resolve) => {
			const look = () => pattern.test(said.out) && resolve();
			waiting.add(look);
			look();
		});
		const early = ended.then(() => {
			throw new Error(`it ended: ${JSON.stringify(said)}`);
		});
		return within(LIMIT, `${pattern}`, Promise.race([seen, early]), () => JSON.stringify(said));
	};
	return { result, printed, interrupt: () => child.kill('SIGINT') };
}

const program = (...args) => start(...args).result;

async function folder(t) {
	const path = await mkdtemp(join(tmpdir(), 'observer-test-'));
	t.after(() => rm(path, { recursive: true }));
	return path;
}

// Returns a loopback port on which no server listens.
async function deadPort() {
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

function isFailure({ code, out, err }, pattern) {
	assert.equal(code, 2, err);
	assert.match(err, pattern);
	assert.equal(err.trimEnd().split('\n').length, 1, err);
	assert.equal(out, '');
}

describe('wrong arguments', () => {
	const relay = ['--relay', 'ws://127.0.0.1:1'];
	const para = ['--para', 'ws://127.0.0.1:1'];
	const cases = [
		[[], /^error: --relay is missing; use for example --relay ws:/],
		[relay, /^error: --para is missing; use for example --para ws:/],
		[[...relay, '--para', 'localhost:9944'], /^error: --para is 'localhost:9944', which is not a WebSocket address;/],
		[[...relay, '--para', 'http://localhost'], /^error: --para is 'http:\/\/localhost', which is not a WebSocket address;/],
		[[...relay, ...para, '--blocks', '0'], /^error: --blocks is '0', which is not an integer of at least 1;/],
		[[...relay, ...para, '--para-id', '2e3'], /^error: --para-id is '2e3', which is not an integer of at least 0;/],
		[[...relay, ...para, '--verbose'], /^error: Unknown option '--verbose'; --help lists the options/],
		[[...relay, ...para, 'basic'], /^error: Unexpected argument 'basic'/],
		[['--replay', 'x', ...relay], /^error: --replay cannot be combined with --relay: a recording already contains these;/],
		[['--replay', '/nowhere/at-all'], /^error: the recording \/nowhere\/at-all cannot be read \(ENOENT/],
		[[...relay, ...para, '--record', '/nowhere/at-all'], /^error: the recording \/nowhere\/at-all cannot be written \(ENOENT/],
	];
	for (const [args, pattern] of cases) {
		it(`end with status 2: ${args.join(' ') || 'none'}`, async () => isFailure(await program(...args), pattern));
	}

	it('are listed by --help', async () => {
		const { code, out } = await program('--help');
		assert.equal(code, 0);
		assert.match(out, /--relay URL/);
	});
});

describe('an endpoint', () => {
	it('that cannot be reached is named, with the time limit and the remedy', async () => {
		const url = `ws://127.0.0.1:${await deadPort()}`;
		const result = await program('--relay', url, '--para', url, '--wait', '1');
		isFailure(result, new RegExp(`^error: the (relay chain|parachain)'s endpoint ${url} could not be reached within 1 s; check that a node runs there, and pass its WebSocket address with --(relay|para)\n$`));
	});

	it('that is not a node has another message than one that cannot be reached', async (t) => {
		const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
		t.after(() => server.close());
		await once(server, 'listening');
		const url = `ws://127.0.0.1:${server.address().port}`;
		isFailure(await program('--relay', url, '--para', url, '--wait', '1'), /accepted the connection, but did not respond like a Substrate node within 1 s;/);
		server.clients.forEach((client) => client.terminate());
	});
});

describe('a recording', () => {
	function events() {
		const s = scenario();
		s.runtime(s.r({ next: [0] }), { limits: [1, 3, 1] });
		const p1 = s.p({ relayParent: 0 });
		s.wait(6000);
		s.r({ backs: [p1], next: [0] });
		s.p({ relayParent: 1 });
		s.down('para');
		s.runtime(s.r({ includes: [p1], next: [0] }), { limits: [3, 12, 3] });
		s.r({ next: [0] });
		return s.events;
	}
	const asLines = (events) => events.map((event) => `${JSON.stringify(event)}\n`).join('');
	const LINES = ['R1: P1(C)', 'R2: P1(B) P2(C)', 'R3: P1(I) | nothing backed', 'R4: - | nothing backed'];

	it('is replayed with the same output', async (t) => {
		const file = join(await folder(t), 'some.jsonl');
		await writeFile(file, asLines(events()));
		const { code, out, err } = await program('--replay', file);
		assert.equal(code, 0, err);
		const { state, text } = run(events());
		assert.equal(out, [...text, LINES[3], '', summaryText(summary(state)), ''].join('\n'));
		assert.deepEqual(text.filter((line) => line.startsWith('R')), LINES.slice(0, 3));
	});

	it('may be compressed, and shortened', async (t) => {
		const file = join(await folder(t), 'some.jsonl.gz');
		await writeFile(file, gzipSync(asLines(events())));
		const { code, out } = await program('--replay', file, '--blocks', '2');
		assert.equal(code, 0);
		assert.deepEqual(out.split('\n').filter((line) => line.startsWith('R')), LINES.slice(0, 2));
		assert.match(out, /relay blocks +2 seen/);
	});

	it('gives a line of JSON per relay block, and the summary, with --json', async (t) => {
		const file = join(await folder(t), 'some.jsonl');
		await writeFile(file, asLines(events()));
		const { code, out, err } = await program('--replay', file, '--json');
		assert.equal(code, 0);
		const objects = out.trimEnd().split('\n').map((line) => JSON.parse(line));
		assert.deepEqual(objects.map(({ type }) => type), ['relay', 'relay', 'relay', 'relay', 'summary']);
		const { hash, parent, ...line } = objects[2];
		const block = (number, rest) => ({ number, hash: objects[number === 1 ? 0 : 1].collated[0].hash, fork: 0, ...rest });
		assert.match(hash, /^0x/);
		assert.equal(parent, objects[1].hash);
		assert.deepEqual(line, {
			type: 'relay',
			number: 3,
			session: null,
			unread: null,
			included: [{ core: 0, again: false, blocks: [block(1, { lag: 3 })] }],
			backed: [],
			timedOut: [],
			dropped: [],
			collated: [],
			lost: [],
			missed: [0],
			head: 1,
			best: 2,
			finalized: null,
			limits: { velocity: 3, capacity: 12, target_block_rate: 3 },
			scheduled: null,
			unincluded: null,
			admission: null,
		});
		assert.deepEqual(objects[4], JSON.parse(JSON.stringify(summary(run(events()).state))));
		assert.match(err, /^-- the parachain's endpoint is lost; reconnecting\n-- limits: velocity 1/);
	});

	it('that is damaged exits with status 2', async (t) => {
		const path = await folder(t);
		const written = { 'half.jsonl': asLines(events()).slice(0, -20), 'other.jsonl': '{"from":"relay","type":"smoke"}\n', 'half.jsonl.gz': gzipSync(asLines(events())).subarray(0, 100) };
		for (const [name, content] of Object.entries(written)) {
			await writeFile(join(path, name), content);
			const { code, err } = await program('--replay', join(path, name));
			assert.equal(code, 2, name);
			assert.match(err, /^error: the recording \S+ cannot be read \(/, name);
		}
	});
});

describe('two nodes', () => {
	async function observed(t, ...args) {
		const chains = await fakeChains();
		t.after(() => chains.stop());
		const cli = start('--relay', chains.relay.url, '--para', chains.para.url, ...args);
		return { chains, ...cli };
	}

	it('are shown live, and Ctrl-C prints the summary', async (t) => {
		const { chains, printed, interrupt, result } = await observed(t);
		// Its first line shows that it follows both nodes.
		await chains.relay.followed();
		await chains.para.followed();
		const p1 = chains.p({ relayParent: 10 });
		chains.r({ backs: [p1] });
		await printed(/^R10: /m);
		chains.r({ includes: [p1] });
		await printed(/^R11: P1\(B\)/m);
		interrupt();
		const { code, out, err } = await result;
		assert.equal(code, 0, err);
		assert.match(out, /^R12: P1\(I\) \| nothing backed\n\nParachain 2000\n {2}relay blocks +3 seen, 2 counted/m);
		assert.equal(err, '');
	});

	it('are shown for the given number of relay blocks, and recorded', async (t) => {
		const path = await folder(t);
		const file = join(path, 'recording.jsonl.gz');
		const { chains, printed, result } = await observed(t, '--blocks', '2', '--record', file);
		await chains.relay.followed();
		chains.r();
		await printed(/^R10: /m);
		chains.r();
		const { code, out, err } = await result;
		assert.equal(code, 0, err);
		assert.match(out, /^R10: -\nR11: -\n\nParachain 2000\n {2}relay blocks +2 seen/m);
		const lines = gunzipSync(await readFile(file)).toString().trimEnd().split('\n');
		assert.deepEqual(JSON.parse(lines[0]).type, 'start');
		const again = await program('--replay', file, '--blocks', '2');
		assert.equal(again.out, out);
	});

	it('that are lost permanently end the program: first the summary, then the reason', async (t) => {
		const { chains, printed, result } = await observed(t, '--lost', '1');
		await chains.relay.followed();
		chains.r();
		await printed(/^R10: /m);
		chains.relay.refuse(true);
		chains.relay.drop();
		const { code, out, err } = await result;
		assert.equal(code, 2);
		assert.match(out, /^-- the relay chain's endpoint is lost; reconnecting\nR11: -\n\nParachain 2000\n/m);
		assert.match(err, /^error: the relay chain's endpoint ws:\S+ was lost and did not reconnect within 1 s;/);
	});
});
