// The network `sync`: each block is built on the relay chain's head and waits for the inclusion of the block
// before it, as all blocks did before asynchronous backing. The test loads the chain and measures blocks,
// reference time and proof size per relay block: with blocks of the old size, with blocks of today's size, and,
// after governance has set the limits of the network `basic`, with asynchronous backing. It prints the ratios. All
// three are measured on one network, so that nodes, machine, runtime and load are the same.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { firstOf } from 'conveyor-observer/bounded';
import { relayEvents } from 'conveyor-observer/relay-events';
import { blockspace, ratios, windowAfter } from '../lib/blockspace.mjs';
import { connect, devAccount, submit } from '../lib/chain.mjs';
import { descriptors } from '../lib/descriptors.mjs';
import { figuresOf } from '../lib/figures.mjs';
import { errorsIn } from '../lib/log-scan.mjs';
import { throughputMeter } from '../lib/throughput.mjs';
import { watchPipeline } from '../lib/watch.mjs';
import { launch } from '../launch.mjs';
import { prepare } from '../load/prepare.mjs';

const PARA = 2000;

const SYNC = { velocity: 1, capacity: 1, target_block_rate: 1 };
// The limits of the runtime's other presets, and so of the network `basic`.
const ASYNC = { velocity: 1, capacity: 4, target_block_rate: 1 };

// A block in every second relay block gives 7 or 8, with one block less for a change of session. Upstream's test
// (`sync_backing`) accepts 5 to 9. A block in every third relay block, as with a relay parent offset of 1, gives
// 5.
const RELAY_BLOCKS = 15;
const BACKED = { least: 6, most: 8 };

// Usage is measured over as many relay blocks as a session has, so that each window contains the loss around one
// change of session.
const WINDOW = 20;

// Before asynchronous backing a block had 0.5 s of reference time and its candidate 5 MiB of proof; now it is 2 s
// and 10 MiB. Normal transactions may use three quarters in both cases.
const OLD_BLOCK = { refTimeMs: 500, proofKib: 5 * 1024 };
const NORMAL = 0.75;
// Number of calls that fill an old block, and a new one. The backlog limits an old block: it contains what is in
// the pool when it is built.
const OLD_CALLS = 10;
const FULL_CALLS = 100;

const LOADS = {
	// No accounts are read: the payload is the whole proof.
	old: {
		...{ seed: 'old', funder: '//Bob', accounts: 20, rate: 4, backlog: OLD_CALLS },
		...{ weight: (OLD_BLOCK.refTimeMs * NORMAL) / OLD_CALLS, payload: Math.floor((OLD_BLOCK.proofKib * NORMAL * 0.9) / OLD_CALLS) },
	},
	full: { seed: 'full', funder: '//Alice', accounts: 100, rate: 20, fill: FULL_CALLS, state: 4000 },
};

// The current limits of a block.
const FULL_BLOCK = { refTimeMs: 2000, proofKib: 10 * 1024 };

// Minimum ratio of asynchronous to old, per relay block. The limits allow 2 in blocks, 8 in reference time and 4
// in proof size. Reference time has the lower end of the goal (5 to 10). Blocks have a margin for a machine that
// is too busy to execute full blocks in time. Proof size is printed and has no minimum: the load cannot fill the
// new limit.
const LEAST = { blocks: 1.7, refTime: 5 };

// Time limits in seconds, as in basic.test.mjs; 20 relay blocks of a window take 120 s.
const SECONDS = { throughput: 600, transaction: 240, window: 420, load: 900 };

const report = (line) => console.log(`... ${line}`);
const round = (value, digits = 1) => value.toFixed(digits);

const RELAY_SLOT_S = 6;
const MS = 1e9;
const MIB = 1024 * 1024;

const percent = (share) => `${round(share * 100, 0)} %`;

