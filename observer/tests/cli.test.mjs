// The program: what it prints, and the status it ends with.
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
import { summaryText } from '../lib/picture.mjs';
import { summary } from '../lib/pipeline.mjs';
import { fakeChains } from './fake-chains.mjs';
import { run, scenario } from './scenario.mjs';

const CLI = fileURLToPath(new URL('../cli.mjs', import.meta.url));
// Seconds, for what should take one or two.
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

// A port on loopback where nobody listens.
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
		[[], /^error: --relay is missing; say for example --relay ws:/],
		[relay, /^error: --para is missing; say for example --para ws:/],
		[[...relay, '--para', 'localhost:9944'], /^error: --para is 'localhost:9944', which is no WebSocket address;/],
		[[...relay, '--para', 'http://localhost'], /^error: --para is 'http:\/\/localhost', which is no WebSocket address;/],
		[[...relay, ...para, '--blocks', '0'], /^error: --blocks is '0', which is no whole number of at least 1;/],
		[[...relay, ...para, '--para-id', '2e3'], /^error: --para-id is '2e3', which is no whole number of at least 0;/],
		[[...relay, ...para, '--verbose'], /^error: Unknown option '--verbose'; --help tells them/],
		[[...relay, ...para, 'basic'], /^error: Unexpected argument 'basic'/],
		[['--replay', 'x', ...relay], /^error: --replay takes what a file holds, so it does not go with --relay;/],
		[['--replay', '/nowhere/at-all'], /^error: the recording \/nowhere\/at-all cannot be read \(ENOENT/],
		[[...relay, ...para, '--record', '/nowhere/at-all'], /^error: the recording \/nowhere\/at-all cannot be written \(ENOENT/],
	];
	for (const [args, pattern] of cases) {
		it(`end with status 2: ${args.join(' ') || 'none'}`, async () => isFailure(await program(...args), pattern));
	}

	it('are explained', async () => {
		const { code, out } = await program('--help');
		assert.equal(code, 0);
		assert.match(out, /--relay URL/);
	});
});

describe('an endpoint', () => {
	it('where nobody listens is named, with the limit and the remedy', async () => {
		const url = `ws://127.0.0.1:${await deadPort()}`;
		const result = await program('--relay', url, '--para', url, '--wait', '1');
		isFailure(result, new RegExp(`^error: the (relay chain|parachain)'s endpoint ${url} could not be reached within 1 s; see that a node runs there, and give its WebSocket address with --(relay|para)\n$`));
	});

	it('that is no node is told from one that is not there', async (t) => {
		const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
		t.after(() => server.close());
		await once(server, 'listening');
		const url = `ws://127.0.0.1:${server.address().port}`;
		isFailure(await program('--relay', url, '--para', url, '--wait', '1'), /took the connection, but did not answer as a node does within 1 s;/);
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

	it('is replayed as it was seen', async (t) => {
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

	it('is a line of JSON per relay block and the summary, with --json', async (t) => {
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
		assert.match(err, /^-- the parachain's endpoint is gone.*\n-- limits: velocity 1/);
	});

	it('that is damaged ends with status 2', async (t) => {
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

	it('are shown while it happens, and Ctrl-C gives the summary', async (t) => {
		const { chains, printed, interrupt, result } = await observed(t);
		// Until it follows both there is nothing to wait for but its first line.
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

	it('are shown for as many relay blocks as were asked for, and recorded', async (t) => {
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

	it('that go away for good end it: first the summary, then why', async (t) => {
		const { chains, printed, result } = await observed(t, '--lost', '1');
		await chains.relay.followed();
		chains.r();
		await printed(/^R10: /m);
		chains.relay.refuse(true);
		chains.relay.drop();
		const { code, out, err } = await result;
		assert.equal(code, 2);
		assert.match(out, /^-- the relay chain's endpoint is gone; trying to connect again\nR11: -\n\nParachain 2000\n/m);
		assert.match(err, /^error: the relay chain's endpoint ws:\S+ went away and did not come back within 1 s;/);
	});
});
