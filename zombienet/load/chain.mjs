// Reads the parachain and the relay chain for generator.mjs.
import { decodeHead } from 'conveyor-observer/header';
import { relayEvents } from 'conveyor-observer/relay-events';
import { branch } from './branch.mjs';
import { accountsOf } from './funding.mjs';
import { signatureOf } from './scale.mjs';

// `node`, and `relay` if inclusion is followed, are those of node.mjs. `statuses` subscribes to 'up' and 'down' of
// the first. `learn` is called for each new runtime.
export function chainOf({ node, relay, para, accounts, learn, statuses }) {
	return {
		submit: (bytes) => node.submit(bytes),
		nonces: async (hash) => (await accountsOf(node, accounts.map(({ address }) => address), hash)).map(({ nonce }) => nonce),
		async runtime() {
			const { specName, specVersion, transactionVersion } = await node.request('the runtime version', 'state_getRuntimeVersion', []);
			return `${specName} ${specVersion}/${transactionVersion}`;
		},
		learn,
		start(emit) {
			statuses((status) => {
				if (status === 'down') emit({ type: 'down' });
				// Blocks that were read before the connection broke come before the event `up`.
				else node.inTurn(() => emit({ type: 'up' }));
			});
			node.follow((block, root) => describe(node, block, root), emit);
			if (relay) followInclusion(relay, para, emit);
		},
	};
}

// A block that cannot be read is `unread`. Its transactions are then found by the nonces of their accounts.
async function describe({ client, api, response }, { hash }, root) {
	const at = { at: hash };
	try {
		const body = await response('the body of a block', client.getBlockBody(hash));
		const signatures = body.map(signatureOf);
		const isSigned = signatures.some((signature) => signature !== undefined);
		const [weight, records] = await Promise.all([
			response('the weight of a block', api.query.System.BlockWeight.getValue(at)),
			isSigned ? response('the events of a block', api.query.System.Events.getValue(at)) : [],
		]);
		const total = (name) => Object.values(weight).reduce((sum, part) => sum + Number(part[name]), 0);
		return {
			root,
			signatures: signatures.filter((signature) => signature !== undefined),
			failures: failuresIn(records).map(([index, text]) => [signatures[index], text]),
			refTime: total('ref_time'),
			proofSize: total('proof_size'),
			length: body.reduce((sum, transaction) => sum + transaction.length, 0),
		};
	} catch {
		return { root, unread: true };
	}
}

// Returns [index in the block, error] of the failed transactions.
function failuresIn(records) {
	return records
		.filter(({ event, phase }) => phase.type === 'ApplyExtrinsic' && event.type === 'System' && event.value.type === 'ExtrinsicFailed')
		.map(({ event, phase }) => [phase.value, nameOf(event.value.value.dispatch_error)]);
}

// Returns Module.Balances.InsufficientBalance for
// { type: 'Module', value: { type: 'Balances', value: { type: 'InsufficientBalance' } } }.
function nameOf(error) {
	return error?.type === undefined ? '' : [error.type, nameOf(error.value)].filter((part) => part !== '').join('.');
}

// Emits the heads of candidates that are included on the relay chain's best chain. The ancestors of a head are
// included with it.
function followInclusion({ api, response, follow }, para, emit) {
	const tree = branch();
	const heads = new Map();
	follow(
		async ({ hash }, root) => {
			try {
				const records = await response('the events of a relay block', api.query.System.Events.getValue({ at: hash }));
				return { root, included: relayEvents(records, para).candidates.filter(({ kind }) => kind === 'included').map(({ head }) => decodeHead(head)?.hash) };
			} catch {
				return { root, included: [] };
			}
		},
		(event) => {
			if (event.type === 'block') {
				tree.add(event);
				heads.set(event.hash, event.included);
			} else if (event.type === 'best') {
				for (const joined of tree.best(event.hash).enacted) {
					for (const head of heads.get(joined) ?? []) if (head) emit({ type: 'included', hash: head });
					heads.delete(joined);
				}
			} else {
				tree.finalize(event.hash);
			}
		},
	);
}