// Returns the usage of a window as text. `limits` are those of its blocks.
function usedLines(what, { perBlock, sessionChanges, refTime, proofSize, perRelayBlock }, limits) {
	const share = (value, limit) => `${percent(value / limit)} of a block's`;
	return [
		`${what}, ${perBlock.length} relay blocks (${sessionChanges} changes of session): blocks included ${perBlock.join(' ')}`,
		`  blocks: ${round(perRelayBlock.blocks, 2)} per relay block, one in ${round(RELAY_SLOT_S / perRelayBlock.blocks)} s`,
		`  ref time: ${round(perRelayBlock.refTime / MS, 0)} ms per relay block; mean ${round(refTime.mean / MS, 0)} ms per block (${share(refTime.mean / MS, limits.refTimeMs)}), most ${round(refTime.most / MS, 0)} ms`,
		`  proof size: ${round(perRelayBlock.proofSize / MIB, 2)} MiB per relay block; mean ${round(proofSize.mean / MIB, 2)} MiB per block (${share(proofSize.mean / 1024, limits.proofKib)}), most ${round(proofSize.most / MIB, 2)} MiB`,
	].join('\n');
}

function ratioLines(what, { blocks, refTime, proofSize }, allowed) {
	return [
		`${what}, per relay block:`,
		`  blocks: ${round(blocks, 2)} times (limits allow ${allowed.blocks})`,
		`  ref time: ${round(refTime, 2)} times (limits allow ${allowed.refTime})`,
		`  proof size: ${round(proofSize, 2)} times (limits allow ${allowed.proofSize})`,
	].join('\n');
}

