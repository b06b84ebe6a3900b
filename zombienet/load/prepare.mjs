// Makes everything ready for a load: connects, learns how the chain wants its transactions, sizes the calls,
// funds the accounts, measures the signatures.
import { UserError } from 'conveyor-observer/user-error';
import { learnCalls } from './calls.mjs';
import { chainOf } from './chain.mjs';
import { UnknownExtensions, learn } from './extrinsic.mjs';
import { fillState, fund, proofOf } from './funding.mjs';
import { generator } from './generator.mjs';
import { deriveAccounts, devAccount, signaturesPerSecond } from './keys.mjs';
import { connect, messageOf } from './node.mjs';
import { burning, stateKeys, transactions, transfers } from './transactions.mjs';

export const DEFAULTS = {
	rate: 20,
	accounts: 100,
	kind: 'transfer',
	// Milliseconds of reference time, KiB, accounts.
	weight: 5,
	payload: 0,
	reads: 0,
	state: 10_000,
	keys: 'ed25519',
	seed: 'load',
	funder: '//Alice',
	// Seconds.
	patience: 30,
	limit: 300,
	wait: 20,
	lost: 600,
};

// The backlog where none was chosen: transactions, and bytes of them. Half of what a pool takes by default
// (8192 and 20 MiB), or less, for it may be shared.
const BACKLOG = { transactions: 1000, bytes: 8 * 1024 * 1024 };
// Smallest parts of the token that a transfer moves.
const AMOUNT = 1_000_000n;
// Above the fee that was asked for, because fees rise while blocks are full.
const FEE_MARGIN = 2n;
// Seconds that accounts are funded for where nobody says how long.
const OPEN_END = 3600;
// Signatures are made ahead if they would take a core more than this part of its time.
const SIGNING_SHARE = 0.1;
// Part of a block's length that calls which are to fill it may take: inherents are in it, too.
const LENGTH_SHARE = 0.97;
const PICOSECONDS = 1e9;

// `options` are those of DEFAULTS, and
//   para        the address of a node of the parachain (or of any chain, without `relay`)
//   relay       that of a node of its relay chain, to see what is included
//   paraId      if the runtime does not tell
//   fill        how many burning calls are to fill a block, in place of weight, payload and reads
//   seconds     how long it will be sent
//   say         gets lines about what is prepared
//   onBlock     gets each block of the best chain
//   fail        gets the error that ends the load: an endpoint that did not come back
// Returns what generator.mjs returns, { facts, close() } with it. What the user can mend is a UserError.
export async function prepare(given) {
	const options = { ...DEFAULTS, say: () => {}, onBlock: () => {}, fail: () => {}, ...given };
	const waits = { first: options.wait, again: options.lost };
	const open = [];
	let load;
	const fail = (error) => {
		options.fail(error);
		load?.fail(error);
	};
	const close = () => open.forEach((node) => node.close());
	try {
		let onStatus = () => {};
		const node = await connect(options.para, {
			...{ option: '--para', pallets: ['System'], waits, fail },
			onStatus: (status) => onStatus(status),
		});
		open.push(node);
		let relay;
		let para;
		if (options.relay !== undefined) {
			relay = await connect(options.relay, { option: '--relay', pallets: ['Paras'], waits, fail });
			open.push(relay);
			para = options.paraId ?? (await idOf(node));
		}
		const ready = await onChain(node, options);
		const chain = chainOf({
			...{ node, relay, para, accounts: ready.accounts },
			learn: async () => {
				const { compose, calls } = await learnFrom(node);
				return { compose, callOf: ready.callOf(calls) };
			},
			statuses: (listener) => (onStatus = listener),
		});
		load = generator({
			...{ chain, transactions: ready.transactions, firstNonces: ready.firstNonces, limits: ready.limits, onBlock: options.onBlock },
			settings: {
				rate: options.rate,
				backlog: ready.facts.backlog,
				patience: options.patience * 1000,
				limit: options.limit * 1000,
				inclusion: relay !== undefined,
			},
		});
		return {
			...load,
			facts: ready.facts,
			close() {
				load.stop();
				close();
			},
		};
	} catch (error) {
		close();
		throw error;
	}
}

