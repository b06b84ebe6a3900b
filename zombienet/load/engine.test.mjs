// Unit tests of engine.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { engine } from './engine.mjs';

const SETTINGS = { rate: 10, backlog: 100, firstNonces: [0, 0], patience: 30_000, limit: 300_000, now: 0 };
const make = (settings = {}) => engine({ ...SETTINGS, ...settings });
const taken = { kind: 'taken' };
const refused = (kind, text = 'because') => ({ kind, text });

// Takes one transaction, which must be available.
function one(state, now) {
	const orders = state.take(now, 1);
	assert.equal(orders.length, 1, `nothing to send at ${now}`);
	return orders[0];
}

// Takes one that the pool accepts.
function pooled(state, now) {
	const order = one(state, now);
	state.responded(order.id, taken, now);
	return order;
}

// Every sent transaction is in some stage.
function balances(state) {
	const { sent, finalized, lost, inFlight } = state.figures();
	assert.equal(sent, finalized + lost.total + Object.values(inFlight).reduce((sum, count) => sum + count, 0));
}

describe('sending', () => {
	it('keeps the rate, and uses the accounts in turn', () => {
		const state = make();
		assert.deepEqual(state.take(0, 10), [{ id: 1, account: 0, nonce: 0, tip: 0 }]);
		assert.deepEqual(state.take(50, 10), []);
		assert.equal(Math.round(state.wakes(50)), 100);
		const three = state.take(350, 10);
		assert.deepEqual(three.map(({ account, nonce }) => [account, nonce]), [[1, 0], [0, 1], [1, 1]]);
		assert.equal(state.figures().sent, 4);
	});

	it('returns at most as many as there are slots', () => {
		const state = make();
		assert.equal(state.take(1000, 3).length, 3);
		assert.equal(state.take(1000, 0).length, 0);
		assert.equal(state.take(1000, 99).length, 7);
	});

	it('keeps the number of transactions in no block below the backlog, and reports the pause', () => {
		const state = make({ backlog: 2 });
		const orders = state.take(1000, 10);
		assert.equal(orders.length, 2);
		orders.forEach(({ id }) => state.responded(id, taken, 1000));
		assert.deepEqual(state.take(5000, 10), []);
		assert.ok(state.wakes(5000) > 30_000, 'time alone changes nothing until the node is asked again');
		state.enact([orders[0].id], 6000);
		assert.equal(state.take(6000, 10).length, 1);
		assert.equal(state.figures().held.backlog, 5000);
	});

	it('does not accumulate tokens before it starts', () => {
		const state = make();
		state.begin(100_000);
		assert.equal(state.take(100_000, 10).length, 1);
	});

	it('ends when it is closed, but transactions in flight are still followed', () => {
		const state = make();
		const { id } = pooled(state, 0);
		state.close(10);
		assert.deepEqual(state.take(5_000, 10), []);
		assert.ok(!state.isDone());
		state.enact([id], 6_000);
		assert.ok(!state.isDone());
		state.finalize([id], 18_000);
		assert.ok(state.isDone());
	});
});

