// For tests: a clock that the test advances, and a chain whose blocks the test makes.
import { createHash } from 'node:crypto';
import { setImmediate as settled } from 'node:timers/promises';
import { signatureOf, signedTransaction } from './scale.mjs';

export function fakeClock() {
	let now = 0;
	const timers = new Set();
	return {
		now: () => now,
		after(milliseconds, work) {
			const timer = { at: now + milliseconds, work };
			timers.add(timer);
			return () => timers.delete(timer);
		},
		// Advances by `milliseconds` and runs the timers that are due. Promises settle in between.
		async move(milliseconds) {
			const end = now + milliseconds;
			await settled();
			for (;;) {
				const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
				if (!due) break;
				timers.delete(due);
				now = Math.max(now, due.at);
				due.work();
				await settled();
			}
			now = end;
			await settled();
		},
	};
}

// Transactions of a runtime of `version`, each with a different signature, as transactions.mjs makes them.
export function fakeTransactions(version = 1) {
	let current = version;
	return {
		make({ account, nonce, tip }) {
			const signature = createHash('sha512').update(`${account}/${nonce}/${tip}/${current}`).digest();
			const extra = Buffer.of(account, nonce, tip, current);
			return signedTransaction({ publicKey: Buffer.alloc(32, account), scheme: 'ed25519', signature, extra, call: Buffer.alloc(0) });
		},
		renew: ({ version }) => (current = version),
	};
}

const EXTRA_AT = 2 + 1 + 1 + 32 + 1 + 64;
const read = (bytes) => ({ account: bytes[EXTRA_AT], nonce: bytes[EXTRA_AT + 1], version: bytes[EXTRA_AT + 3], signature: signatureOf(bytes) });

// A node with a pool for `room` transactions. If `refuse` returns a response for a transaction, the pool uses it.
export function fakeChain({ accounts, room = Infinity, refuse = () => undefined }) {
	let version = 1;
	let emit = () => {};
	let serial = 0;
	let down = false;
	const pool = new Map();
	const waiting = [];
	const genesis = { hash: 'b0', number: 0, parent: undefined, nonces: Array(accounts).fill(0), transactions: [] };
	let best = genesis;
	const all = new Map([[genesis.hash, genesis]]);

	const response = (bytes) => {
		const tx = read(bytes);
		const refusal = refuse(tx);
		if (refusal) return refusal;
		if (tx.version !== version) return { kind: 'signature', text: 'bad signature' };
		if (tx.nonce < best.nonces[tx.account]) return { kind: 'used', text: 'outdated' };
		if (pool.has(tx.signature)) return { kind: 'present' };
		if (pool.size >= room) return { kind: 'full', text: 'no room' };
		pool.set(tx.signature, tx);
		return { kind: 'taken' };
	};
	const emitEvent = (event) => {
		if (!down) emit(event);
	};
	const chain = {
		genesis,
		pool,
		submitted: 0,
		submit(bytes) {
			chain.submitted += 1;
			if (!down) return Promise.resolve(response(bytes));
			return new Promise((resolve) => waiting.push(() => resolve(response(bytes))));
		},
		start(listener) {
			emit = listener;
			emitEvent({ type: 'block', root: true, ...genesis });
			emitEvent({ type: 'best', hash: genesis.hash });
			emitEvent({ type: 'finalized', hash: genesis.hash });
		},
		nonces: async (hash) => all.get(hash).nonces,
		runtime: async () => `fake ${version}`,
		learn: async () => ({ version }),
		// A block on `on` with the ready transactions of the pool, or with `transactions`; the best one by
		// default.
		block({ on = best, best: isBest = true, root = false, failing = () => false, transactions, ...rest } = {}) {
			serial += 1;
			const nonces = [...on.nonces];
			const taken = [];
			for (const tx of transactions ?? [...pool.values()].sort((a, b) => a.nonce - b.nonce)) {
				if (tx.nonce !== nonces[tx.account]) continue;
				nonces[tx.account] += 1;
				taken.push(tx);
			}
			const block = { hash: `b${serial}`, number: on.number + 1, parent: on.hash, nonces, transactions: taken };
			all.set(block.hash, block);
			const signatures = taken.map(({ signature }) => signature);
			const failures = taken.filter(failing).map(({ signature }) => [signature, 'Module.Fake']);
			emitEvent({ ...block, type: 'block', root, signatures, failures, refTime: 10, proofSize: 100, length: 1000, ...rest });
			if (isBest) chain.best(block);
			return block;
		},
		// Transactions of blocks that leave the best chain go back into the pool.
		best(block) {
			const path = (from) => (from ? [from, ...path(all.get(from.parent))] : []);
			const [old, joined] = [path(best), path(block)];
			for (const { transactions } of old.filter((one) => !joined.includes(one))) for (const tx of transactions) pool.set(tx.signature, tx);
			for (const { transactions } of joined) for (const { signature } of transactions) pool.delete(signature);
			best = block;
			emitEvent({ type: 'best', hash: block.hash });
		},
		finalize: (block = best) => emitEvent({ type: 'finalized', hash: block.hash }),
		include: (block) => emitEvent({ type: 'included', hash: block.hash }),
		upgrade() {
			version += 1;
			for (const [signature, tx] of pool) if (tx.version !== version) pool.delete(signature);
		},
		disconnect() {
			emit({ type: 'down' });
			down = true;
		},
		// Sends the responses that were held back.
		connect() {
			down = false;
			emit({ type: 'up' });
			waiting.splice(0).forEach((ask) => ask());
		},
	};
	return chain;
}
