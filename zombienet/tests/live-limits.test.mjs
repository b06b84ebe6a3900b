// Governance changes the limits of the network `basic` while it runs, with transactions and without an upgrade: 1
// block per relay slot, then 3 and 12 in bundles on the one core, then 1 again. Each rate is reached immediately,
// no relay slot is lost to a change, and the validators accept every bundle.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { within } from 'conveyor-observer/bounded';
import { pipelineDigest, relevantDigests } from 'conveyor-observer/header';
import { relayEvents } from 'conveyor-observer/relay-events';
import { connect, devAccount, eachFinalized, submit } from '../lib/chain.mjs';
import { descriptors } from '../lib/descriptors.mjs';
import { figuresOf } from '../lib/figures.mjs';
import { errorsIn } from '../lib/log-scan.mjs';
import { changeOf, perRelayParent } from '../lib/rates.mjs';
import { intoSession } from '../lib/sessions.mjs';
import { watchPipeline } from '../lib/watch.mjs';
import { launch } from '../launch.mjs';

const PARA = 2000;

// The changes in order. The rate is both target block rate and velocity, and the capacity is the pallet's
// recommendation for it. On the way down the old capacity stays until all blocks of the old rate are included: a
// chain whose segment is longer than its capacity waits, which once lost three relay blocks here.
const limits = (rate, capacity) => ({ velocity: rate, capacity, target_block_rate: rate });
const CHANGES = [limits(3, 12), limits(12, 48), limits(1, 48), limits(1, 4)];
const described = ({ target_block_rate: rate, capacity }) => `${rate} blocks per relay slot, capacity ${capacity}`;

// From 4 blocks per para slot on, the slot-based collator leaves out the last block, so that the next author has
// time to import all of them.
const built = (rate) => (rate < 4 ? rate : rate - 1);

// Number of relay blocks evaluated after a change, and within which the rate must be reached.
const WINDOW = 8;
const REACHED_WITHIN = 3;
// Nothing is backed with a change of session, and unincluded blocks are lost: relay parents within this distance
// do not count.
const AROUND_SESSION = 3;
// Limits are changed when the relay chain is this many relay blocks into its session. A change of session loses up
// to two bundles of
// 12. Until the relay chain finalizes another branch, six relay blocks later, the last lost block may be the best block of a collator.
// The collator then considers itself syncing and does not import the blocks of the other collator. Later changes
// would be too close to the next change of session.
const INTO_SESSION = { least: 7, most: 9 };

const SECONDS = { start: 600, session: 300, transaction: 240, change: 300 };

const report = (line) => console.log(`... ${line}`);
const round = (seconds) => Math.round(seconds * 10) / 10;

// Follows the finalized blocks of the parachain with their relay parents and applied limits, and the relay chain's
// changes of session.
function follow({ relay, parachain }) {
	const blocks = [];
	const sessions = new Set();
	const candidates = { included: 0, timedOut: 0 };
	const waiting = new Set();
	let failure;
	const look = () => waiting.forEach((waiter) => waiter());
	const fail = (error) => {
		failure ??= error;
		look();
	};
	const onRelayBlock = async ({ hash, number }) => {
		const { session, candidates: seen } = relayEvents(await relay.api.query.System.Events.getValue({ at: hash }), PARA);
		if (session !== undefined) sessions.add(number);
		for (const { kind } of seen) if (kind in candidates) candidates[kind] += 1;
		look();
	};
	const onParaBlock = async ({ hash, number }) => {
		if (number === 0) return;
		const { digests } = await parachain.client.getBlockHeader(hash);
		const events = await parachain.api.query.System.Events.getValue({ at: hash });
		const applied = events.find(({ event }) => event.type === 'Velocity' && event.value.type === 'LimitsApplied');
		blocks.push({ number, relayParent: pipelineDigest(relevantDigests(digests)).relayParent.number, applied: applied?.event.value.value.limits });
		look();
	};
	const subscriptions = [
		eachFinalized(relay.client, onRelayBlock, fail),
		eachFinalized(parachain.client, onParaBlock, fail),
	];
	// Resolves with the first value of `find(blocks)` that is not undefined.
	const until = (seconds, what, find) => {
		let waiter;
		const found = new Promise((resolve, reject) => {
			waiter = () => {
				if (failure) return reject(failure);
				const value = find(blocks);
				return value === undefined ? undefined : resolve(value);
			};
			waiting.add(waiter);
			waiter();
		});
		const progress = () => `parachain block #${blocks.at(-1)?.number ?? 'none'} on relay block #${blocks.at(-1)?.relayParent ?? 'none'}`;
		return within(seconds, what, found, progress).finally(() => waiting.delete(waiter));
	};
	const stop = () => subscriptions.forEach((subscription) => subscription.unsubscribe());
	return { blocks, sessions, candidates, until, stop };
}

