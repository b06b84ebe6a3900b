// Accounts for transactions from the signature to finality: which to send now, the outcome of each, and how long
// it took. It is independent of nodes and clocks: its caller passes all events, with the time in milliseconds.
import { add, histogram, percentile } from 'conveyor-observer/histogram';
import { tokenBucket } from './bucket.mjs';
import { nonceBook } from './nonces.mjs';
import { KINDS } from './refusals.mjs';

// Stages of a transaction:
//   asking    sent to the node, which has not responded yet
//   waiting   to be sent again at `due`
//   pool      in the node's pool; if it is in no block at `due`, the node is asked whether it still has it
//   block     in a block of the best chain
//   final     in a finalized block
//   lost      not expected any more
const IN_FLIGHT = ['asking', 'waiting', 'pool', 'block'];

// Why a transaction counts as lost:
//   invalid       the pool rejected it the first time
//   usurped       its nonce was used by a transaction of another sender
//   dropped       in no block within the limit, and in no pool at the end
//   unblocked     in no block within the limit, although a pool had it
//   retracted     was in a block that left the chain, and in no other block within the limit
//   unfinalized   in a block that was not finalized within the limit
export const REASONS = ['invalid', 'usurped', 'dropped', 'unblocked', 'retracted', 'unfinalized'];

// First and longest pause after a refusal, in milliseconds. Each pause is twice as long as the previous one.
const PAUSE = { first: 250, longest: 8000 };
// Resolution of percentiles, in milliseconds.
const STEP = 10;

// Maximum number of distinct refusal texts. Some nodes include figures in them.
const TEXTS = 20;

const pauseAfter = (refusals) => Math.min(PAUSE.longest, PAUSE.first * 2 ** Math.max(0, refusals - 1));
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));

