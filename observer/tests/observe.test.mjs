// The client with fake nodes whose chains fork, disconnect and reconnect.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { within } from '../lib/bounded.mjs';
import { observe } from '../lib/observe.mjs';
import { UserError } from '../lib/user-error.mjs';
import { fakeChains } from './fake-chains.mjs';
import { run } from './scenario.mjs';

// Time limit in seconds.
const LIMIT = 20;

// Observes `chains`; `until(test)` resolves once the events pass it.
async function observing(t, chains, options = {}) {
	const events = [];
	const waiting = new Set();
	let failed;
	const failure = new Promise((resolve) => (failed = resolve));
	const look = () => {
		for (const wait of waiting) if (wait.test(events)) wait.resolve();
	};
	const emit = (event) => {
		events.push(event);
		look();
	};
	const urls = { relay: chains.relay.url, para: chains.para.url };
	const { close, para } = await observe({ urls, waits: { first: LIMIT, again: LIMIT }, emit, fail: failed, ...options });
	t.after(close);
	const until = (what, test) =>
		within(
			LIMIT,
			what,
			new Promise((resolve) => {
				waiting.add({ test, resolve });
				look();
			}),
			() => JSON.stringify(events.at(-1)),
		);
	const emitted = (from, type, block) => until(`${from} ${type} #${block.number}`, (all) => all.some((event) => event.from === from && event.type === type && event.hash === block.hash));
	await emitted('relay', 'best', chains.relay.genesis);
	await emitted('para', 'best', chains.para.genesis);
	return { events, until, emitted, failure, para };
}

async function chainsFor(t, options) {
	const chains = await fakeChains(options);
	t.after(() => chains.stop());
	return chains;
}

// polkadot-api warns of responses that these tests expect.
console.warn = () => {};

