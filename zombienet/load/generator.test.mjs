// Unit tests of generator.mjs, with a fake chain.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { within } from 'conveyor-observer/bounded';
import { fakeChain, fakeClock, fakeTransactions } from './fake-chain.mjs';
import { generator } from './generator.mjs';

const ACCOUNTS = 4;
const LIMITS = { refTime: 100, proofSize: 1000, length: 10_000 };

function begin({ settings, ...options } = {}) {
	const clock = fakeClock();
	const chain = fakeChain({ accounts: ACCOUNTS, ...options });
	const shown = [];
	const load = generator({
		chain,
		clock,
		transactions: fakeTransactions(),
		firstNonces: Array(ACCOUNTS).fill(0),
		limits: LIMITS,
		settings: { rate: 2, backlog: 100, patience: 30_000, limit: 300_000, inclusion: true, ...settings },
		onBlock: (block) => shown.push(block),
	});
	load.begin();
	return { clock, chain, load, shown };
}

// Makes blocks every 6 s, each finalized 12 s later, until nothing is in flight.
async function drain({ clock, chain, load }, blocks = 20) {
	load.end();
	let done = false;
	load.finished.then(() => (done = true));
	for (let made = 0; made < blocks && !done; made += 1) {
		await clock.move(6_000);
		chain.block();
		chain.finalize();
		await clock.move(0);
	}
	assert.ok(done, `still in flight: ${JSON.stringify(load.report().inFlight)}`);
	return load.report();
}

function isWhole(report) {
	const { sent, finalized, lost, inFlight } = report;
	assert.equal(sent, finalized + lost.total + Object.values(inFlight).reduce((sum, count) => sum + count, 0));
}

describe('a load', () => {
	it('sends at its rate, follows every transaction to finality, and ends', async () => {
		const run = begin();
		const { clock, chain, load, shown } = run;
		for (let made = 0; made < 5; made += 1) {
			await clock.move(6_000);
			const block = chain.block();
			if (made === 3) chain.include(block);
		}
		const report = await drain(run);
		assert.deepEqual([report.sent, report.inBlock, report.finalized, report.lost.total, report.failed], [61, 61, 61, 0, 0]);
		assert.equal(report.included, 49, 'what the fourth block has, and those before it');
		assert.equal(report.seconds, 30);
		assert.equal(report.perSecond.inBlock, 2);
		assert.equal(report.perSecond.asked, 2);
		assert.deepEqual(shown.slice(0, 5).map(({ own }) => own), [13, 12, 12, 12, 12]);
		assert.equal(report.blocks.blocks, 4);
		assert.equal(report.blocks.refTime.share, 0.1);
		assert.equal(report.blocks.blockSeconds, 6);
		assert.ok(report.latency.block.p95 <= 6 && report.latency.block.p50 >= 2.5, JSON.stringify(report.latency));
		isWhole(report);
		assert.equal(chain.pool.size, 0);
	});

	it('reports its state at any time', async () => {
		const { clock, chain, load } = begin();
		await clock.move(3_000);
		const block = chain.block();
		await clock.move(3_000);
		const report = load.report();
		assert.deepEqual(report.inFlight, { asking: 0, waiting: 0, pool: 6, block: 7 });
		chain.finalize(block);
		await clock.move(0);
		assert.equal(load.report().finalized, 7);
		isWhole(load.report());
	});

	it('counts blocks that are included before the node shows them', async () => {
		const { clock, chain, load } = begin();
		await clock.move(3_000);
		chain.include({ hash: 'b1' });
		assert.equal(load.report().included, 0);
		chain.block();
		await clock.move(0);
		assert.equal(load.report().included, 7);
	});

	it('counts transactions that fail in their block', async () => {
		const run = begin();
		await run.clock.move(2_000);
		const block = run.chain.block({ failing: ({ nonce }) => nonce === 0 });
		run.chain.finalize(block);
		await run.clock.move(0);
		const { finalized, failed, dispatchErrors } = run.load.report();
		assert.deepEqual([finalized, failed, dispatchErrors], [5, 4, { 'Module.Fake': 4 }]);
	});

	it('counts the transactions of others only as weight', async () => {
		const run = begin();
		await run.clock.move(1_000);
		run.chain.block({ transactions: [{ account: 3, nonce: 0, signature: 'of another' }] });
		await run.clock.move(0);
		assert.deepEqual([run.shown[0].own, run.load.report().inBlock], [0, 0]);
	});
});