// `rate`: transactions per second. `backlog`: maximum number of transactions in no block. `firstNonces`: one per
// account. `patience`: time in no block after which the node is asked whether it has the transaction. `limit`:
// time until finality. `inclusion`: whether `include` will be called.
export function engine({ rate, backlog, firstNonces, patience, limit, inclusion = false, now: start }) {
	let bucket = tokenBucket({ rate, now: start });
	const nonces = nonceBook(firstNonces);
	// All transactions in flight, and lost ones that may still appear in a block.
	const known = new Map();
	const counts = { sent: 0, stages: zeros(IN_FLIGHT), inBlock: 0, included: 0, finalized: 0, failed: 0, lost: zeros(REASONS), late: 0 };
	const events = { responses: zeros(KINDS), resent: 0, resigned: 0, droppedByPool: 0, retracted: 0, unseen: 0 };
	const latencies = { block: histogram(), included: histogram(), finalized: histogram() };
	// Time without sending, by reason, in milliseconds.
	const held = { backlog: 0, pool: 0, accounts: 0, connection: 0 };
	const texts = new Map();
	const dispatchErrors = new Map();

	let serial = 0;
	let open = true;
	let connected = true;
	// The current reason for not sending, and its start.
	let obstacle = { reason: undefined, since: start };
	// The pool is full until then: nothing is sent.
	let poolPause = { until: start, refusals: 0 };
	// The earliest `due` of the known transactions.
	let nextDue = Infinity;
	// Whether the nonces on chain would decide the outcome of some.
	let doubts = false;

	const move = (tx, stage) => {
		if (IN_FLIGHT.includes(tx.stage)) counts.stages[tx.stage] -= 1;
		if (IN_FLIGHT.includes(stage)) counts.stages[stage] += 1;
		tx.stage = stage;
	};
	const wait = (tx, due) => {
		tx.due = due;
		nextDue = Math.min(nextDue, due, tx.since + limit);
	};
	const outstanding = () => counts.stages.asking + counts.stages.waiting + counts.stages.pool;
	const lose = (tx, reason) => {
		counts.lost[reason] += 1;
		tx.reason = reason;
		move(tx, 'lost');
	};
	// Refusals of each account since its last transaction in a block.
	const accountRefusals = new Map();
	const tally = (map, text) => {
		const name = map.has(text) || map.size < TEXTS ? text : 'others';
		map.set(name, (map.get(name) ?? 0) + 1);
	};

	// --- Sending ----------------------------------------------------------------------------------

	const giveUp = (tx) => {
		if (tx.stage === 'block') return lose(tx, 'unfinalized');
		lose(tx, tx.wasInBlock ? 'retracted' : tx.inPool ? 'unblocked' : 'dropped');
		// All later nonces of this account would wait for this one, so the account pauses until it appears.
		nonces.rest(tx.account, Infinity);
	};

	// Returns the transactions that are due, at most `slots`. Late ones become lost.
	const due = (now, slots) => {
		if (now < nextDue) return [];
		nextDue = Infinity;
		const found = [];
		for (const tx of known.values()) {
			if (tx.stage === 'lost' || tx.stage === 'final') continue;
			if (now >= tx.since + limit) {
				giveUp(tx);
				continue;
			}
			nextDue = Math.min(nextDue, tx.since + limit);
			if (tx.stage !== 'waiting' && tx.stage !== 'pool') continue;
			if (tx.due <= now && connected && now >= poolPause.until && found.length < slots) {
				if (tx.stage === 'waiting') events.resent += 1;
				found.push(tx);
			} else {
				nextDue = Math.min(nextDue, Math.max(tx.due, connected ? poolPause.until : Infinity));
			}
		}
		return found;
	};

	const fresh = (now, slots) => {
		const made = [];
		while (open && connected && now >= poolPause.until && made.length < slots && outstanding() + made.length < backlog) {
			if (bucket.next(now) > now) break;
			const turn = nonces.next(now);
			if (!turn) break;
			bucket.take(now);
			serial += 1;
			made.push({ id: serial, ...turn, tip: 0, since: now, due: Infinity, refusals: 0, inPool: false, wasInPool: false });
		}
		return made;
	};

	const obstacleAt = (now) => {
		if (!open) return undefined;
		if (!connected) return 'connection';
		if (now < poolPause.until) return 'pool';
		if (outstanding() >= backlog) return 'backlog';
		return nonces.isFree(now) ? undefined : 'accounts';
	};
	const settle = (now) => {
		if (obstacle.reason) held[obstacle.reason] += now - obstacle.since;
		obstacle = { reason: obstacleAt(now), since: now };
	};

	const view = ({ id, account, nonce, tip }) => ({ id, account, nonce, tip });

	// --- Outcomes ---------------------------------------------------------------------------------

	// `seen` is false if only the nonces show the outcome, because they do not show its time.
	const enter = (tx, now, seen = true) => {
		if (!tx.wasInBlock) {
			counts.inBlock += 1;
			if (seen) add(latencies.block, now - tx.since, STEP);
		}
		tx.wasInBlock = true;
		if (tx.stage !== 'lost') move(tx, 'block');
		accountRefusals.delete(tx.account);
		nonces.rest(tx.account, 0);
	};

	const finish = (tx, now, { failure, seen = true } = {}) => {
		enter(tx, now, seen);
		if (tx.stage === 'lost') {
			counts.late += 1;
		} else {
			counts.finalized += 1;
			if (seen) add(latencies.finalized, now - tx.since, STEP);
			if (failure !== undefined) {
				counts.failed += 1;
				tally(dispatchErrors, failure);
			}
			move(tx, 'final');
		}
		// Inclusion comes before finality, but other nodes report it.
		if (tx.included || !inclusion) known.delete(tx.id);
		tx.isFinal = true;
	};

	const responses = {
		taken: (tx, now) => {
			if (tx.inPool) events.droppedByPool += 1;
			tx.inPool = tx.wasInPool = true;
			poolPause = { until: now, refusals: 0 };
			rest(tx, now);
		},
		present: (tx, now) => {
			tx.inPool = tx.wasInPool = true;
			rest(tx, now);
		},
		full: (tx, now) => {
			pausePool(now);
			tx.wantsRoom = true;
			again(tx, poolPause.until);
		},
		priority: (tx, now) => again(tx, now + pauseAfter(tx.refusals)),
		// The pool may accept other bytes with the same nonce: a higher tip.
		banned: (tx, now) => {
			tx.tip += 1;
			events.resigned += 1;
			again(tx, now + pauseAfter(tx.refusals));
		},
		used: (tx, now) => {
			doubts = true;
			again(tx, now + patience);
		},
		signature: (tx, now) => again(tx, now + pauseAfter(tx.refusals)),
		invalid: (tx, now) => {
			if (tx.wasInPool || tx.wasInBlock) return again(tx, now + pauseAfter(tx.refusals));
			lose(tx, 'invalid');
			known.delete(tx.id);
			nonces.giveBack(tx.account, tx.nonce);
			accountRefusals.set(tx.account, (accountRefusals.get(tx.account) ?? 0) + 1);
			nonces.rest(tx.account, now + pauseAfter(accountRefusals.get(tx.account)));
		},
		unreachable: (tx, now) => {
			pausePool(now);
			again(tx, poolPause.until);
		},
	};
	const rest = (tx, now) => {
		tx.refusals = 0;
		move(tx, 'pool');
		wait(tx, now + patience);
	};
	const again = (tx, due) => {
		move(tx, 'waiting');
		wait(tx, due);
	};
	// A block took transactions from the pool, so it has room.
	const roomInPool = (now) => {
		poolPause = { until: now, refusals: 0 };
		for (const tx of known.values()) {
			if (tx.stage === 'waiting' && tx.wantsRoom) wait(tx, now);
			tx.wantsRoom = false;
		}
	};
	const pausePool = (now) => {
		// Refusals of what was sent before the pause do not count again.
		if (now < poolPause.until) return;
		const refusals = poolPause.refusals + 1;
		poolPause = { until: now + pauseAfter(refusals), refusals };
	};

	return {
		// Starts sending.
		begin(now) {
			bucket = tokenBucket({ rate, now });
			settle(now);
		},
		// Returns at most `slots` transactions to send now: [{ id, account, nonce, tip }].
		take(now, slots) {
			const orders = due(now, slots);
			const made = fresh(now, slots - orders.length);
			for (const tx of made) known.set(tx.id, tx);
			counts.sent += made.length;
			for (const tx of [...orders, ...made]) {
				move(tx, 'asking');
				wait(tx, Infinity);
			}
			settle(now);
			return [...orders, ...made].map(view);
		},
		// Returns when `take` may return something again without any other event; Infinity if never.
		wakes(now) {
			const times = [nextDue];
			if (open && connected && outstanding() < backlog) {
				times.push(nonces.isFree(now) ? Math.max(bucket.next(now), poolPause.until) : nonces.wakes(now));
			}
			return Math.min(...times);
		},
		// Handles the node's response to transaction `id`: { kind, text }, see refusals.mjs.
		responded(id, { kind, text }, now) {
			events.responses[kind] += 1;
			if (kind !== 'taken' && kind !== 'present' && text) tally(texts, `${kind}: ${text}`);
			const tx = known.get(id);
			// A block or the time limit came first.
			if (tx?.stage !== 'asking') {
				if (tx && (kind === 'taken' || kind === 'present')) tx.inPool = tx.wasInPool = true;
				return;
			}
			if (kind !== 'taken' && kind !== 'present') tx.refusals += 1;
			if (['full', 'banned', 'invalid', 'signature'].includes(kind)) {
				// A pool that rejects it does not have it.
				if (tx.inPool) events.droppedByPool += 1;
				tx.inPool = false;
			}
			responses[kind](tx, now);
		},
		// These are in a block that joined the best chain.
		enact(ids, now) {
			const joined = of(ids);
			for (const tx of joined) if (!tx.isFinal) enter(tx, now);
			if (joined.length > 0) roomInPool(now);
		},
		// These are in a block that left the best chain. Nodes put them back into their pools.
		retract(ids, now) {
			for (const tx of of(ids)) {
				if (tx.stage !== 'block') continue;
				events.retracted += 1;
				move(tx, 'pool');
				wait(tx, now + patience);
			}
		},
		include(ids, now) {
			for (const tx of of(ids)) {
				if (tx.included) continue;
				tx.included = true;
				counts.included += 1;
				add(latencies.included, now - tx.since, STEP);
				if (tx.isFinal) known.delete(tx.id);
			}
		},
		// These are in a finalized block; `failures` has the errors of those that failed there (id -> text).
		finalize(ids, now, failures = new Map()) {
			for (const tx of of(ids)) if (!tx.isFinal) finish(tx, now, { failure: failures.get(tx.id) });
		},
		// `next` are the accounts' nonces in a finalized block. `missed` is true if some of its ancestors were not
		// seen.
		reconcile(next, now, { missed }) {
			doubts = false;
			for (const tx of [...known.values()]) {
				if (tx.nonce >= next[tx.account] || tx.isFinal) continue;
				if (missed || tx.stage === 'block') {
					events.unseen += 1;
					finish(tx, now, { seen: false });
					continue;
				}
				if (tx.stage !== 'lost') lose(tx, 'usurped');
				known.delete(tx.id);
				nonces.rest(tx.account, 0);
			}
			nonces.atLeast(next);
		},
		// The runtime changed: transactions in no block must be signed and sent again.
		resign(now) {
			for (const tx of known.values()) {
				if (tx.stage !== 'pool' && tx.stage !== 'waiting' && tx.stage !== 'asking') continue;
				events.resigned += 1;
				tx.refusals = 0;
				tx.inPool = false;
				if (tx.stage !== 'asking') again(tx, now);
			}
		},
		// The connection is up or down. A node that comes back may have lost its pool.
		connection(up, now) {
			connected = up;
			settle(now);
			if (!up) return;
			for (const tx of known.values()) if (tx.stage === 'pool' || tx.stage === 'waiting') wait(tx, now);
		},
		// Ends the sending of new transactions.
		close(now) {
			open = false;
			settle(now);
		},
		isDone: () => !open && IN_FLIGHT.every((stage) => counts.stages[stage] === 0),
		isInDoubt: () => doubts,
		figures: () => ({
			...without('stages', counts),
			included: inclusion ? counts.included : null,
			lost: { total: REASONS.reduce((sum, reason) => sum + counts.lost[reason], 0), ...counts.lost },
			inFlight: { ...counts.stages },
			...events,
			held: { ...held },
			refusals: Object.fromEntries(texts),
			dispatchErrors: Object.fromEntries(dispatchErrors),
			latency: Object.fromEntries(Object.entries(latencies).map(([name, all]) => [name, quantiles(all)])),
		}),
	};

	function of(ids) {
		return ids.map((id) => known.get(id)).filter((tx) => tx !== undefined);
	}
}

function without(name, { [name]: _, ...rest }) {
	return rest;
}

// In seconds.
function quantiles(all) {
	const seconds = (percent) => (all.count === 0 ? null : percentile(all, percent) / 1000);
	return { count: all.count, p50: seconds(50), p95: seconds(95) };
}
