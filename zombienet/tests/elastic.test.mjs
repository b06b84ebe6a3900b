// The network `elastic`: a parachain with three cores builds a block for each core in every relay slot. Two of the
// cores are assigned while the relay chain runs. Prints the figures.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Enum } from 'polkadot-api';
import { firstOf } from 'conveyor-observer/bounded';
import { relayEvents } from 'conveyor-observer/relay-events';
import { connect, devAccount, submit } from '../lib/chain.mjs';
import { descriptors } from '../lib/descriptors.mjs';
import { figuresOf } from '../lib/figures.mjs';
import { errorsIn } from '../lib/log-scan.mjs';
import { builtOn } from '../lib/rates.mjs';
import { throughputMeter } from '../lib/throughput.mjs';
import { watchPipeline } from '../lib/watch.mjs';
import { launch } from '../launch.mjs';

const PARA = 2000;

// Those that the genesis leaves free. The parachain has the third, number 2, from genesis on.
const FURTHER_CORES = [0, 1];
// A whole core, in the parts that coretime is divided into.
const WHOLE_CORE = 57_600;
const CORES = 3;
const LIMITS = { velocity: 3, capacity: 12, target_block_rate: 3 };

// Upstream's threshold for three cores (`slot_based_3cores`). Up to 45 are possible; some are missing around a
// change of session.
const RELAY_BLOCKS = 15;
const BACKED = { least: 34, most: CORES * RELAY_BLOCKS };

// Time limits in seconds, as in basic.test.mjs.
const SECONDS = { transaction: 180, start: 600, throughput: 300 };

const report = (line) => console.log(`... ${line}`);
const round = (value) => Math.round(value * 10) / 10;

describe('network elastic', { timeout: 1_800_000 }, () => {
	let network;
	let generated;
	let pipeline;
	const connections = [];
	const to = (name) => {
		const node = network.node(name);
		const connection = connect(node.ws, node.para === undefined ? generated.relay : generated.conveyor);
		connections.push(connection);
		return connection;
	};

	before(async () => {
		generated = await descriptors(report);
		const start = Date.now();
		network = await launch('elastic', { report });
		console.log(`network up after ${round((Date.now() - start) / 1000)} s; logs: ${network.folder}`);
		pipeline = await watchPipeline({ relay: network.node('bob').ws, para: network.node('collator-1').ws, say: (line) => console.log(line) });
	});

	after(async () => {
		await pipeline?.close();
		connections.forEach((connection) => connection.close());
		await network?.stop();
	});

	it('gets two additional cores', async () => {
		assert.deepEqual(await to('collator-1').api.query.Velocity.CurrentLimits.getValue(), LIMITS);
		const { api } = to('alice');
		const assignment = [[Enum('Task', PARA), WHOLE_CORE]];
		const calls = FURTHER_CORES.map((core) => api.tx.Coretime.assign_core({ core, begin: 0, assignment, end_hint: undefined }).decodedCall);
		const call = api.tx.Utility.batch_all({ calls }).decodedCall;
		const result = await submit(api.tx.Sudo.sudo({ call }), devAccount('Alice').signer, { what: 'the assignment of cores', seconds: SECONDS.transaction });
		assert.ok(result.ok, `the call failed: ${JSON.stringify(result.dispatchError)}`);
		const assigned = result.events.filter(({ type, value }) => type === 'Coretime' && value.type === 'CoreAssigned');
		console.log(`cores ${FURTHER_CORES.join(' and ')} assigned in relay block #${result.block.number}`);
		assert.equal(assigned.length, FURTHER_CORES.length, 'not every core was assigned');
	});

	it(`backs at least ${BACKED.least} candidates in ${RELAY_BLOCKS} relay blocks`, async () => {
		const { client, api } = to('alice');
		const meter = throughputMeter({ blocks: RELAY_BLOCKS });
		let last;
		const result = await firstOf(
			SECONDS.start + SECONDS.throughput,
			`${RELAY_BLOCKS} finalized relay blocks after the first session change`,
			client.finalizedBlock$,
			async (block) => {
				assert.ok(!last || block.parent === last.hash, `relay block #${block.number} does not follow #${last?.number}: some were missed`);
				last = block;
				return meter.add(relayEvents(await api.query.System.Events.getValue({ at: block.hash }), PARA));
			},
			() => `relay block #${last?.number ?? 'none'}, ${JSON.stringify(meter.result())}`,
		);
		const { backed, warmUp, perBlock, perCore } = result;
		console.log(`first candidate of parachain ${PARA}: ${warmUp + 1} relay blocks after the first change of session`);
		console.log(`candidates of parachain ${PARA} backed in ${RELAY_BLOCKS} relay blocks: ${backed} (${perBlock.join(' ')}), ${round(backed / RELAY_BLOCKS)} per relay block`);
		console.log(`of these on ${Object.entries(perCore).map(([core, count]) => `core ${core}: ${count}`).join(', ')}`);
		assert.ok(backed >= BACKED.least && backed <= BACKED.most, `${backed} candidates were backed`);
		assert.equal(Object.keys(perCore).length, CORES, 'not every core was used');
	});

	it(`builds ${LIMITS.target_block_rate} blocks on a relay parent, each on a separate core, and never more`, () => {
		const built = builtOn(pipeline.lines());
		const numbers = Array.from({ length: LIMITS.target_block_rate }, (_, at) => at + 1);
		console.log(`relay parents with ${numbers.join(', ')} included blocks: ${numbers.map((number) => built.filter(({ blocks }) => blocks === number).length).join(', ')}`);
		assert.deepEqual(built.filter(({ blocks }) => blocks > LIMITS.target_block_rate), []);
		assert.ok(built.some(({ blocks, cores }) => blocks === CORES && cores === CORES), 'no relay parent has a block on each core');
	});

	it('reports attempts and block confidence', async () => {
		const { text, wrong } = await figuresOf({ pipeline, relay: to('alice'), para: to('collator-1') });
		console.log(text);
		assert.deepEqual(wrong, []);
	});

	it('leaves no error in any log', async () => {
		const found = await Promise.all(network.nodes.map(async ({ name, log }) => (await errorsIn(log)).map((line) => `${name}: ${line}`)));
		assert.deepEqual(found.flat(), []);
	});
});
