// Asynchronous backing when processes fail. Faults on one running network, one after the other:
// 1. the validator that backs the parachain is stopped for five relay blocks;
// 2. a collator is killed and restarted;
// 3. all collators are stopped for a minute;
// 4. the full node is restarted.
// After each, blocks are backed and finalized again and the unincluded segment is as short as before. At the end
// every block that a node reported as final is on the chain, and every transaction is final. Prints the cost of
// the faults: re-proposed and lost blocks, timed out and dropped candidates.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { firstOf, within } from 'conveyor-observer/bounded';
import { connect, devAccount } from '../lib/chain.mjs';
import { descriptors } from '../lib/descriptors.mjs';
import { backedWhileStopped, backersOf, calm, recoveredWith, tally, tallyText, usualLength } from '../lib/faults.mjs';
import { figuresOf } from '../lib/figures.mjs';
import { finalChain, lostOf, watchFinality } from '../lib/finality.mjs';
import { errorsIn, excuseFor } from '../lib/log-scan.mjs';
import { nodeProcesses } from '../lib/nodes.mjs';
import { intoSession } from '../lib/sessions.mjs';
import { watchPipeline } from '../lib/watch.mjs';
import { launch } from '../launch.mjs';
import { prepare } from '../load/prepare.mjs';
import { reportText } from '../load/report.mjs';

const PARA = 2000;

// Number of relay blocks without a fault, not close to a change of session, from which the usual length of the
// segment is taken.
const STEADY = 8;
// The pipeline has recovered when 3 of 4 consecutive relay blocks have a backed candidate, as in `basic`.
const RUNNING = { window: 4, least: 3 };
// Duration of a stop: in relay blocks for the validator, in seconds for the collators.
const STOPPED = { validator: 5, collators: 60 };
// Candidates seconded before the validator was stopped fill at most three of these relay blocks, because the
// segment has no room for more. The others have no candidate.
const IDLE = STOPPED.validator - 3;
// Maximum number of sessions to wait for another backing validator than Alice. Of four validators one must not be
// stopped: it backs in all of these sessions once in a million runs.
const SESSIONS = 10;
// Number of relay blocks for which the killed collator stays away: at least one of its turns to author passes.
const AWAY = 3;

// Sent through the collator that is not killed. It is stopped once, with the other one.
const LOAD = { rate: 3, accounts: 20, limit: 900, wait: 60 };

// Time limits in seconds.
const SECONDS = { start: 900, session: 300, recovery: 600, load: 600, finality: 300 };

const report = (line) => console.log(`... ${line}`);
const round = (seconds) => Math.round(seconds * 10) / 10;

