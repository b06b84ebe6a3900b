// A runtime upgrade of the parachain of network `basic` under load, with unincluded blocks and with a change of
// the limits scheduled across it. The chain continues, its records account for every block, the limits apply in
// the new runtime and the new rate is reached, and no finalized block and no transaction is lost.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { blake2b256 } from '@polkadot-labs/hdkd-helpers';
import { firstOf, within } from 'conveyor-observer/bounded';
import { pipelineDigest, relevantDigests } from 'conveyor-observer/header';
import { findVariantWasm } from '../lib/binaries.mjs';
import { followBlocks } from '../lib/blocks.mjs';
import { connect, devAccount, submit } from '../lib/chain.mjs';
import { descriptors } from '../lib/descriptors.mjs';
import { figuresOf } from '../lib/figures.mjs';
import { finalChain, lostOf, watchFinality } from '../lib/finality.mjs';
import { HARMLESS, errorsIn } from '../lib/log-scan.mjs';
import { changeOf, perRelayParent } from '../lib/rates.mjs';
import { unaccounted } from '../lib/records.mjs';
import { watchPipeline } from '../lib/watch.mjs';
import { launch } from '../launch.mjs';
import { prepare } from '../load/prepare.mjs';
import { reportText } from '../load/report.mjs';

const PARA = 2000;
const LOAD = { rate: 4, accounts: 20, limit: 900, wait: 60 };

// The limits that apply after the upgrade, and the number of relay blocks between the go-ahead of the relay chain
// and their start.
const RATE = 3;
const LIMITS = { velocity: RATE, capacity: 4 * RATE, target_block_rate: RATE };
const DUE_AFTER = 8;
// As in live-limits.
const REACHED_WITHIN = 3;
const WINDOW = 8;
const AROUND_SESSION = 3;

const SECONDS = { start: 900, session: 300, transaction: 300, check: 900, upgrade: 600, change: 600, load: 600, finality: 300 };

// Harmless errors in this test, each with the reason.
const EXCUSED = [
	{
		pattern: /runtime::frame-support: .*Post dispatch weight is greater than pre dispatch weight/,
		reason: 'apply_authorized_upgrade reports a whole block of weight, so that nothing follows in the block, and declares less (frame-system 49.0.0)',
	},
];

const report = (line) => console.log(`... ${line}`);
const round = (seconds) => Math.round(seconds * 10) / 10;
const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;