describe('the stages of a transaction', () => {
	it('are pool, block, inclusion and finality, each with its time', () => {
		const state = make({ inclusion: true });
		const { id } = pooled(state, 0);
		assert.equal(state.figures().inFlight.pool, 1);
		state.enact([id], 6_004);
		assert.equal(state.figures().inFlight.block, 1);
		state.include([id], 12_000);
		state.finalize([id], 24_000);
		const { sent, inBlock, included, finalized, lost, latency } = state.figures();
		assert.deepEqual([sent, inBlock, included, finalized, lost.total], [1, 1, 1, 1, 0]);
		assert.deepEqual([latency.block.p50, latency.included.p50, latency.finalized.p95], [6, 12, 24]);
		balances(state);
	});

	it('count once, even if an event comes twice', () => {
		const state = make({ inclusion: true });
		const { id } = pooled(state, 0);
		for (let twice = 0; twice < 2; twice += 1) {
			state.enact([id], 1_000);
			state.finalize([id], 2_000);
			state.responded(id, taken, 3_000);
		}
		state.include([id], 4_000);
		state.include([id], 4_000);
		const { inBlock, included, finalized, inFlight } = state.figures();
		assert.deepEqual([inBlock, included, finalized, inFlight.pool], [1, 1, 1, 0]);
	});

	it('may reach a block before the node responds', () => {
		const state = make();
		const { id } = one(state, 0);
		state.enact([id], 10);
		state.responded(id, taken, 20);
		assert.deepEqual(state.figures().inFlight, { asking: 0, waiting: 0, pool: 0, block: 1 });
	});

	it('go back to the pool when its block leaves the chain', () => {
		const state = make();
		const { id } = pooled(state, 0);
		state.enact([id], 6_000);
		state.retract([id], 7_000);
		assert.deepEqual([state.figures().retracted, state.figures().inFlight.pool], [1, 1]);
		state.enact([id], 12_000);
		state.finalize([id], 30_000);
		const { inBlock, finalized, latency } = state.figures();
		assert.deepEqual([inBlock, finalized, latency.block.p50], [1, 1, 6]);
		balances(state);
	});

	it('may end with an error in its block, which is reported by its text', () => {
		const state = make();
		const [a, b] = [pooled(state, 0), pooled(state, 100)];
		state.enact([a.id, b.id], 6_000);
		state.finalize([a.id, b.id], 7_000, new Map([[b.id, 'Module.Balances.X']]));
		const { finalized, failed, dispatchErrors } = state.figures();
		assert.deepEqual([finalized, failed, dispatchErrors], [2, 1, { 'Module.Balances.X': 1 }]);
	});
});

describe('a pool that refuses a transaction', () => {
	it('gets the same transaction again after pauses of increasing length', () => {
		const state = make();
		const order = one(state, 0);
		const pauses = [];
		for (let now = 0; pauses.length < 8; ) {
			state.responded(order.id, refused('full'), now);
			assert.deepEqual(state.take(now, 10), [], 'nothing new goes to a full pool either');
			const next = state.wakes(now);
			pauses.push(next - now);
			now = next;
			assert.deepEqual(state.take(now, 1), [order]);
		}
		assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
		const { sent, responses, resent, refusals, held } = state.figures();
		assert.deepEqual([sent, responses.full, resent, refusals], [1, 8, 8, { 'full: because': 8 }]);
		assert.equal(held.pool, 31_750);
		state.responded(order.id, taken, 40_000);
		assert.ok(state.take(40_000, 10).length > 0);
		balances(state);
	});

	it('has room again after a block', () => {
		const state = make();
		const first = pooled(state, 0);
		const second = one(state, 100);
		state.responded(second.id, refused('full'), 100);
		assert.deepEqual(state.take(110, 1), []);
		state.enact([first.id], 120);
		assert.deepEqual(state.take(120, 1), [second]);
	});

	it('causes one longer pause for all refusals at the same time', () => {
		const state = make();
		const orders = state.take(1000, 5);
		orders.forEach(({ id }) => state.responded(id, refused('full'), 1000));
		assert.equal(state.wakes(1000), 1250);
		assert.deepEqual(state.take(1250, 5), orders);
	});

	it('gets other bytes if it has banned these', () => {
		const state = make();
		const order = one(state, 0);
		state.responded(order.id, refused('banned'), 0);
		const again = state.take(250, 10).find(({ id }) => id === order.id);
		assert.deepEqual(again, { ...order, tip: 1 });
		assert.equal(state.figures().resigned, 1);
	});

	it('gets it again if another transaction has the nonce, or if there was no response', () => {
		for (const kind of ['priority', 'unreachable', 'signature']) {
			const state = make();
			const order = one(state, 0);
			state.responded(order.id, refused(kind), 0);
			assert.equal(state.wakes(0) <= 250, true);
			assert.ok(state.take(250, 10).some(({ id }) => id === order.id), kind);
		}
	});

	it('makes it lost if it is invalid; its nonce is used again after a pause', () => {
		const state = make({ firstNonces: [3] });
		const order = one(state, 0);
		state.responded(order.id, refused('invalid', 'no money'), 0);
		assert.deepEqual([state.figures().lost.invalid, state.figures().refusals], [1, { 'invalid: no money': 1 }]);
		assert.deepEqual(state.take(200, 10), []);
		assert.equal(state.wakes(200), 250);
		const next = one(state, 250);
		assert.deepEqual([next.account, next.nonce, next.id], [0, 3, 2]);
		state.responded(next.id, refused('invalid'), 250);
		assert.equal(state.wakes(300), 750);
		assert.ok(state.figures().held.accounts > 0);
		balances(state);
	});

	it('does not make it lost if the pool had it before', () => {
		const state = make();
		const { id } = pooled(state, 0);
		state.close(1);
		assert.deepEqual(state.take(30_000, 10).map((order) => order.id), [id]);
		state.responded(id, refused('invalid'), 30_000);
		const { lost, droppedByPool, inFlight } = state.figures();
		assert.deepEqual([lost.total, droppedByPool, inFlight.waiting], [0, 1, 1]);
	});

	it('may return long texts, which are truncated', () => {
		const state = make({ rate: 1000 });
		for (const { id } of state.take(1000, 100)) state.responded(id, refused('priority', `text ${id}`), 1000);
		const texts = state.figures().refusals;
		assert.equal(Object.keys(texts).length, 21);
		assert.equal(texts.others, 80);
	});
});