describe('two chains', () => {
	it('are shown line by line', async (t) => {
		const chains = await chainsFor(t);
		const { emitted, events, para } = await observing(t, chains);
		assert.equal(para, 2000);
		const p1 = chains.p({ relayParent: 10 });
		await emitted('para', 'best', p1);
		const r11 = chains.r({ backs: [p1] });
		await emitted('relay', 'best', r11);
		const p2 = chains.p({ relayParent: 11 });
		await emitted('para', 'best', p2);
		const r12 = chains.r({ includes: [p1], backs: [p2] });
		await emitted('relay', 'best', r12);
		chains.relay.finalize(r12);
		await emitted('relay', 'finalized', r12);
		const r13 = chains.r({ includes: [p2], session: 3, next: [] });
		await emitted('relay', 'best', r13);
		await emitted('relay', 'best', chains.r({ timesOut: [p2] }));
		assert.deepEqual(run(events).text, ['R10: P1(C)', 'R11: P1(B) P2(C)', 'R12: P1(I) P2(B)', 'R13: P2(I) | session 3']);
		assert.deepEqual(events.filter(({ from, type }) => from === 'relay' && type === 'block').map(({ next }) => next), [[0], [0], [0], [], [0]]);
	});

	it('may fork, and blocks of the fork are emitted as well', async (t) => {
		const chains = await chainsFor(t);
		const { emitted, events } = await observing(t, chains);
		const p1 = chains.p({ relayParent: 10 });
		await emitted('para', 'best', p1);
		const r11 = chains.r();
		await emitted('relay', 'best', r11);
		const r12 = chains.r({ backs: [p1] });
		await emitted('relay', 'best', r12);
		const other = chains.r({ on: r11, backs: [p1], best: false });
		const longer = chains.r({ on: other, includes: [p1], best: false });
		await emitted('relay', 'block', longer);
		chains.relay.best(longer);
		await emitted('relay', 'best', longer);
		await emitted('relay', 'best', chains.r());
		assert.deepEqual(run(events).text, [
			'R10: P1(C)',
			'R11: -',
			'-- relay chain reorganization: R12 abandoned',
			'R12: P1(B)',
			'R13: P1(I) | nothing backed',
		]);
	});

	it('may be chains without Conveyor, or with an older SDK', async (t) => {
		const chains = await chainsFor(t, { old: true });
		const { emitted, events } = await observing(t, chains);
		const p1 = chains.p();
		await emitted('para', 'best', p1);
		const r11 = chains.r({ backs: [p1] });
		await emitted('relay', 'best', r11);
		await emitted('relay', 'best', chains.r());
		assert.equal(events.some(({ type }) => type === 'runtime'), false);
		assert.deepEqual(run(events).text, ['R10: P1(C)', 'R11: P1(B)']);
		assert.deepEqual(events.filter(({ type, from }) => type === 'block' && from === 'relay').map(({ next, unread }) => [next, unread]), [[null, undefined], [null, undefined], [null, undefined]]);
	});

	it('emit the results of Conveyor\'s runtime APIs', async (t) => {
		const asked = [];
		const velocity = {
			limits: { velocity: 1, capacity: 3, target_block_rate: 1 },
			admission: (args) => {
				asked.push(args);
				return { success: false, value: { type: 'SegmentFull', value: { length: 3, capacity: 3 } } };
			},
		};
		const chains = await chainsFor(t, { velocity });
		const { emitted, until, events } = await observing(t, chains);
		const answered = async (block) => {
			const its = ({ type, relay }) => type === 'runtime' && relay === block.hash;
			await until(`what the runtime says at relay block ${block.number}`, (all) => all.some(its));
			const { t, from, type, relay, ...results } = events.find(its);
			return results;
		};
		const p1 = chains.p({ relayParent: 10 });
		await emitted('para', 'best', p1);
		const r11 = chains.r({ includes: [p1] });
		await answered(r11);
		const p2 = chains.p({ relayParent: 11 });
		await emitted('para', 'best', p2);
		assert.deepEqual(await answered(chains.r({ includes: [p2] })), {
			limits: { velocity: 1, capacity: 3, target_block_rate: 1 },
			admission: { refusal: { type: 'SegmentFull', value: { length: 3, capacity: 3 } } },
		});
		// A block built on relay block 12 has relay parent 11: the call must use its included head and its slot.
		assert.equal(asked.at(-1), `${p1.hash}f303000000000000`);
		velocity.limits = { velocity: 3, capacity: 12, target_block_rate: 3 };
		velocity.admission = () => ({ success: true, value: 2 });
		await emitted('para', 'best', chains.p({ relayParent: 11 }));
		assert.deepEqual(await answered(chains.r()), { limits: velocity.limits, admission: { room: 2 } });
	});

	it('start with the relay parent offset: the result of the API, 0 without the API, or unknown', async (t) => {
		const velocity = { limits: { velocity: 1, capacity: 3, target_block_rate: 1 }, admission: () => ({ success: true, value: 2 }) };
		const offsets = [];
		for (const options of [{ velocity }, { bare: true }, {}]) {
			const chains = await chainsFor(t, options);
			const { events } = await observing(t, chains);
			offsets.push(events.find(({ type }) => type === 'start').relayParentOffset);
		}
		assert.deepEqual(offsets, [1, 0, undefined]);
	});

	it('may have a relay block that cannot be read', async (t) => {
		const chains = await chainsFor(t);
		const { emitted, events } = await observing(t, chains);
		const [key] = Object.keys(chains.relay.genesis.storage);
		const r11 = chains.relay.block({ storage: { [key]: '0x04ff' } });
		await emitted('relay', 'best', r11);
		const { unread, candidates } = events.find(({ type, hash }) => type === 'block' && hash === r11.hash);
		assert.equal(typeof unread, 'string');
		assert.deepEqual(candidates, []);
	});
});

