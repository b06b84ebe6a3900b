// Observes a parachain and its relay chain through two endpoints, and tells what happens as the events of
// pipeline.mjs.
import { decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings';
import { within } from './bounded.mjs';
import { open } from './endpoint.mjs';
import { follow } from './follow.mjs';
import { bytes, decodeHead, relaySlot, relevantDigests } from './header.mjs';
import { relayEvents } from './relay-events.mjs';
import { UserError } from './user-error.mjs';

const ROLES = {
	relay: { name: 'the relay chain\'s endpoint', option: '--relay', pallet: 'ParaInclusion', kind: 'relay chain' },
	para: { name: 'the parachain\'s endpoint', option: '--para', pallet: 'ParachainSystem', kind: 'parachain' },
};

// Seconds for one answer of a node that did answer before.
const ANSWER = 60;

const message = (error) => String(error?.message ?? error).split('\n')[0];

// Starts observing. `emit` gets each event, `fail` the error that ends it; what comes of the start itself is
// thrown. `waits`: { first, again }, seconds until an endpoint that never answered, or one that went away,
// is given up. Returns { para, close }.
export async function observe({ urls, paraId, waits, emit, fail }) {
	let closed = false;
	const endpoints = {};
	const close = () => {
		closed = true;
		return Promise.all(Object.values(endpoints).map((endpoint) => endpoint.close()));
	};
	const stop = (error) => {
		if (closed) return;
		close();
		fail(error);
	};
	const tell = (from, event) => {
		if (!closed) emit({ t: Date.now(), from, ...event });
	};

	try {
		for (const role of ['relay', 'para']) endpoints[role] = connect(role, urls[role], { waits, tell, stop });
		const chains = await Promise.all(['relay', 'para'].map((role) => endpoints[role].firstAnswer()));
		const [relay, parachain] = chains;
		const para = paraId ?? (await idOf(parachain, urls.para));
		await within(ANSWER, `${ROLES.relay.name} to tell of parachain ${para}`, knows(relay, para, urls.relay));
		tell('observer', { type: 'start', para });

		const relayParents = new Map();
		const asked = runtimeOf(parachain, relay, { relayParents, para, tell: (event) => tell('para', event) });
		endpoints.para.follow(
			({ hash }) => describeParaBlock(parachain, hash),
			(event) => {
				tell('para', event);
				if (event.type === 'best') asked.limits(event.hash);
			},
		);
		endpoints.relay.follow(
			(block, root) => describeRelayBlock(relay, para, block, root),
			(event) => {
				tell('relay', event);
				if (event.type === 'block') remember(relayParents, event);
				if (event.type === 'best') asked.admission(event.hash);
			},
		);
		return { para, close };
	} catch (error) {
		close();
		throw error;
	}
}

function answer(promise) {
	return within(ANSWER, 'an answer', promise);
}

// --- Endpoints ------------------------------------------------------------------------------------

// One endpoint, from the first attempt to the last. `firstAnswer` resolves with { client, api } if it is
// what it should be; then `follow` tells its chain.
function connect(role, url, { waits, tell, stop }) {
	const { name, option, pallet, kind } = ROLES[role];
	let reached = false;
	let answered = false;
	let patience;
	let follower;
	const onStatus = (status) => {
		reached ||= status === 'up';
		clearTimeout(patience);
		if (!answered) return;
		// What was read before the connection broke comes before its return.
		if (status === 'up') return follower?.inTurn(() => tell(role, { type: 'up' }));
		tell(role, { type: 'down' });
		patience = setTimeout(() => {
			stop(new UserError(`${name} ${url} went away and did not come back within ${waits.again} s; see whether the node still runs, and start the observer again`));
		}, waits.again * 1000);
	};
	const { client, close } = open(url, { onStatus });
	const api = client.getUnsafeApi();
	const firstAnswer = async () => {
		let metadata;
		try {
			metadata = await within(waits.first, 'the metadata', client.getFinalizedBlock().then(({ hash }) => client.getMetadata(hash)));
		} catch {
			const what = reached ? 'took the connection, but did not answer as a node does' : 'could not be reached';
			throw new UserError(`${name} ${url} ${what} within ${waits.first} s; see that a node runs there, and give its WebSocket address with ${option}`);
		}
		const pallets = unifyMetadata(decAnyMetadata(metadata)).pallets.map((pallet) => pallet.name);
		if (!pallets.includes(pallet)) {
			throw new UserError(`${name} ${url} is none of a ${kind}: its runtime has no pallet ${pallet}; give the address of a ${kind}'s node with ${option}`);
		}
		answered = true;
		return { client, api };
	};
	return {
		firstAnswer,
		follow: (describe, emit) => {
			follower = follow(client, {
				describe,
				emit,
				fail: (error) => stop(new UserError(`${name} ${url} gave an answer that cannot be understood: ${message(error)}`)),
			});
		},
		close: () => {
			clearTimeout(patience);
			follower?.close();
			return close();
		},
	};
}

async function idOf({ api }, url) {
	try {
		return await answer(api.query.ParachainInfo.ParachainId.getValue());
	} catch (error) {
		throw new UserError(`${ROLES.para.name} ${url} does not tell its parachain id (${message(error)}); give it with --para-id`);
	}
}

async function knows({ api }, para, url) {
	if ((await api.query.Paras.Heads.getValue(para)) === undefined) {
		throw new UserError(`${ROLES.relay.name} ${url} knows no parachain ${para}; give the relay chain that it belongs to with --relay, or another id with --para-id`);
	}
}

// --- Blocks ---------------------------------------------------------------------------------

// undefined for a header that is not to be had, such as that of a fork which the node has dropped.
async function describeParaBlock({ client }, hash) {
	try {
		return { digests: relevantDigests((await answer(client.getBlockHeader(hash))).digests) };
	} catch {
		return undefined;
	}
}

// What a relay block says of the parachain. A block that cannot be read does not end the observation: it
// says why in `unread`.
async function describeRelayBlock({ api }, para, { hash }, root) {
	const at = { at: hash };
	try {
		const [records, next, head] = await Promise.all([
			answer(api.query.System.Events.getValue(at)),
			answer(nextCores(api, para, at)),
			root ? answer(api.query.Paras.Heads.getValue(para, at)) : undefined,
		]);
		return { ...relayEvents(records, para), next, ...(root && { root, head: head && bytes.dec(head) }) };
	} catch (error) {
		return { candidates: [], next: null, ...(root && { root }), unread: message(error) };
	}
}

// The cores at the front of whose claim queue the parachain is: those that are its in the next relay block.
// null from a relay chain whose runtime has no such call.
async function nextCores(api, para, at) {
	try {
		const queue = await api.apis.ParachainHost.claim_queue(at);
		return [...queue].filter(([, paras]) => paras[0] === para).map(([core]) => core);
	} catch (error) {
		if (isAbsent(error)) return null;
		throw error;
	}
}

// Whether polkadot-api says that the runtime has no such entry.
function isAbsent(error) {
	return /^Runtime entry .* not found$/.test(message(error));
}

function remember(relayParents, { hash, number, parent }) {
	relayParents.set(hash, { number, parent });
	for (const [old, block] of relayParents) if (block.number < number - 64) relayParents.delete(old);
}

// --- Our runtime's own calls ----------------------------------------------------------------------

// Asks `VelocityApi` of a runtime that has it, and tells the answers. On other runtimes nothing is asked, and
// a question that fails is left out: it is no part of the pipeline.
function runtimeOf({ api, client }, relay, { relayParents, para, tell }) {
	let last;
	let lastAsked;
	const quietly = (ask) => ask().catch(() => {});
	return {
		// The limits that hold after the parachain block `hash`, if they are others than before.
		limits: (hash) =>
			quietly(async () => {
				const limits = plain(await api.apis.VelocityApi.limits({ at: hash }));
				if (JSON.stringify(limits) === JSON.stringify(last)) return;
				last = limits;
				tell({ type: 'limits', limits });
			}),
		// Whether a block may be built now that the relay block `hash` has come. Its relay parent would be as
		// many blocks behind that as the runtime says, and included what was included there.
		admission: (hash) =>
			quietly(async () => {
				lastAsked = hash;
				let relayParent = hash;
				for (let back = await offset(api); back > 0; back -= 1) relayParent = relayParents.get(relayParent).parent;
				const [head, header] = await Promise.all([
					relay.api.query.Paras.Heads.getValue(para, { at: relayParent }),
					relay.client.getBlockHeader(relayParent),
				]);
				const included = decodeHead(bytes.dec(head)).hash;
				const [best] = await client.getBestBlocks();
				const answer = await api.apis.VelocityApi.admission(included, BigInt(relaySlot(header.digests)), { at: best.hash });
				// An answer to a question that is no longer asked would be shown at the wrong relay block.
				if (hash !== lastAsked) return;
				tell({ type: 'admission', relay: hash, verdict: verdictOf(plain(answer)) });
			}),
	};
}

// polkadot-api takes a record of one field for the field.
function verdictOf({ success, value }) {
	if (!success) return { refusal: value };
	return typeof value === 'number' ? { room: value } : value;
}

async function offset(api) {
	try {
		return await api.apis.RelayParentOffsetApi.relay_parent_offset();
	} catch (error) {
		if (isAbsent(error)) return 0;
		throw error;
	}
}

// As JSON can hold it: the numbers here are slots and counts, far below where a double loses any.
function plain(value) {
	return JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}