describe('a transaction that is in no block', () => {
	it('is requested, and is still in the pool', () => {
		const state = make();
		const { id } = pooled(state, 0);
		state.close(1);
		assert.equal(state.wakes(1), 30_000);
		assert.equal(one(state, 30_000).id, id);
		state.responded(id, { kind: 'present' }, 30_000);
		const { droppedByPool, resent, inFlight } = state.figures();
		assert.deepEqual([droppedByPool, resent, inFlight.pool], [0, 0, 1]);
		assert.equal(state.wakes(30_000), 60_000);
	});

	// A fork-aware pool may return "already imported" for a new transaction: a view of a new block took it out of
	// the mempool during its submission, and the mempool then forgets it. So the transaction is sent until the
	// pool accepts it or a block has it.
	it('is sent again if the pool reported it as present the first time', () => {
		const state = make();
		const { id } = one(state, 0);
		state.responded(id, { kind: 'present' }, 0);
		state.close(1);
		assert.deepEqual(state.take(29_999, 10), []);
		for (const now of [30_000, 60_000]) {
			assert.equal(one(state, now).id, id);
			state.responded(id, { kind: 'present' }, now);
		}
		assert.equal(one(state, 90_000).id, id);
		state.responded(id, taken, 90_000);
		assert.deepEqual([state.figures().droppedByPool, state.figures().lost.total], [1, 0]);
		assert.equal(one(state, 120_000).id, id);
		state.enact([id], 120_001);
		state.responded(id, { kind: 'present' }, 120_002);
		assert.deepEqual(state.take(200_000, 10), []);
		balances(state);
	});

	it('is requested, and sent again if it was dropped', () => {
		const state = make();
		const { id } = pooled(state, 0);
		one(state, 30_000);
		state.responded(id, taken, 30_000);
		assert.equal(state.figures().droppedByPool, 1);
		balances(state);
	});

	it('is lost after the limit, with the stage that it reached', () => {
		const state = make({ firstNonces: [0, 0, 0, 0], rate: 1000 });
		const [unblocked, dropped, retracted, unfinalized] = state.take(1000, 4);
		for (const { id } of [unblocked, retracted, unfinalized]) state.responded(id, taken, 1000);
		state.enact([retracted.id, unfinalized.id], 2000);
		state.retract([retracted.id], 3000);
		state.close(3000);
		state.responded(dropped.id, refused('full'), 3000);
		state.take(300_999, 0);
		assert.equal(state.figures().lost.total, 0);
		assert.ok(state.wakes(300_999) <= 301_000);
		state.take(301_000, 0);
		assert.deepEqual(state.figures().lost, { total: 4, invalid: 0, usurped: 0, dropped: 1, unblocked: 1, retracted: 1, unfinalized: 1 });
		assert.ok(state.isDone());
		balances(state);
	});

	it('may appear after it was lost; its account then continues', () => {
		const state = make({ firstNonces: [0] });
		const { id } = pooled(state, 0);
		assert.deepEqual(state.take(300_000, 10).map((order) => order.id), [], 'what follows would wait for it');
		state.enact([id], 310_000);
		assert.ok(state.take(310_000, 10).length > 0);
		state.finalize([id], 320_000);
		const { late, finalized, lost } = state.figures();
		assert.deepEqual([late, finalized, lost.unblocked], [1, 0, 1]);
		balances(state);
	});
});