describe('an upgrade on network basic', { timeout: 2_400_000 }, () => {
	let network;
	let pipeline;
	let load;
	let finality;
	let chain;
	let code;
	let versionBefore;
	const connections = new Map();
	const to = (name) => connections.get(name);
	const version = async (name) => (await to(name).client._request('state_getRuntimeVersion', [])).specVersion;

	// The data of a parachain block that the tests need.
	async function describeBlock({ hash }) {
		const { client, api } = to('para-full');
		const at = { at: hash };
		const [{ digests }, events, segment, stats, scheduled] = await Promise.all([
			client.getBlockHeader(hash),
			api.query.System.Events.getValue(at),
			api.apis.UnincludedSegmentApi.segment(at),
			api.apis.UnincludedSegmentApi.stats(at),
			api.apis.VelocityApi.scheduled_limits(at),
		]);
		const event = (pallet, name) => events.find(({ event }) => event.type === pallet && event.value.type === name)?.event.value.value;
		return {
			relayParent: pipelineDigest(relevantDigests(digests)).relayParent.number,
			stored: events.some(({ event }) => event.type === 'ParachainSystem' && event.value.type === 'ValidationFunctionStored'),
			upgraded: event('ParachainSystem', 'ValidationFunctionApplied'),
			limits: event('Velocity', 'LimitsApplied')?.limits,
			stats: stats.value,
			segment: segment.value,
			unincluded: segment.value.map(({ number }) => number),
			scheduled,
		};
	}

	before(async () => {
		code = await readFile(await findVariantWasm('test'));
		const generated = await descriptors(report);
		const start = Date.now();
		network = await launch('basic', { report });
		console.log(`network up after ${round((Date.now() - start) / 1000)} s; logs: ${network.folder}`);
		for (const { name, para, ws } of network.nodes) connections.set(name, connect(ws, para === undefined ? generated.relay : generated.conveyor));
		const paraNodes = network.nodes.filter(({ para }) => para === PARA).map(({ name }) => ({ name, client: to(name).client }));
		finality = watchFinality(paraNodes, (error) => pipeline?.fail(error));
		chain = followBlocks({ client: to('para-full').client, describe: describeBlock });
		pipeline = await watchPipeline({ relay: network.node('bob').ws, para: network.node('para-full').ws, say: (line) => console.log(`    ${line}`) });
		await pipeline.until(SECONDS.start, 'the first included parachain block', (lines) => lines.find(({ included }) => included.length > 0));
		load = await prepare({ para: network.node('collator-1').ws, relay: network.node('bob').ws, ...LOAD, say: report });
		versionBefore = await version('para-full');
		load.begin();
	});

	after(async () => {
		load?.close();
		finality?.stop();
		chain?.stop();
		await Promise.allSettled([pipeline, ...connections.values()].map((open) => open?.close()));
		await network?.stop();
	});

	const until = (seconds, what, find) => chain.until(seconds, what, find);

	it('is authorized by governance, and limits are scheduled for a little after the go-ahead', async () => {
		// The go-ahead takes a session. An upgrade that starts early in a session is not disturbed by the next
		// change.
		await pipeline.until(SECONDS.session, 'the start of a session', (lines) => {
			const since = lines.at(-1).number - lines.findLast((line) => line.session !== null)?.number;
			return since >= 2 && since <= 6 ? true : undefined;
		});
		const { api } = to('collator-2');
		const authorize = api.tx.System.authorize_upgrade({ code_hash: hex(blake2b256(code)) }).decodedCall;
		const authorized = await submit(api.tx.Sudo.sudo({ call: authorize }), devAccount('Alice').signer, { what: 'authorize_upgrade', seconds: SECONDS.transaction });
		assert.ok(authorized.ok, `the call failed: ${JSON.stringify(authorized.dispatchError)}`);

		// Any account may submit authorized code. The relay chain checks it while this transaction is not final
		// yet.
		const submission = submit(api.tx.System.apply_authorized_upgrade({ code }), devAccount('Eve').signer, { what: 'apply_authorized_upgrade', seconds: SECONDS.transaction });
		const refused = submission.then(({ ok, dispatchError }) => (ok ? new Promise(() => {}) : assert.fail(`the code was refused: ${JSON.stringify(dispatchError)}`)));
		const { client, api: relay } = to('bob');
		const checked = firstOf(SECONDS.check, 'the relay chain to check the code and to schedule the upgrade', client.bestBlocks$, () => relay.query.Paras.FutureCodeUpgrades.getValue(PARA, { at: 'best' }));
		const goAhead = await Promise.race([checked, refused]);
		const due = goAhead + DUE_AFTER;
		console.log(`the relay chain allows the upgrade from relay block #${goAhead} on, as reported in #${pipeline.now()}; limits for ${RATE} blocks per relay slot scheduled for #${due}`);
		const schedule = api.tx.Velocity.schedule_limits({ limits: LIMITS, at: { type: 'RelayBlock', value: due } }).decodedCall;
		const scheduled = await submit(api.tx.Sudo.sudo({ call: schedule }), devAccount('Alice').signer, { what: 'schedule_limits', seconds: SECONDS.transaction });
		assert.ok(scheduled.ok, `the call failed: ${JSON.stringify(scheduled.dispatchError)}`);
		assert.ok((await submission).ok);

		const stored = chain.blocks.find((block) => block.stored);
		console.log(`code of ${code.length} bytes announced in parachain block #${stored.number} on relay block #${stored.relayParent}; unincluded blocks: ${stored.unincluded.join(' ')}`);
		assert.ok(stored.segment.at(-1).record.announces_code, 'its record says that it announces code');
	});

	it('continues through the upgrade', async () => {
		const upgraded = await until(SECONDS.upgrade, 'the upgrade', (blocks) => blocks.find((block) => block.upgraded));
		console.log(`upgraded in parachain block #${upgraded.number} on relay block #${upgraded.relayParent}; unincluded blocks: ${upgraded.unincluded.join(' ')}; limits are scheduled: ${upgraded.scheduled !== undefined}`);
		assert.ok(upgraded.segment.at(-1).record.applies_code, 'its record says that it applies the code');
		// At least the block itself is unincluded: the old runtime recorded it, and the new one counts it.
		assert.ok(upgraded.unincluded.includes(upgraded.number), 'the segment had blocks at the upgrade');
		assert.ok(upgraded.scheduled, 'limits were scheduled at the upgrade');

		const included = await until(SECONDS.upgrade, 'the inclusion of the segment at the upgrade', (blocks) => blocks.find(({ number, stats }) => number > upgraded.number && stats.first_block + stats.included_blocks > upgraded.number));
		console.log(`all of them are included as of parachain block #${included.number} on relay block #${included.relayParent}`);
		const versions = await Promise.all(['collator-1', 'collator-2', 'para-full'].map(version));
		console.log(`spec version ${versionBefore}, then ${versions.join(', ')}`);
		assert.ok(versions.every((after) => after > versionBefore && after === versions[0]), 'all nodes run the new runtime');
	});

	it('reaches the new rate in the new runtime', async () => {
		const upgraded = chain.blocks.find((block) => block.upgraded);
		const applied = await until(SECONDS.change, 'the limits to apply', (blocks) => blocks.find(({ limits }) => limits?.target_block_rate === RATE));
		assert.ok(applied.number > upgraded.number, `current with block #${applied.number}, upgraded with #${upgraded.number}`);
		const last = applied.relayParent + WINDOW;
		await until(SECONDS.change, `finalized parachain blocks up to relay block #${last}`, (blocks) => (blocks.at(-1).relayParent > last ? true : undefined));
		const sessions = pipeline.lines().filter(({ session }) => session !== null).map(({ number }) => number);
		const isExcused = (relayParent) => sessions.some((session) => Math.abs(session - relayParent) <= AROUND_SESSION);
		const counts = perRelayParent(chain.blocks).filter(({ relayParent }) => relayParent <= last);
		const excused = new Set(counts.map(({ relayParent }) => relayParent).filter(isExcused));
		const around = counts.filter(({ relayParent }) => relayParent >= upgraded.relayParent - 2);
		console.log(`target ${RATE} current after parachain block #${applied.number} on relay block #${applied.relayParent}; blocks per relay block from #${around[0].relayParent} on: ${around.map(({ blocks }) => blocks).join(' ')}; changes of session: ${sessions.map((session) => `#${session}`).join(' ')}`);
		const change = changeOf({ counts, rate: RATE, applied: applied.relayParent, window: WINDOW, excused });
		console.log(`rate of ${RATE} reached ${change.reached ?? 'never'} relay blocks after, ${change.waited ?? 0} of them close to no change of session; relay blocks without a parachain block: ${change.without.join(' ') || 'none'}`);
		assert.ok(change.reached !== null && change.waited <= REACHED_WITHIN, `the rate was reached ${change.reached ?? 'never'} relay blocks after the change`);
	});

	it('loses no transaction', async () => {
		load.end();
		await within(SECONDS.load, 'all transactions to be final', load.finished, () => JSON.stringify(load.report().inFlight));
		const figures = load.report();
		console.log(reportText({ facts: load.facts, ...figures }));
		assert.deepEqual({ lost: figures.lost.total, failed: figures.failed, finalized: figures.finalized }, { lost: 0, failed: 0, finalized: figures.sent });
	});

	it('has records that account for every block', () => {
		const { number, stats, unincluded } = chain.blocks.at(-1);
		console.log(`records of ${chain.blocks.length} finalized parachain blocks, #${chain.blocks[0].number} to #${number}: ${stats.included_blocks} included since #${stats.first_block}, ${unincluded.length} unincluded, ${stats.faults} faults, longest lag ${stats.longest_lag} relay blocks`);
		assert.deepEqual(unaccounted(chain.blocks), []);
	});

	it('loses no finalized block', async () => {
		const reported = [...finality.reported];
		const highest = Math.max(...reported.map(({ number }) => number));
		const names = network.nodes.filter(({ para }) => para === PARA).map(({ name }) => name);
		for (const name of names) {
			const { client } = to(name);
			await firstOf(SECONDS.finality, `${name} to finalize block #${highest}`, client.finalizedBlock$, ({ number }) => (number >= highest ? true : undefined));
			assert.deepEqual(lostOf(reported, await finalChain(client)), [], `blocks that are not on the chain of ${name}`);
		}
		console.log(`${reported.length} finalized blocks reported by nodes, up to #${highest}; all of them are on the chain of ${names.join(', ')}`);
	});

	it('reports attempts and block confidence', async () => {
		const { text, wrong } = await figuresOf({ pipeline, relay: to('bob'), para: to('collator-1') });
		console.log(text);
		assert.deepEqual(wrong, []);
	});

	it('leaves no error in any log', async () => {
		const found = await Promise.all(network.nodes.map(async ({ name, log }) => (await errorsIn(log, [...HARMLESS, ...EXCUSED])).map((line) => `${name}: ${line}`)));
		assert.deepEqual(found.flat(), []);
	});
});