describe('live limits on network basic', { timeout: 1_800_000 }, () => {
	let network;
	let chain;
	let collator;
	let relay;
	let pipeline;
	const connections = [];

	before(async () => {
		const generated = await descriptors(report);
		const start = Date.now();
		network = await launch('basic', { report });
		console.log(`network up after ${round((Date.now() - start) / 1000)} s; logs: ${network.folder}`);
		const to = (name, descriptor) => {
			const connection = connect(network.node(name).ws, descriptor);
			connections.push(connection);
			return connection;
		};
		collator = to('collator-1', generated.conveyor);
		relay = to('alice', generated.relay);
		chain = follow({ relay, parachain: to('para-full', generated.conveyor) });
		pipeline = await watchPipeline({ relay: network.node('bob').ws, para: network.node('collator-1').ws });
		await chain.until(SECONDS.start, 'the first finalized blocks of the parachain', (blocks) => (blocks.length >= 3 ? true : undefined));
	});

	after(async () => {
		chain?.stop();
		await pipeline?.close();
		connections.forEach((connection) => connection.close());
		await network?.stop();
	});

	for (const limits of CHANGES) {
		const rate = limits.target_block_rate;
		it(`goes to ${described(limits)}`, async () => {
			await pipeline.until(SECONDS.session, 'the middle of a session', (lines) => {
				const into = intoSession(lines);
				return into >= INTO_SESSION.least && into <= INTO_SESSION.most ? true : undefined;
			});
			const { api } = collator;
			const { signer } = devAccount('Alice');
			const call = api.tx.Velocity.schedule_limits({ limits, at: { type: 'Now' } }).decodedCall;
			const result = await submit(api.tx.Sudo.sudo({ call }), signer, { what: 'schedule_limits', seconds: SECONDS.transaction });
			assert.ok(result.ok, `the call failed: ${JSON.stringify(result.dispatchError)}`);

			const applied = await chain.until(SECONDS.change, 'the limits to apply', (blocks) =>
				blocks.find((block) => block.number >= result.block.number && block.applied?.target_block_rate === rate && block.applied.capacity === limits.capacity));
			const last = applied.relayParent + WINDOW;
			await chain.until(SECONDS.change, `finalized parachain blocks up to relay block #${last}`, (blocks) => (blocks.at(-1).relayParent > last ? true : undefined));

			const excused = new Set([...chain.sessions].flatMap((session) =>
				Array.from({ length: 2 * AROUND_SESSION + 1 }, (_, distance) => session - AROUND_SESSION + distance)));
			const counts = perRelayParent(chain.blocks).filter(({ relayParent }) => relayParent <= last);
			const change = changeOf({ counts, rate: built(rate), applied: applied.relayParent, window: WINDOW, excused });
			const around = counts.filter(({ relayParent }) => relayParent >= applied.relayParent - 2);
			console.log(`${described(limits)}: current after parachain block #${applied.number} on relay block #${applied.relayParent}; blocks per relay block from #${around[0].relayParent} on: ${around.map(({ blocks }) => blocks).join(' ')}`);
			console.log(`rate of ${built(rate)} reached ${change.reached ?? 'never'} relay blocks after, ${change.waited ?? 0} of them close to no change of session; changes of session: ${[...chain.sessions].map((session) => `#${session}`).join(' ')}`);
			assert.ok(change.reached !== null && change.waited <= REACHED_WITHIN, `the rate was reached ${change.reached ?? 'never'} relay blocks after the change`);
			assert.deepEqual(change.without, [], 'relay blocks without a parachain block');
		});
	}

	it('loses no candidate', () => {
		const numbers = chain.blocks.map(({ number }) => number);
		assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index), 'the finalized chain has a gap');
		console.log(`candidates included: ${chain.candidates.included}, timed out: ${chain.candidates.timedOut}; finalized parachain blocks: ${numbers.length}`);
		assert.equal(chain.candidates.timedOut, 0);
	});

	it('reports attempts and block confidence', async () => {
		const { text, wrong } = await figuresOf({ pipeline, relay, para: collator });
		console.log(text);
		assert.deepEqual(wrong, []);
	});

	it('leaves no error in any log', async () => {
		const found = await Promise.all(network.nodes.map(async ({ name, log }) => (await errorsIn(log)).map((line) => `${name}: ${line}`)));
		assert.deepEqual(found.flat(), []);
	});
});