describe('a connection', () => {
	it('that is down pauses sending and the time limits', () => {
		const state = make();
		pooled(state, 0);
		state.connection(false, 1_000);
		assert.deepEqual(state.take(100_000, 10), []);
		assert.equal(state.figures().held.connection, 99_000);
		assert.equal(state.wakes(100_000), 300_000);
	});

	it('that is up again requests all transactions in no block', () => {
		const state = make();
		const [a, b] = [pooled(state, 0), pooled(state, 100)];
		state.enact([a.id], 500);
		state.connection(false, 1_000);
		state.connection(true, 2_000);
		assert.equal(state.take(2_000, 1)[0].id, b.id);
		state.responded(b.id, { kind: 'used', text: 'outdated' }, 2_000);
		assert.ok(state.isInDoubt());
	});
});

describe('the nonces of a finalized block', () => {
	it('show that another transaction used one', () => {
		const state = make();
		const [a, b] = [pooled(state, 0), pooled(state, 100)];
		state.reconcile([1, 0], 1_000, { missed: false });
		const { lost, finalized, inFlight } = state.figures();
		assert.deepEqual([lost.usurped, finalized, inFlight.pool], [1, 0, 1]);
		assert.deepEqual([a.account, b.account], [0, 1]);
		balances(state);
	});

	it('show that a transaction is final although its block was not seen', () => {
		const state = make();
		pooled(state, 0);
		state.reconcile([1, 0], 60_000, { missed: true });
		const { finalized, inBlock, unseen, latency, lost } = state.figures();
		assert.deepEqual([finalized, inBlock, unseen, latency.finalized.count, lost.total], [1, 1, 1, 0, 0]);
		balances(state);
	});

	it('show that the block of a transaction is final', () => {
		const state = make();
		const { id } = pooled(state, 0);
		state.enact([id], 6_000);
		state.reconcile([1, 0], 60_000, { missed: false });
		assert.equal(state.figures().finalized, 1);
		state.finalize([id], 61_000);
		assert.equal(state.figures().finalized, 1);
	});

	it('leave unused ones alone, and skip used ones', () => {
		const state = make();
		pooled(state, 0);
		state.reconcile([0, 5], 1_000, { missed: true });
		assert.equal(state.figures().inFlight.pool, 1);
		assert.deepEqual(state.take(1_000, 1)[0], { id: 2, account: 1, nonce: 5, tip: 0 });
		assert.ok(!state.isInDoubt());
	});

	it('free the account of a lost transaction', () => {
		const state = make({ firstNonces: [0] });
		pooled(state, 0);
		assert.deepEqual(state.take(300_000, 1), []);
		state.reconcile([1], 310_000, { missed: false });
		assert.equal(one(state, 310_000).nonce, 1);
		assert.deepEqual([state.figures().lost.unblocked, state.figures().lost.usurped], [1, 0]);
	});
});

describe('a new runtime', () => {
	it('causes new signatures for all transactions in no block', () => {
		const state = make();
		const [a, b] = [pooled(state, 0), pooled(state, 100)];
		const c = one(state, 200);
		state.enact([a.id], 6_000);
		state.close(6_000);
		state.resign(6_000);
		assert.deepEqual(state.take(6_000, 10).map(({ id }) => id), [b.id]);
		state.responded(b.id, taken, 6_100);
		const { resigned, droppedByPool } = state.figures();
		assert.deepEqual([resigned, droppedByPool], [2, 0]);
		// The response is pending. A rejected transaction is signed again; an accepted one is requested later.
		state.responded(c.id, refused('signature'), 6_200);
		assert.equal(one(state, 6_450).id, c.id);
		balances(state);
	});
});
