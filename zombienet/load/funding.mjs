// Funds the sending accounts, and creates the accounts that burning calls read.
import { firstOf } from 'conveyor-observer/bounded';
import { UserError } from 'conveyor-observer/user-error';
import { ss58Address } from '@polkadot-labs/hdkd-helpers';

// Number of transfers in one transaction, and of accounts in one request.
const BATCH = 200;
const QUESTION = 500;
// Maximum number of funding transactions in flight. A pool has room for many more.
const IN_FLIGHT = 50;
// Time limit in seconds for a step of the funding to be finalized.
const FINALITY = 300;

function chunks(list, size) {
	return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

// Returns { nonce, free } of each address, in block `at` (default: the finalized block).
export async function accountsOf({ api, response }, addresses, at) {
	const found = [];
	for (const part of chunks(addresses, QUESTION)) {
		const values = await response('the accounts', api.query.System.Account.getValues(part.map((address) => [address]), { at: at ?? 'finalized' }));
		found.push(...values.map(({ nonce, data }) => ({ nonce: Number(nonce), free: data.free })));
	}
	return found;
}

// Sends the calls from the `funder`, one transaction each, and waits until they are finalized.
async function send({ node, funder, compose, what, say }, calls) {
	if (calls.length === 0) return;
	let nonce = Number(await node.request('the next nonce', 'system_accountNextIndex', [funder.address]));
	for (const part of chunks(calls, IN_FLIGHT)) {
		for (const call of part) {
			const { payload, finish } = compose({ call, nonce, tip: 0 });
			const { kind, text } = await node.submit(finish({ ...funder, signature: funder.sign(payload) }));
			if (kind !== 'taken') throw new UserError(`${what} failed: the pool rejected a transaction of ${funder.address} (${text}); check that no other program sends from this account, or pass another one with --funder`);
			nonce += 1;
		}
		await firstOf(
			FINALITY,
			`${what} to be finalized`,
			node.client.finalizedBlock$,
			async ({ hash }) => ((await accountsOf(node, [funder.address], hash))[0].nonce >= nonce ? true : undefined),
		);
		say?.(`${what}: ${calls.indexOf(part.at(-1)) + 1} of ${calls.length} transactions are finalized`);
	}
}

function batches(calls, receivers, amount) {
	return chunks(receivers, BATCH).map((part) => calls.all(part.map((to) => calls.create(to, amount))));
}

// Gives each account at least `needed`. `context`: { node, funder, calls, compose, say }.
export async function fund(context, accounts, needed) {
	const { node, funder, calls, say } = context;
	const have = async () => (await accountsOf(node, accounts.map(({ address }) => address))).map(({ free }) => free);
	const free = await have();
	const poor = accounts.filter((_, at) => free[at] < needed);
	if (poor.length === 0) return;
	const [{ free: purse }] = await accountsOf(node, [funder.address]);
	const total = needed * BigInt(poor.length);
	if (purse < total) {
		throw new UserError(`${poor.length} accounts need ${units(needed)} each, but ${funder.address} has only ${units(purse)}; reduce --accounts, --rate or --seconds, or pass a richer account with --funder`);
	}
	say(`funding ${poor.length} accounts with ${units(needed)} each`);
	await send({ ...context, what: 'the funding' }, batches(calls, poor.map(({ publicKey }) => publicKey), needed));
	const left = (await have()).filter((free) => free < needed).length;
	if (left > 0) throw new UserError(`${left} accounts still have less than ${units(needed)} after the funding; check the events of the transfers from ${funder.address}`);
}

// Creates an account with the existential deposit for each of the keys. They are created in order, so the first
// missing one shows how many exist.
export async function fillState(context, keys) {
	const { node, calls, say } = context;
	const exists = async (at) => (await accountsOf(node, [ss58Address(keys[at])]))[0].free > 0n;
	let [there, missing] = [0, keys.length];
	while (there < missing) {
		const middle = Math.floor((there + missing) / 2);
		if (await exists(middle)) there = middle + 1;
		else missing = middle;
	}
	if (there === keys.length) return;
	say(`creating ${keys.length - there} accounts for the burning calls to read`);
	const deposit = await node.api.constants.Balances.ExistentialDeposit();
	await send({ ...context, what: 'the creation of accounts' }, batches(calls, keys.slice(there), deposit));
}

// Returns the size in bytes of the proof for reading all of these accounts in one block.
export async function proofOf(node, keys) {
	const storageKeys = await Promise.all(keys.map((key) => node.api.query.System.Account.getKey(ss58Address(key))));
	const [{ hash }] = await node.client.getBestBlocks();
	const { proof } = await node.request('a proof', 'state_getReadProof', [storageKeys, hash]);
	return proof.reduce((sum, part) => sum + (part.length - 2) / 2, 0);
}

// Formats an amount of a development chain's token, which has 12 decimals.
function units(amount) {
	return `${Number(amount / 1_000_000_000n) / 1000} UNIT`;
}