describe('network faults', { timeout: 3_600_000 }, () => {
	let network;
	let nodes;
	let pipeline;
	let load;
	let finality;
	let usual;
	let loud = false;
	// The faults: which nodes, and when.
	const faultPeriods = [];
	const connections = new Map();
	const to = (name) => connections.get(name);

	before(async () => {
		const generated = await descriptors(report);
		const start = Date.now();
		network = await launch('faults', { report });
		console.log(`network up after ${round((Date.now() - start) / 1000)} s; logs: ${network.folder}`);
		nodes = nodeProcesses(network);
		for (const { name, para, ws } of network.nodes) connections.set(name, connect(ws, para === undefined ? generated.relay : generated.conveyor));
		finality = watchFinality(network.nodes.map(({ name }) => ({ name, client: to(name).client })), (error) => pipeline?.fail(error));
		pipeline = await watchPipeline({
			relay: network.node('alice').ws,
			para: network.node('para-full').ws,
			say: (line) => loud && console.log(`    ${line}`),
		});
		await pipeline.until(SECONDS.start, 'the first included parachain block', (lines) => lines.find(({ included }) => included.length > 0));
		load = await prepare({ para: network.node('collator-2').ws, relay: network.node('alice').ws, ...LOAD, say: report });
		load.begin();
		const from = pipeline.now();
		const steady = await pipeline.until(SECONDS.start, `${STEADY} relay blocks with transactions and without a fault`, (lines) => {
			const later = calm(lines).filter(({ number, unincluded }) => number > from && unincluded !== null);
			return later.length >= STEADY ? later : undefined;
		});
		usual = usualLength(steady);
		console.log(`without a fault: ${tallyText(tally(pipeline.lines(), from, steady.at(-1).number))}; usually ${usual}`);
	});

	after(async () => {
		load?.close();
		finality?.stop();
		await Promise.allSettled([pipeline, ...connections.values()].map((open) => open?.close()));
		// The network stops even if a restarted node does not.
		await nodes?.close().finally(() => network.stop());
	});

	// Applies `fault` of the kind `kind` (log-scan.mjs) to the nodes `names`, waits until the pipeline has
	// recovered, and prints the cost.
	async function survive(what, kind, names, fault) {
		const from = pipeline.now();
		const trouble = { kind, names, from: Date.now() };
		loud = true;
		await fault();
		const end = pipeline.now();
		const tip = pipeline.lines().at(-1).best;
		// Resumed nodes log errors about blocks that are gone. These end with the next relay block.
		await pipeline.until(SECONDS.recovery, `a relay block after ${what}`, (lines) => (lines.at(-1).number > end ? true : undefined));
		faultPeriods.push({ ...trouble, to: Date.now() });
		const to = await pipeline.until(SECONDS.recovery, `the pipeline to run again after ${what}`, (lines) => {
			const number = recoveredWith(lines, { after: end, tip, usual, ...RUNNING });
			return number !== undefined && lines.at(-1).finalized >= tip ? number : undefined;
		}).finally(() => (loud = false));
		const lines = pipeline.lines();
		const backed = lines.find((line) => line.number > end && line.backed.length > 0).number;
		const included = lines.find((line) => line.number > end && line.included.length > 0).number;
		const drained = lines.find((line) => line.number > end && line.head >= tip).number;
		console.log(`${what}, relay blocks #${from} to #${end}: ${tallyText(tally(lines, from, end))}`);
		console.log(`after it: backed again ${backed - end} relay blocks later, included ${included - end} later, the segment without blocks up to #${tip} ${drained - end} later, the pipeline recovered ${to - end} later; ${tallyText(tally(lines, end + 1, to))}`);
		const { sent, inBlock, finalized, lost, retracted, droppedByPool, resent } = load.report();
		console.log(`transactions until then: ${sent} sent, ${inBlock} in a block, ${finalized} finalized, ${lost.total} lost; ${retracted} retracted, ${droppedByPool} dropped by the pool, ${resent} times sent again`);
	}

	// Returns the validator that backs the parachain for the rest of the session. Waits for a session in which it
	// is not Alice, because collators and observer follow the relay chain through her RPC.
	async function backer() {
		const { api } = to('alice');
		const at = { at: 'best' };
		const keyOf = (name) => `0x${Buffer.from(devAccount(name[0].toUpperCase() + name.slice(1)).signer.publicKey).toString('hex')}`;
		const validators = network.nodes.filter(({ role }) => role === 'validator').map(({ name }) => name);
		let asked;
		for (let left = SESSIONS; left > 0; left -= 1) {
			// Early in a session, so that the same validator backs until the end of the fault.
			asked = await pipeline.until(SECONDS.session, 'the start of a session', (lines) => {
				const into = intoSession(lines);
				const session = lines.at(-1)?.number - into;
				return session !== asked && into >= 4 && into <= 9 ? session : undefined;
			});
			const [keys, groups, queue] = await Promise.all([api.apis.ParachainHost.validators(at), api.apis.ParachainHost.validator_groups(at), api.apis.ParachainHost.claim_queue(at)]);
			const [core] = [...queue].find(([, paras]) => paras.includes(PARA));
			const backers = backersOf(core, groups).map((index) => validators.find((name) => keyOf(name) === keys[index]));
			console.log(`core ${core} is backed by ${backers.join(', ')} in the session from relay block #${asked} on`);
			assert.equal(backers.length, 1, 'a core is backed by one validator');
			if (backers[0] !== 'alice') return backers[0];
		}
		return assert.fail(`alice backed the parachain in ${SESSIONS} sessions`);
	}

	it(`continues after the validator that backs it was stopped for ${STOPPED.validator} relay blocks`, async () => {
		const victim = await backer();
		let paused;
		await survive(`${victim} stopped for ${STOPPED.validator} relay blocks`, 'stopped', [victim], async () => {
			await nodes.stop(victim);
			const stopped = pipeline.now();
			const resumed = stopped + STOPPED.validator;
			await pipeline.until(SECONDS.recovery, `relay block #${resumed} without ${victim}`, (lines) => (lines.at(-1).number >= resumed ? true : undefined));
			paused = backedWhileStopped(pipeline.lines(), { stopped, resumed });
			await nodes.resume(victim);
		});
		console.log(`while ${victim} was stopped, the last ${paused.idle} of ${STOPPED.validator} relay blocks backed nothing`);
		assert.deepEqual(paused.made, [], `blocks that were made and backed while ${victim} was stopped`);
		assert.ok(paused.idle >= IDLE, `backing did not pause: only the last ${paused.idle} relay blocks backed nothing`);
	});

	it('continues after a collator was killed and restarted', async () => {
		await survive('collator-1 killed', 'ended', ['collator-1'], async () => {
			const killed = pipeline.now();
			await nodes.end('collator-1', 'SIGKILL');
			await pipeline.until(SECONDS.recovery, `${AWAY} relay blocks without collator-1`, (lines) => (lines.at(-1).number >= killed + AWAY ? true : undefined));
			await nodes.start('collator-1');
		});
		const { number } = await to('collator-1').client.getFinalizedBlock();
		console.log(`collator-1 is at finalized block #${number}`);
	});

	it(`continues after all collators were stopped for ${STOPPED.collators} s`, async () => {
		const all = network.nodes.filter(({ role }) => role === 'collator').map(({ name }) => name);
		await survive(`all collators stopped for ${STOPPED.collators} s`, 'stopped', all, async () => {
			await Promise.all(all.map(nodes.stop));
			await delay(STOPPED.collators * 1000);
			await Promise.all(all.map(nodes.resume));
		});
	});

	it('continues after the full node was restarted', async () => {
		await survive('para-full restarted', 'ended', ['para-full'], async () => {
			await nodes.end('para-full', 'SIGTERM');
			await nodes.start('para-full');
		});
		assert.ok(pipeline.summary().lostConnections.para >= 1, 'the observer reports that its node was lost');
	});

	it('loses no transaction', async () => {
		load.end();
		await within(SECONDS.load, 'all transactions to be final', load.finished, () => JSON.stringify(load.report().inFlight));
		const figures = load.report();
		console.log(reportText({ facts: load.facts, ...figures }));
		assert.deepEqual({ lost: figures.lost.total, finalized: figures.finalized }, { lost: 0, finalized: figures.sent });
	});

	it('loses no finalized block', async () => {
		const reported = [...finality.reported];
		for (const para of [undefined, PARA]) {
			const those = network.nodes.filter((node) => node.para === para);
			const ofChain = reported.filter(({ name }) => those.some((node) => node.name === name));
			const highest = Math.max(...ofChain.map(({ number }) => number));
			for (const { name } of those) {
				const { client } = to(name);
				await firstOf(SECONDS.finality, `${name} to finalize block #${highest}`, client.finalizedBlock$, ({ number }) => (number >= highest ? true : undefined));
				assert.deepEqual(lostOf(ofChain, await finalChain(client)), [], `blocks that are not on the chain of ${name}`);
			}
			console.log(`${para === undefined ? 'relay chain' : `parachain ${para}`}: ${ofChain.length} finalized blocks reported by nodes, up to #${highest}; all of them are on the chain of ${those.map(({ name }) => name).join(', ')}`);
		}
	});

	it('reports attempts and block confidence', async () => {
		const { text, wrong } = await figuresOf({ pipeline, relay: to('alice'), para: to('para-full') });
		console.log(text);
		assert.deepEqual(wrong, []);
	});

	it('leaves no error in any log, except known lines of nodes during a fault', async () => {
		const errors = (await Promise.all(network.nodes.map(async ({ name, log }) => (await errorsIn(log)).map((line) => ({ name, line }))))).flat();
		const text = ({ name, line }) => `${name}: ${line.trim()}`;
		const judged = errors.map((error) => ({ ...error, excuse: excuseFor(error.name, error.line, faultPeriods) }));
		const excused = judged.filter(({ excuse }) => excuse);
		console.log(`${excused.length} errors of nodes that were stopped or ended:`);
		excused.forEach((error) => console.log(`    ${text(error)}\n        because ${error.excuse.reason}`));
		assert.deepEqual(judged.filter(({ excuse }) => !excuse).map(text), []);
	});
});