describe('forks', () => {
	it('take transactions out of blocks, and later blocks have them again', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(3_000);
		const fork = chain.block();
		await clock.move(1_000);
		const other = chain.block({ on: chain.genesis, best: false, transactions: [] });
		const longer = chain.block({ on: other, best: false, transactions: [] });
		chain.best(longer);
		await clock.move(0);
		assert.deepEqual([load.report().retracted, load.report().inFlight.block], [7, 0]);
		assert.ok(chain.pool.size >= fork.transactions.length);
		assert.equal(load.report().blocks.blocks, 1, 'counting starts after the first of the two remaining blocks');
		const report = await drain(run);
		assert.deepEqual([report.finalized, report.lost.total], [report.sent, 0]);
		isWhole(report);
	});

	it('that become final without being best count, too', async () => {
		const { clock, chain, load } = begin();
		await clock.move(3_000);
		const transactions = [...chain.pool.values()];
		chain.block({ transactions });
		const final = chain.block({ on: chain.genesis, best: false, transactions: transactions.slice(0, 4) });
		chain.finalize(final);
		await clock.move(0);
		const { finalized, retracted, inFlight } = load.report();
		assert.deepEqual([finalized, retracted, inFlight.block], [4, 7, 0]);
	});
});

describe('a pool', () => {
	it('that is full slows it down, without losses', async () => {
		const run = begin({ room: 5, settings: { rate: 10 } });
		for (let made = 0; made < 5; made += 1) {
			await run.clock.move(6_000);
			run.chain.block();
			assert.ok(run.chain.pool.size <= 5);
		}
		const report = await drain(run, 60);
		assert.ok(report.responses.full > 0 && report.resent > 0);
		assert.ok(report.held.pool > 10_000);
		assert.deepEqual([report.finalized, report.lost.total], [report.sent, 0]);
		isWhole(report);
	});

	it('that forgets a transaction gets it again', async () => {
		const run = begin();
		await run.clock.move(3_000);
		run.load.end();
		run.chain.pool.clear();
		await run.clock.move(30_000);
		const { droppedByPool } = run.load.report();
		assert.equal(droppedByPool, 7);
		const report = await drain(run);
		assert.deepEqual([report.finalized, report.lost.total], [7, 0]);
	});

	it('whose transaction is in no block within the limit makes it lost', async () => {
		const run = begin({ settings: { limit: 60_000 } });
		await run.clock.move(2_000);
		run.load.end();
		await run.clock.move(62_000);
		await run.load.finished;
		const { lost, sent } = run.load.report();
		assert.deepEqual([lost.unblocked, lost.total, sent], [5, 5, 5]);
	});

	it('that rejects a transaction as invalid does not block the account', async () => {
		let refusals = 0;
		const refuse = ({ account, nonce }) => (account === 1 && nonce === 0 && refusals++ < 2 ? { kind: 'invalid', text: 'no money' } : undefined);
		const run = begin({ refuse });
		await run.clock.move(10_000);
		const report = await drain(run);
		assert.deepEqual([report.lost.invalid, report.lost.total, report.finalized], [2, 2, report.sent - 2]);
		isWhole(report);
	});
});

