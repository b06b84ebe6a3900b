// Prepares a load: connects, learns the format of transactions, sizes the calls, funds the accounts, measures the
// signatures.
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
	// In seconds.
	patience: 30,
	limit: 300,
	wait: 20,
	lost: 600,
};

// The default backlog: transactions, and bytes of them. At most half of a pool's default size (8192 and 20 MiB),
// because others may use the pool too.
const BACKLOG = { transactions: 1000, bytes: 8 * 1024 * 1024 };
// The amount of a transfer, in the smallest unit of the token.
const AMOUNT = 1_000_000n;
// Factor on the estimated fee, because fees rise while blocks are full.
const FEE_MARGIN = 2n;
// Seconds of sending that accounts are funded for if the duration is unknown.
const OPEN_END = 3600;
// Signatures are made in advance if they would take more than this share of a core.
const SIGNING_SHARE = 0.1;
// Share of a block's length for calls that fill it. Inherents need the rest.
const LENGTH_SHARE = 0.97;
const PICOSECONDS = 1e9;

// `options` are those of DEFAULTS, and
//   para        address of a node of the parachain (or of any chain, without `relay`)
//   relay       address of a node of its relay chain, to follow inclusion
//   paraId      needed if the runtime does not return it
//   fill        number of burning calls that fill a block, in place of weight, payload and reads
//   seconds     duration of sending
//   say         gets lines about the preparation
//   onBlock     gets each block of the best chain
//   fail        gets the error that ends the load: a lost endpoint
// Returns the result of generator.mjs, with { facts, close() }. Errors that the user can fix are UserErrors.
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

async function idOf({ api, response, url }) {
	try {
		return await response('the parachain id', api.query.ParachainInfo.ParachainId.getValue());
	} catch (error) {
		throw new UserError(`${url} does not return its parachain id (${messageOf(error)}); pass it with --para-id`);
	}
}

async function learnFrom({ api, client, response, url }) {
	try {
		const [{ hash }] = await client.getBestBlocks();
		return await response('the format of its transactions', Promise.all([learn(api, hash), learnCalls(api)]).then(([compose, calls]) => ({ compose, calls })));
	} catch (error) {
		if (error instanceof UnknownExtensions || /not found|Runtime entry|encoded as/.test(messageOf(error))) {
			throw new UserError(`${url} has an unsupported chain: ${messageOf(error)}; pass a chain with the SDK's pallets Balances, System and Utility`);
		}
		throw error;
	}
}

// Prepares everything that needs the parachain's node.
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
		say(`signing ${count} transactions in advance, about ${Math.ceil(count / speed)} s`);
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

// Returns the limits of a block from the metadata. On a chain whose limits change they are those at the time of
// reading.
async function limitsOf({ api, response }) {
	const [weights, length] = await response('the limits of its blocks', Promise.all([api.constants.System.BlockWeights(), api.constants.System.BlockLength()]));
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
	refTime: ['ms of reference time', PICOSECONDS, 'reduce --weight, or use more calls per block with --fill'],
	proofSize: ['KiB of proof', 1024, 'reduce --weight, --payload or --reads, or use more calls per block with --fill'],
	length: ['KiB of length', 1024, 'reduce --payload, or use more calls per block with --fill'],
};

function checkSize(size, { one }) {
	for (const [name, [unit, divisor, remedy]] of Object.entries(UNITS)) {
		if (size[name] <= one[name]) continue;
		throw new UserError(`a transaction would take ${Math.ceil(size[name] / divisor)} ${unit}, but the limit of a transaction is ${Math.floor(one[name] / divisor)}; ${remedy}`);
	}
}

// Returns { reads, repeats, payload } of the burning call.
async function sizeOf({ node, calls, compose, accounts, state, limits, options }) {
	const weigh = async (size) => {
		const made = transactions({ accounts, callOf: burning({ calls, accounts, state, ...size }), compose }).make({ account: 0, nonce: 0, tip: 0 });
		const { refTime } = await node.weigh(made);
		return { refTime: refTime + limits.normal.baseRefTime, length: made.length };
	};
	// The cost of reading one account. Both samples have lists without a payload.
	const [few, many] = [await weigh({ reads: 0, repeats: 1, payload: 0 }), await weigh({ reads: 0, repeats: 101, payload: 0 })];
	const perLook = (many.refTime - few.refTime) / 100;
	const lengthPerLook = (many.length - few.length) / 100;

	let [wanted, payload, reads] = [options.weight * PICOSECONDS, Math.round(options.payload * 1024), options.reads];
	if (options.fill !== undefined) {
		const share = (name) => limits.normal[name] / options.fill;
		wanted = share('refTime');
		// Lists and payload share the length; the rest of the proof comes from state reads.
		const length = share('length') * LENGTH_SHARE;
		const looks = Math.max(0, (wanted - few.refTime) / perLook);
		payload = Math.max(0, Math.floor(length - few.length - looks * lengthPerLook));
		reads = Math.min(Math.floor(looks), await readsFor(node, state, Math.max(0, limits.normal.proofSize - length * options.fill), options.fill));
	}
	const without = await weigh({ reads, repeats: 0, payload });
	return { reads, payload, repeats: Math.max(0, Math.round((wanted - without.refTime) / perLook)) };
}

// Returns how many accounts each of `fill` calls must read for `bytes` of proof in total. The cost per account
// falls with their number, so it is found by trials.
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

// Includes transactions in the pool: an earlier run may have left some.
async function nextNonces(node, accounts) {
	const nonces = [];
	for (let at = 0; at < accounts.length; at += 100) {
		const part = accounts.slice(at, at + 100).map(({ address }) => node.request('the next nonce', 'system_accountNextIndex', [address]));
		nonces.push(...(await Promise.all(part)).map(Number));
	}
	return nonces;
}
