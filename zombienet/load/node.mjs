// One endpoint of a chain: connected, tried, asked and followed.
import { UserError } from 'conveyor-observer/user-error';
import { within } from 'conveyor-observer/bounded';
import { open } from 'conveyor-observer/endpoint';
import { follow } from 'conveyor-observer/follow';
import { hex, littleEndian, readCompact } from './scale.mjs';
import { meaningOf } from './refusals.mjs';

// Seconds for one answer of a node that did answer before.
const ANSWER = 60;

export const messageOf = (error) => String(error?.message ?? error).split('\n')[0];

// Connects to `url`, which the user gave as `option` and which must be that of a node whose runtime has
// the `pallets`. `waits`: { first, again }, seconds for its first answer, and until one that went away is
// given up. `onStatus` gets 'up' and 'down', `fail` the error that ends it. What comes of the start is
// thrown.
export async function connect(url, { option, pallets, waits, onStatus = () => {}, fail }) {
	const name = `the node of ${option}, ${url},`;
	let reached = false;
	let answered = false;
	let closed = false;
	let patience;
	let follower;
	const { client, close: disconnect } = open(url, {
		onStatus(status) {
			reached ||= status === 'up';
			clearTimeout(patience);
			if (!answered || closed) return;
			onStatus(status);
			if (status === 'up') return;
			patience = setTimeout(() => {
				fail(new UserError(`${name} went away and did not come back within ${waits.again} s; see whether it still runs, or wait longer with --lost`));
			}, waits.again * 1000);
		},
	});
	const close = () => {
		closed = true;
		clearTimeout(patience);
		follower?.close();
		disconnect();
	};
	const api = client.getUnsafeApi();
	const request = (method, params) => client._request(method, params);
	const answer = (what, promise) => within(ANSWER, `${name} to tell ${what}`, promise);
	try {
		try {
			await within(waits.first, 'the metadata', client.getFinalizedBlock().then(({ hash }) => client.getMetadata(hash)));
		} catch {
			const what = reached ? 'took the connection, but did not answer as a node does' : 'could not be reached';
			throw new UserError(`${name} ${what} within ${waits.first} s; see that a node runs there, and give its WebSocket address with ${option}`);
		}
		for (const pallet of pallets) {
			const item = PROOF_OF[pallet];
			await answer(pallet, api.query[pallet][item].getValue(...(pallet === 'Paras' ? [0] : []))).catch((error) => {
				throw new UserError(`${name} is none of the chain that ${option} wants: its runtime has no ${pallet}.${item} (${messageOf(error)}); give another address`);
			});
		}
		answered = true;
	} catch (error) {
		close();
		throw error;
	}

	return {
		url,
		client,
		api,
		answer,
		close,
		request: (what, method, params) => answer(what, request(method, params)),
		// { kind, text } of the node's answer; never rejects.
		submit: (bytes) => within(ANSWER, 'an answer', request('author_submitExtrinsic', [hex(bytes)])).then(() => ({ kind: 'taken' }), meaningOf),
		// { refTime, proofSize, fee } that a signed transaction is declared to take, its length not counted.
		async weigh(bytes) {
			const argument = Buffer.concat([bytes, littleEndian(bytes.length, 4)]);
			const given = await answer('what a transaction weighs', request('state_call', ['TransactionPaymentApi_query_info', hex(argument)]));
			const encoded = Buffer.from(given.slice(2), 'hex');
			const [refTime, proofAt] = readCompact(encoded);
			const [proofSize, classAt] = readCompact(encoded, proofAt);
			const fee = encoded.readBigUInt64LE(classAt + 1) + (encoded.readBigUInt64LE(classAt + 9) << 64n);
			return { refTime: Number(refTime), proofSize: Number(proofSize), fee };
		},
		follow(describe, emit) {
			follower = follow(client, {
				describe,
				emit,
				fail: (error) => fail(new UserError(`${name} gave an answer that cannot be understood: ${messageOf(error)}`)),
			});
		},
		// Calls `work` once all that was read before is told.
		inTurn: (work) => (follower ? follower.inTurn(work) : work()),
	};
}

// An entry of storage that runtimes with this pallet have.
const PROOF_OF = { System: 'BlockWeight', ParachainSystem: 'ValidationData', Paras: 'Heads' };