describe('a node that is lost', () => {
	it('gets the transactions again that it forgot', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(3_000);
		chain.disconnect();
		chain.pool.clear();
		await clock.move(20_000);
		assert.equal(load.report().sent, 7, 'nothing is sent meanwhile');
		chain.connect();
		await clock.move(0);
		assert.equal(load.report().droppedByPool, 7);
		assert.equal(load.report().held.connection, 20_000);
		const report = await drain(run);
		assert.deepEqual([report.finalized, report.lost.total], [report.sent, 0]);
		isWhole(report);
	});

	it('is asked for the nonces after blocks that were missed', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(3_000);
		chain.disconnect();
		const unseen = chain.block();
		assert.equal(unseen.transactions.length, 7);
		await clock.move(6_000);
		const next = chain.block();
		chain.connect();
		chain.block({ on: next, root: true });
		chain.finalize();
		await clock.move(0);
		const report = load.report();
		assert.deepEqual([report.unseen, report.lost.total], [7, 0]);
		isWhole(report);
		const end = await drain(run);
		assert.equal(end.finalized, end.sent);
	});

	it('is asked for the nonces after a block that could not be read', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(3_000);
		chain.block({ unread: true, signatures: [], failures: [] });
		chain.finalize();
		await clock.move(0);
		assert.deepEqual([load.report().unseen, load.report().finalized], [7, 7]);
	});
});

describe('other senders', () => {
	it('that use a nonce of the load make one transaction lost, not more', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(1_600);
		assert.equal(load.report().sent, 4);
		const stranger = { account: 2, nonce: 0, signature: 'of another' };
		const own = [...chain.pool.values()].filter(({ account }) => account !== 2);
		chain.block({ transactions: [stranger, ...own] });
		chain.pool.clear();
		chain.finalize();
		// The node reports the nonce as used, and the next finalized block shows why.
		await clock.move(30_000);
		const report = await drain(run);
		assert.deepEqual([report.lost.usurped, report.lost.total, report.finalized], [1, 1, report.sent - 1]);
		isWhole(report);
	});
});

describe('a runtime upgrade', () => {
	it('causes new signatures for all transactions in no block', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(3_000);
		chain.block();
		await clock.move(2_000);
		const before = chain.pool.size;
		assert.equal(before, 4);
		chain.upgrade();
		chain.block({ transactions: [] });
		await clock.move(100);
		assert.equal(load.report().resigned, before);
		assert.equal(chain.pool.size, before);
		const report = await drain(run);
		assert.deepEqual([report.finalized, report.lost.total], [report.sent, 0]);
		isWhole(report);
	});

	it('is also detected by the pool\'s response', async () => {
		const run = begin();
		const { clock, chain, load } = run;
		await clock.move(1_100);
		chain.upgrade();
		await clock.move(5_000);
		assert.ok(load.report().responses.signature > 0);
		assert.ok(chain.pool.size > 0, 'the new runtime has some');
		const report = await drain(run);
		assert.deepEqual([report.finalized, report.lost.total], [report.sent, 0]);
	});
});

describe('a load that is stopped', () => {
	it('sends no more transactions', async () => {
		const { clock, chain, load } = begin();
		await clock.move(1_000);
		load.stop();
		await clock.move(60_000);
		chain.block();
		assert.equal(load.report().sent, 3);
	});
});

describe('an error', () => {
	it('in the program ends the load', async () => {
		const clock = fakeClock();
		const load = generator({
			...{ clock, chain: fakeChain({ accounts: 1 }), firstNonces: [0], limits: LIMITS },
			transactions: {
				make() {
					throw new Error('cannot sign');
				},
			},
			settings: { rate: 1, backlog: 1, patience: 1, limit: 1 },
		});
		load.begin();
		await assert.rejects(within(5, 'the end', load.finished), /^Error: cannot sign$/);
	});

	it('of a lost endpoint ends the load', async () => {
		const { clock, load } = begin();
		await clock.move(1_000);
		load.fail(new Error('gone'));
		await assert.rejects(load.finished, /^Error: gone$/);
		await clock.move(60_000);
		assert.equal(load.report().sent, 3, 'and nothing more is sent');
	});
});
