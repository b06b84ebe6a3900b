// One endpoint of a chain: connecting, requests, following blocks.
import { UserError } from 'conveyor-observer/user-error';
import { within } from 'conveyor-observer/bounded';
import { open } from 'conveyor-observer/endpoint';
import { follow } from 'conveyor-observer/follow';
import { hex, littleEndian, readCompact } from './scale.mjs';
import { meaningOf } from './refusals.mjs';

// Time limit in seconds for one response of a connected node.
const RESPONSE = 60;

export const messageOf = (error) => String(error?.message ?? error).split('\n')[0];

// Connects to `url`, the value of the option `option`. Its runtime must have the `pallets`. `waits`: { first,
// again }, time limits in seconds for the first connection and for reconnecting. `onStatus` gets 'up' and 'down',
// `fail` the error that ends it. Errors during the start are thrown.
export async function connect(url, { option, pallets, waits, onStatus = () => {}, fail }) {
	const name = `the node of ${option}, ${url},`;
	let reached = false;
	let responded = false;
	let closed = false;
	let patience;
	let follower;
	const { client, close: disconnect } = open(url, {
		onStatus(status) {
			reached ||= status === 'up';
			clearTimeout(patience);
			if (!responded || closed) return;
			onStatus(status);
			if (status === 'up') return;
			patience = setTimeout(() => {
				fail(new UserError(`${name} was lost and did not reconnect within ${waits.again} s; check that the node runs, or allow more time with --lost`));
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
	const response = (what, promise) => within(RESPONSE, `${name} to return ${what}`, promise);
	try {
		try {
			await within(waits.first, 'the metadata', client.getFinalizedBlock().then(({ hash }) => client.getMetadata(hash)));
		} catch {
			const what = reached ? 'accepted the connection, but did not respond like a Substrate node' : 'could not be reached';
			throw new UserError(`${name} ${what} within ${waits.first} s; check that a node runs there, and pass its WebSocket address with ${option}`);
		}
		for (const pallet of pallets) {
			const item = PROOF_OF[pallet];
			await response(pallet, api.query[pallet][item].getValue(...(pallet === 'Paras' ? [0] : []))).catch((error) => {
				throw new UserError(`${name} does not have the chain that ${option} needs: its runtime has no ${pallet}.${item} (${messageOf(error)}); pass another address`);
			});
		}
		responded = true;
	} catch (error) {
		close();
		throw error;
	}

	return {
		url,
		client,
		api,
		response,
		close,
		request: (what, method, params) => response(what, request(method, params)),
		// Returns { kind, text } for the node's response; never rejects.
		submit: (bytes) => within(RESPONSE, 'a response', request('author_submitExtrinsic', [hex(bytes)])).then(() => ({ kind: 'taken' }), meaningOf),
		// Returns { refTime, proofSize, fee } of a signed transaction, without its length.
		async weigh(bytes) {
			const argument = Buffer.concat([bytes, littleEndian(bytes.length, 4)]);
			const given = await response('what a transaction weighs', request('state_call', ['TransactionPaymentApi_query_info', hex(argument)]));
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
				fail: (error) => fail(new UserError(`${name} sent a response that cannot be decoded: ${messageOf(error)}`)),
			});
		},
		// Calls `work` after the events of all blocks that were read before.
		inTurn: (work) => (follower ? follower.inTurn(work) : work()),
	};
}

// A storage entry that every runtime with this pallet has.
const PROOF_OF = { System: 'BlockWeight', ParachainSystem: 'ValidationData', Paras: 'Heads' };