async function idOf({ api, answer, url }) {
	try {
		return await answer('its parachain id', api.query.ParachainInfo.ParachainId.getValue());
	} catch (error) {
		throw new UserError(`${url} does not tell its parachain id (${messageOf(error)}); give it with --para-id`);
	}
}

async function learnFrom({ api, client, answer, url }) {
	try {
		const [{ hash }] = await client.getBestBlocks();
		return await answer('how its transactions look', Promise.all([learn(api, hash), learnCalls(api)]).then(([compose, calls]) => ({ compose, calls })));
	} catch (error) {
		if (error instanceof UnknownExtensions || /not found|Runtime entry|encoded as/.test(messageOf(error))) {
			throw new UserError(`${url} is of a chain that cannot be loaded: ${messageOf(error)}; give one with the pallets Balances, System and Utility of the SDK`);
		}
		throw error;
	}
}

// All that needs the parachain's node.
async function onChain(node, options) {
	const { say } = options;
	const { compose, calls } = await learnFrom(node);
	const accounts = deriveAccounts({ count: options.accounts, scheme: options.keys, seed: options.seed });
	const limits = await limitsOf(node);
	const context = { node, calls, compose, say, funder: devAccount(options.funder) };
	const state = stateKeys(options.seed, options.state);
	const needsState = options.kind === 'burn' && (options.fill !== undefined || options.reads > 0);
	if (needsState) await fillState(context, state);

	const sized = options.kind === 'burn' ? await sizeOf({ node, calls, compose, accounts, state, limits, options }) : undefined;
	const callOf = (calls) => (sized ? burning({ calls, accounts, state, ...sized }) : transfers({ calls, accounts, amount: AMOUNT }));
	const made = transactions({ accounts, callOf: callOf(calls), compose });
	const sample = made.make({ account: 0, nonce: 0, tip: 0 });
	const { refTime, proofSize, fee } = await node.weigh(sample);
	checkSize({ refTime: refTime + limits.normal.baseRefTime, proofSize: proofSize + sample.length, length: sample.length }, limits.normal);

	const each = Math.ceil((options.rate * (options.seconds ?? OPEN_END)) / accounts.length) + 2;
	await fund(context, accounts, BigInt(each) * (fee * FEE_MARGIN + AMOUNT) + 100n * AMOUNT + (await node.api.constants.Balances.ExistentialDeposit()));

	const firstNonces = await nextNonces(node, accounts);
	const speed = signaturesPerSecond(accounts, sample.subarray(0, 256));
	say(`this machine makes ${Math.round(speed)} signatures per second (${options.keys})`);
	if (speed * SIGNING_SHARE < options.rate) {
		const count = Math.ceil(options.rate * Math.min(options.seconds ?? OPEN_END, OPEN_END));
		say(`signing ${count} transactions ahead, about ${Math.ceil(count / speed)} s`);
		made.signAhead(firstNonces, count);
	}
	const backlog = options.backlog ?? Math.max(1, Math.min(BACKLOG.transactions, Math.floor(BACKLOG.bytes / sample.length)));
	const facts = {
		signaturesPerSecond: speed,
		backlog,
		call: { kind: options.kind, length: sample.length, refTime, proofSize, ...sized },
		limits: { refTime: limits.block.refTime, proofSize: limits.block.proofSize, length: limits.block.length, normal: limits.normal },
	};
	return { accounts, callOf, transactions: made, firstNonces, limits: limits.block, facts };
}

