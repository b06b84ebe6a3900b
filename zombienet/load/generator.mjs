// Sends transactions at a rate, follows them through the blocks, and reports. The chain and the clock are
// parameters, so that tests can pass fakes.
import { branch } from './branch.mjs';
import { engine } from './engine.mjs';
import { signatureOf } from './scale.mjs';
import { rateOf, usage } from './usage.mjs';

// Maximum number of concurrent requests to the node.
const CONCURRENT = 32;
// Blocks this far below the finalized one are forgotten.
const KEPT = 300;

// The longest delay that setTimeout accepts.
const LONGEST = 2 ** 31 - 1;

export const systemClock = {
	now: () => Date.now(),
	// Returns a function that cancels it.
	after(milliseconds, work) {
		const timer = setTimeout(work, Math.min(milliseconds, LONGEST));
		return () => clearTimeout(timer);
	},
};

// `chain`: {
//   submit(bytes) -> { kind, text }, see refusals.mjs
//   start(emit)      emits { type: 'block', hash, number, parent, root, signatures, failures, ... },
//                    { type: 'best' | 'finalized', hash }, { type: 'included', hash }, { type: 'up' | 'down' }
//   nonces(hash)     the accounts' nonces in that block
//   runtime()        an identifier of the current runtime
//   learn()          { compose, callOf } for that runtime
// } `transactions` makes the bytes. `settings`: { rate, backlog, patience, limit, inclusion }. `firstNonces`: one
// per account. `limits`: those of a block. `onBlock` gets each block of the best chain once.
//
// Returns { begin(), end(), stop(), fail(error), finished, report() }. Sending lasts from begin to end. `finished`
// resolves when nothing is in flight any more. It rejects with an internal error, or with the error passed to
// `fail`, for example when an endpoint is lost.
export function generator({ chain, transactions, clock = systemClock, settings, firstNonces, limits, onBlock = () => {} }) {
	const state = engine({ ...settings, firstNonces, now: clock.now() });
	const used = usage();
	const tree = branch();
	const blocks = new Map();
	const shown = new Set();
	// Signature -> id. A transaction that was signed twice has two entries.
	const ids = new Map();
	const includedUnknown = new Set();
	let began;
	let ended;
	const finality = rateOf();
	// Whether the blocks that existed at the start are known.
	let caughtUp = false;
	let inFlight = 0;
	let stopTimer = () => {};
	let stopped = false;
	let runtime;
	let checking;
	let reconciling = false;
	// Whether blocks were missed since the last comparison of the nonces.
	let missed = false;
	let settle;
	const finished = new Promise((resolve, reject) => (settle = { resolve, reject }));
	finished.catch(() => {});

	const guarded = (work) => {
		try {
			return work();
		} catch (error) {
			return settle.reject(error);
		}
	};

	// --- Sending ----------------------------------------------------------------------------------

	const turn = () =>
		guarded(() => {
			stopTimer();
			if (began === undefined || stopped) return;
			const now = clock.now();
			for (const order of state.take(now, CONCURRENT - inFlight)) submit(order);
			if (state.isDone()) return settle.resolve();
			if (inFlight >= CONCURRENT) return;
			const wakes = state.wakes(now);
			if (wakes < Infinity) stopTimer = clock.after(Math.max(0, Math.ceil(wakes - now)), turn);
		});

	const submit = (order) => {
		const bytes = transactions.make(order);
		ids.set(signatureOf(bytes), order.id);
		inFlight += 1;
		chain.submit(bytes).then((response) => {
			inFlight -= 1;
			if (response.kind === 'signature') checkRuntime();
			guarded(() => state.responded(order.id, response, clock.now()));
			turn();
		}, settle.reject);
	};

	// One check at a time: signatures for the previous runtime are invalid in a new one.
	const checkRuntime = () => {
		checking ??= (async () => {
			const now = await chain.runtime();
			if (runtime !== undefined && now !== runtime) {
				transactions.renew(await chain.learn());
				state.resign(clock.now());
			}
			runtime = now;
		})()
			// After a failed request it is asked again at the next block.
			.catch(() => {})
			.finally(() => {
				checking = undefined;
				turn();
			});
	};

	// --- Blocks -----------------------------------------------------------------------------------

	const oursIn = (hash) => blocks.get(hash)?.ids ?? [];

	const takeBlock = ({ hash, number, parent, root, signatures = [], failures = [], ...rest }) => {
		if (blocks.has(hash)) return;
		if ((root && blocks.size > 0) || rest.unread) missed = true;
		tree.add({ hash, number, parent, root });
		const own = signatures.filter((signature) => ids.has(signature));
		blocks.set(hash, {
			block: { ...rest, hash, number, own: own.length },
			signatures: own,
			ids: own.map((signature) => ids.get(signature)),
			failures: new Map(failures.map(([signature, text]) => [ids.get(signature), text])),
		});
		if (includedUnknown.delete(hash)) include(hash);
	};

	const applyBest = (hash, now) => {
		const { retracted, enacted } = tree.best(hash);
		for (const left of retracted) {
			state.retract(oursIn(left), now);
			used.retract(left);
		}
		for (const joined of enacted) {
			state.enact(oursIn(joined), now);
			const { block } = blocks.get(joined);
			used.enact(block, caughtUp ? now : -Infinity);
			if (!caughtUp || shown.has(joined)) continue;
			shown.add(joined);
			onBlock(block);
		}
		caughtUp = true;
	};

	const applyFinalized = (hash, now) => {
		if (!tree.isOnBest(hash)) applyBest(hash, now);
		const before = state.figures().finalized;
		for (const final of tree.finalize(hash)) state.finalize(oursIn(final), now, blocks.get(final).failures);
		if (ended === undefined) finality.add(state.figures().finalized - before, now);
		const { number } = blocks.get(hash).block;
		for (const [old, { block, signatures }] of blocks) {
			if (block.number >= number - KEPT) continue;
			for (const signature of signatures) ids.delete(signature);
			blocks.delete(old);
			shown.delete(old);
		}
		if ((missed || state.isInDoubt()) && !reconciling) reconcile(hash);
	};

	const reconcile = (hash) => {
		reconciling = true;
		const before = missed;
		missed = false;
		chain
			.nonces(hash)
			.then(
				(nonces) => state.reconcile(nonces, clock.now(), { missed: before }),
				// Asked again at the next finalized block.
				() => (missed ||= before),
			)
			.catch(settle.reject)
			.finally(() => {
				reconciling = false;
				turn();
			});
	};

	const include = (hash) => {
		if (!tree.has(hash)) return includedUnknown.add(hash);
		for (const joined of tree.include(hash)) state.include(oursIn(joined), clock.now());
		return undefined;
	};

	const handlers = {
		block: takeBlock,
		best({ hash }) {
			applyBest(hash, clock.now());
			checkRuntime();
		},
		finalized: ({ hash }) => applyFinalized(hash, clock.now()),
		included: ({ hash }) => include(hash),
		up: () => state.connection(true, clock.now()),
		down: () => state.connection(false, clock.now()),
	};
	chain.start((event) => {
		guarded(() => handlers[event.type](event));
		turn();
	});

	return {
		finished,
		// Stops sending and waiting.
		stop() {
			stopped = true;
			stopTimer();
		},
		fail(error) {
			settle.reject(error);
			this.end();
		},
		begin() {
			began = clock.now();
			// The engine was created earlier. Tokens must not accumulate from then on.
			state.begin(began);
			used.begin(began);
			turn();
		},
		end() {
			if (ended !== undefined) return;
			ended = clock.now();
			used.end(ended);
			state.close(ended);
			turn();
		},
		report() {
			const now = clock.now();
			const figures = state.figures();
			const blocks = used.figures(limits);
			const seconds = began === undefined ? 0 : ((ended ?? now) - began) / 1000;
			return {
				...figures,
				seconds,
				secondsInAll: began === undefined ? 0 : (now - began) / 1000,
				perSecond: {
					asked: settings.rate,
					sent: seconds > 0 ? figures.sent / seconds : null,
					inBlock: blocks.seconds > 0 ? blocks.transactions / blocks.seconds : null,
					finalized: finality.perSecond(),
				},
				blocks,
			};
		},
	};
}