describe('a connection that breaks', () => {
	const after = (events, from) => events.slice(events.findIndex((event) => event.type === 'up' && event.from === from) + 1);

	it('is reported, and the missed blocks are emitted in order', async (t) => {
		const chains = await chainsFor(t);
		const { emitted, until, events } = await observing(t, chains);
		const p1 = chains.p({ relayParent: 10 });
		await emitted('para', 'best', p1);
		const r11 = chains.r({ backs: [p1] });
		await emitted('relay', 'best', r11);
		chains.relay.refuse(true);
		chains.relay.drop();
		await until('the end of the connection', (all) => all.some(({ from, type }) => from === 'relay' && type === 'down'));
		chains.r({ includes: [p1] });
		const r13 = chains.r();
		chains.relay.refuse(false);
		await emitted('relay', 'best', r13);
		await emitted('relay', 'best', chains.r());
		assert.deepEqual(after(events, 'relay').map(({ type }) => type), ['block', 'block', 'best', 'block', 'best']);
		assert.deepEqual(run(events).text, [
			'R10: P1(C)',
			"-- the relay chain's endpoint is lost; reconnecting",
			"-- the relay chain's endpoint is back",
			'R11: P1(B)',
			'R12: P1(I) | nothing backed',
			'R13: - | nothing backed',
		]);
	});

	it('is reported as restored after the blocks that were read before it broke', async (t) => {
		const chains = await chainsFor(t);
		const { emitted, until, events } = await observing(t, chains);
		const asked = chains.relay.silent(true);
		const r11 = chains.r();
		await within(LIMIT, 'a read', asked);
		chains.relay.refuse(true);
		chains.relay.drop();
		await until('the end of the connection', (all) => all.some(({ from, type }) => from === 'relay' && type === 'down'));
		chains.relay.silent(false);
		chains.relay.refuse(false);
		await until('the connection', (all) => all.some(({ from, type }) => from === 'relay' && type === 'up'));
		await emitted('relay', 'best', r11);
		const at = (type) => events.findLastIndex((event) => event.from === 'relay' && event.type === type);
		assert.ok(at('best') < at('up'), JSON.stringify(events.map(({ from, type }) => `${from} ${type}`)));
	});

	// Both chains advance and finalize while the observer is disconnected, so all that it emits then is new.
	async function away(t, { chains, emitted, until }) {
		const p1 = chains.p({ relayParent: 10 });
		await emitted('para', 'best', p1);
		const r11 = chains.r({ backs: [p1] });
		await emitted('relay', 'best', r11);
		for (const node of [chains.relay, chains.para]) {
			node.refuse(true);
			node.drop();
		}
		await until('the end of both connections', (all) => all.filter(({ type }) => type === 'down').length === 2);
		const p2 = chains.p({ relayParent: 11 });
		const r12 = chains.r({ includes: [p1], backs: [p2] });
		const r13 = chains.r({ includes: [p2] });
		chains.relay.finalize(r13);
		chains.para.finalize(p2);
		return { last: r13, back: () => [chains.relay, chains.para].forEach((node) => node.refuse(false)), r12 };
	}

	it('is filled from the node\'s archive', async (t) => {
		const chains = await chainsFor(t);
		const observed = await observing(t, chains);
		const { last, back } = await away(t, { chains, ...observed });
		back();
		await observed.emitted('relay', 'best', last);
		// Blocks outside the best branch are emitted again, too.
		await observed.emitted('relay', 'block', chains.r({ on: last, best: false }));
		await observed.emitted('relay', 'best', chains.r());
		assert.deepEqual(run(observed.events).text.filter((line) => !line.startsWith('--')), [
			'R10: P1(C)',
			'R11: P1(B)',
			'R12: P1(I) P2(B)',
			'R13: P2(I) | nothing backed',
		]);
	});

	it('leaves a gap where the node has pruned the blocks', async (t) => {
		const chains = await chainsFor(t);
		const observed = await observing(t, chains);
		const { last, back } = await away(t, { chains, ...observed });
		chains.relay.forgetsOld();
		back();
		await observed.emitted('relay', 'best', last);
		await observed.emitted('relay', 'best', chains.r());
		const text = run(observed.events).text;
		assert.deepEqual(text.slice(-3), ['R11: P1(B)', '-- relay blocks between R11 and R13 were missed and are no longer available', 'R13: P2(I) | nothing backed']);
	});

	it('ends the observation if it is not restored', async (t) => {
		const chains = await chainsFor(t);
		const { failure } = await observing(t, chains, { waits: { first: LIMIT, again: 1 } });
		chains.para.refuse(true);
		chains.para.drop();
		const error = await within(LIMIT, 'the end', failure);
		assert.ok(error instanceof UserError);
		assert.match(error.message, /^the parachain's endpoint ws:\/\/127\.0\.0\.1:\d+ was lost and did not reconnect within 1 s; check that/);
	});
});

describe('an unsuitable endpoint', () => {
	const refused = (chains, options) => observe({ urls: { relay: chains.relay.url, para: chains.para.url }, waits: { first: LIMIT, again: LIMIT }, emit() {}, fail() {}, ...options });
	const isError = (pattern) => (error) => {
		assert.ok(error instanceof UserError, error.stack);
		assert.match(error.message, pattern);
		return true;
	};

	it('is named', async (t) => {
		const chains = await chainsFor(t);
		const both = (url) => ({ urls: { relay: url, para: url } });
		await assert.rejects(refused(chains, both(chains.para.url)), isError(/^the relay chain's endpoint ws:\S+ is not a relay chain node: .* no pallet ParaInclusion; .* with --relay$/));
		await assert.rejects(refused(chains, both(chains.relay.url)), isError(/^the parachain's endpoint ws:\S+ is not a parachain node: .* no pallet ParachainSystem; .* with --para$/));
		await assert.rejects(refused(chains, { paraId: 77 }), isError(/^the relay chain's endpoint ws:\S+ has no parachain 77; .* --relay, .* --para-id$/));
	});

	it('may belong to another relay chain', async (t) => {
		const chains = await chainsFor(t, { paraId: 2001 });
		await assert.rejects(refused(chains), isError(/has no parachain 2001/));
	});
});