// Limits of a block, as the metadata has them: on a chain whose limits change, those at the time it was
// read.
async function limitsOf({ api, answer }) {
	const [weights, length] = await answer('the limits of its blocks', Promise.all([api.constants.System.BlockWeights(), api.constants.System.BlockLength()]));
	const { normal } = weights.per_class;
	const total = normal.max_total ?? weights.max_block;
	const one = normal.max_extrinsic ?? total;
	return {
		block: { refTime: Number(weights.max_block.ref_time), proofSize: Number(weights.max_block.proof_size), length: (length.max ?? length).operational },
		normal: {
			refTime: Number(total.ref_time),
			proofSize: Number(total.proof_size),
			length: (length.max ?? length).normal,
			baseRefTime: Number(normal.base_extrinsic.ref_time),
			one: { refTime: Number(one.ref_time) + Number(normal.base_extrinsic.ref_time), proofSize: Number(one.proof_size), length: (length.max ?? length).normal },
		},
	};
}

const UNITS = {
	refTime: ['ms of reference time', PICOSECONDS, 'ask for less with --weight, or for more calls to a block with --fill'],
	proofSize: ['KiB of proof', 1024, 'ask for less with --weight, --payload or --reads, or for more calls to a block with --fill'],
	length: ['KiB of length', 1024, 'ask for less with --payload, or for more calls to a block with --fill'],
};

function checkSize(size, { one }) {
	for (const [name, [unit, divisor, remedy]] of Object.entries(UNITS)) {
		if (size[name] <= one[name]) continue;
		throw new UserError(`a transaction would take ${Math.ceil(size[name] / divisor)} ${unit}, and a block takes none of more than ${Math.floor(one[name] / divisor)}; ${remedy}`);
	}
}

// { reads, repeats, payload } of the burning call.
async function sizeOf({ node, calls, compose, accounts, state, limits, options }) {
	const weigh = async (size) => {
		const made = transactions({ accounts, callOf: burning({ calls, accounts, state, ...size }), compose }).make({ account: 0, nonce: 0, tip: 0 });
		const { refTime } = await node.weigh(made);
		return { refTime: refTime + limits.normal.baseRefTime, length: made.length };
	};
	// What looking up one account adds; both calls have lists, and neither has a payload.
	const [few, many] = [await weigh({ reads: 0, repeats: 1, payload: 0 }), await weigh({ reads: 0, repeats: 101, payload: 0 })];
	const perLook = (many.refTime - few.refTime) / 100;
	const lengthPerLook = (many.length - few.length) / 100;

	let [wanted, payload, reads] = [options.weight * PICOSECONDS, Math.round(options.payload * 1024), options.reads];
	if (options.fill !== undefined) {
		const share = (name) => limits.normal[name] / options.fill;
		wanted = share('refTime');
		// Lists and payload share the length; the rest of the proof is state.
		const length = share('length') * LENGTH_SHARE;
		const looks = Math.max(0, (wanted - few.refTime) / perLook);
		payload = Math.max(0, Math.floor(length - few.length - looks * lengthPerLook));
		reads = Math.min(Math.floor(looks), await readsFor(node, state, Math.max(0, limits.normal.proofSize - length * options.fill), options.fill));
	}
	const without = await weigh({ reads, repeats: 0, payload });
	return { reads, payload, repeats: Math.max(0, Math.round((wanted - without.refTime) / perLook)) };
}

// How many accounts each of `fill` calls has to look up, for all of them to take `bytes` of proof. The
// more are looked up in a block the less each adds, so it is tried.
async function readsFor(node, state, bytes, fill) {
	let [enough, tooFew] = [state.length, 0];
	if ((await proofOf(node, state)) <= bytes) return Math.ceil(state.length / fill);
	while (enough - tooFew > state.length / 20) {
		const middle = Math.floor((enough + tooFew) / 2);
		if ((await proofOf(node, state.slice(0, middle))) < bytes) tooFew = middle;
		else enough = middle;
	}
	return Math.ceil(enough / fill);
}

// Of transactions in the pool, too: an earlier run may have left some.
async function nextNonces(node, accounts) {
	const nonces = [];
	for (let at = 0; at < accounts.length; at += 100) {
		const part = accounts.slice(at, at + 100).map(({ address }) => node.request('the next nonce', 'system_accountNextIndex', [address]));
		nonces.push(...(await Promise.all(part)).map(Number));
	}
	return nonces;
}