describe('network sync', { timeout: 1_800_000 }, () => {
	let network;
	let generated;
	let pipeline;
	const connections = [];
	const loads = [];
	// Parachain blocks by hash: their usage, and the load whose transactions they contain.
	const usages = new Map();
	const measured = {};
	const to = (name) => {
		const node = network.node(name);
		const connection = connect(node.ws, node.para === undefined ? generated.relay : generated.conveyor);
		connections.push(connection);
		return connection;
	};

	// Prepares a load. Returns the result of prepare.mjs, and whether a block contains its transactions.
	const prepared = async (name) => {
		const loaded = new Set();
		const load = await prepare({
			...{ kind: 'burn', para: network.node('collator-1').ws, seconds: SECONDS.load, ...LOADS[name] },
			say: (line) => report(`load '${name}': ${line}`),
			fail: (error) => pipeline.fail(error),
			onBlock(block) {
				if (!block.unread) usages.set(block.hash, block);
				if (block.own > 0) loaded.add(block.hash);
			},
		});
		loads.push(load);
		const { reads, repeats, payload, length, refTime } = load.facts.call;
		report(`load '${name}': a call has ${length} bytes, ${round(refTime / MS, 2)} ms; looks up ${reads} accounts, its own ${repeats} times, ${payload} bytes of payload; ${load.facts.backlog} at most in no block`);
		return { ...load, isIn: ({ hash }) => loaded.has(hash) };
	};

	// Returns the usage of the window after the first included block for which `isLoaded` holds. A node may report
	// the last best block only with the next one.
	const measure = async (what, isLoaded, limits) => {
		const used = await pipeline.until(SECONDS.window, `${WINDOW} relay blocks of '${what}', and what was used in them`, (lines) => {
			const window = windowAfter(lines, isLoaded, WINDOW);
			const found = window && blockspace(window, (hash) => usages.get(hash));
			return found?.unknown === 0 ? found : undefined;
		});
		console.log(usedLines(what, used, limits));
		return used;
	};

	before(async () => {
		generated = await descriptors(report);
		const start = Date.now();
		network = await launch('sync', { report });
		console.log(`network up after ${round((Date.now() - start) / 1000)} s; logs: ${network.folder}`);
		pipeline = await watchPipeline({ relay: network.node('bob').ws, para: network.node('collator-1').ws, say: (line) => console.log(line) });
	});

	after(async () => {
		loads.forEach((load) => load.close());
		await pipeline?.close();
		connections.forEach((connection) => connection.close());
		await network?.stop();
	});

	it(`backs ${BACKED.least} to ${BACKED.most} candidates in ${RELAY_BLOCKS} relay blocks`, async () => {
		const parachain = to('collator-1').api;
		assert.deepEqual(await parachain.query.Velocity.CurrentLimits.getValue(), SYNC);
		assert.equal(await parachain.apis.RelayParentOffsetApi.relay_parent_offset(), 0, 'the chain has the runtime variant of its network');
		const { client, api } = to('alice');
		const meter = throughputMeter({ blocks: RELAY_BLOCKS });
		let last;
		const { backed, warmUp, perBlock } = await firstOf(
			SECONDS.throughput,
			`${RELAY_BLOCKS} finalized relay blocks after the first session change`,
			client.finalizedBlock$,
			async (block) => {
				assert.ok(!last || block.parent === last.hash, `relay block #${block.number} does not follow #${last?.number}: some were missed`);
				last = block;
				return meter.add(relayEvents(await api.query.System.Events.getValue({ at: block.hash }), PARA));
			},
			() => `relay block #${last?.number ?? 'none'}, ${JSON.stringify(meter.result())}`,
		);
		console.log(`first candidate of parachain ${PARA}: ${warmUp + 1} relay blocks after the first change of session`);
		console.log(`candidates of parachain ${PARA} backed in ${RELAY_BLOCKS} relay blocks: ${backed} (${perBlock.join(' ')})`);
		assert.ok(backed >= BACKED.least && backed <= BACKED.most, `${backed} candidates were backed`);
	});

	it('is measured with full blocks of the old and of the current size', async () => {
		const [old, full] = await Promise.all([prepared('old'), prepared('full')]);
		old.begin();
		measured.old = await measure('synchronous, old blocks of 0.5 s and 5 MiB', old.isIn, OLD_BLOCK);
		old.end();
		full.begin();
		measured.full = await measure('synchronous, blocks of 2 s and 10 MiB', full.isIn, FULL_BLOCK);
	});

	it('becomes asynchronous by a transaction, and is measured again', async () => {
		const { api } = to('collator-1');
		const call = api.tx.Velocity.schedule_limits({ limits: ASYNC, at: { type: 'Now' } }).decodedCall;
		const result = await submit(api.tx.Sudo.sudo({ call }), devAccount('Alice').signer, { what: 'schedule_limits', seconds: SECONDS.transaction });
		assert.ok(result.ok, `the call failed: ${JSON.stringify(result.dispatchError)}`);
		console.log(`asynchronous after parachain block #${result.block.number}`);
		// The pipeline must fill first.
		const filled = result.block.number + ASYNC.capacity;
		measured.async = await measure('asynchronous, blocks of 2 s and 10 MiB', ({ number }) => number >= filled, FULL_BLOCK);
	});

	it(`has at least ${LEAST.blocks} times the blocks and ${LEAST.refTime} times the reference time of the old chain`, () => {
		const { old, full, async } = measured;
		const against = { old: ratios(async, old), full: ratios(async, full) };
		console.log(ratioLines('asynchronous against old', against.old, { blocks: 2, refTime: 8, proofSize: 4 }));
		console.log(ratioLines('asynchronous against synchronous with blocks of the same size', against.full, { blocks: 2, refTime: 2, proofSize: 2 }));
		assert.ok(against.old.blocks >= LEAST.blocks, `only ${round(against.old.blocks, 2)} times as many blocks`);
		assert.ok(against.old.refTime >= LEAST.refTime, `only ${round(against.old.refTime, 2)} times as much reference time`);
		assert.ok(old.refTime.mean <= OLD_BLOCK.refTimeMs * MS, `the blocks measured as old ones had ${round(old.refTime.mean / MS, 0)} ms on average`);
	});

	it('reports attempts and block confidence', async () => {
		const { text, wrong } = await figuresOf({ pipeline, relay: to('bob'), para: to('collator-1') });
		console.log(text);
		assert.deepEqual(wrong, []);
	});

	it('leaves no error in any log', async () => {
		const found = await Promise.all(network.nodes.map(async ({ name, log }) => (await errorsIn(log)).map((line) => `${name}: ${line}`)));
		assert.deepEqual(found.flat(), []);
	});
});
