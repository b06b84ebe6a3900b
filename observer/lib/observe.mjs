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
		tell('observer', { type: 'start', para, relayParentOffset: await answer(offset(parachain.api)).catch(() => undefined) });

		const relayParents = new Map();
		const ask = runtimeOf(parachain, relay, { relayParents, para, tell: (event) => tell('para', event) });
		endpoints.para.follow(
			({ hash }) => describeParaBlock(parachain, hash),
			(event) => tell('para', event),
		);
		endpoints.relay.follow(
			(block, root) => describeRelayBlock(relay, para, block, root),
			(event) => {
				tell('relay', event);
				if (event.type === 'block') remember(relayParents, event);
				if (event.type === 'best') ask(event.hash).catch(() => {});
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

// Asks the parachain's runtime for what it knows of its pipeline, when the relay block `hash` has come:
// `VelocityApi` and `UnincludedSegmentApi`, and of another runtime nothing. An answer that does not come is
// left out: none of this is needed for the pipeline.
function runtimeOf({ api, client }, relay, { relayParents, para, tell }) {
	let lastAsked;
	// Whether a block may be built now. Its relay parent would be as many blocks behind `hash` as the runtime
	// says, and included what was included there.
	const admission = async (hash, at) => {
		let relayParent = hash;
		for (let back = await offset(api); back > 0; back -= 1) relayParent = relayParents.get(relayParent).parent;
		const [head, header] = await Promise.all([
			relay.api.query.Paras.Heads.getValue(para, { at: relayParent }),
			relay.client.getBlockHeader(relayParent),
		]);
		const included = decodeHead(bytes.dec(head)).hash;
		return verdictOf(await api.apis.VelocityApi.admission(included, BigInt(relaySlot(header.digests)), at));
	};
	return async (hash) => {
		lastAsked = hash;
		const [best] = await client.getBestBlocks();
		const at = { at: best.hash };
		const answers = await answered({
			limits: api.apis.VelocityApi.limits(at),
			scheduled: api.apis.VelocityApi.scheduled_limits(at),
			admission: admission(hash, at),
			unincluded: api.apis.UnincludedSegmentApi.segment(at).then(({ success, value }) => (success ? value.length : undefined)),
			stats: api.apis.UnincludedSegmentApi.stats(at).then(({ success, value }) => (success ? value : undefined)),
		});
		// An answer to a question that is no longer asked would be shown at the wrong relay block.
		if (hash === lastAsked && Object.keys(answers).length > 0) tell({ type: 'runtime', relay: hash, ...answers });
	};
}

// What came of `promises`, by the same names, of those that came to something; as JSON can hold it. The
// numbers here are slots and counts, far below where a double loses any.
async function answered(promises) {
	const outcomes = await Promise.allSettled(Object.values(promises));
	const all = Object.fromEntries(Object.keys(promises).map((name, at) => [name, outcomes[at].value]));
	return JSON.parse(JSON.stringify(all, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}

// polkadot-api takes a record of one field for the field.
function verdictOf({ success, value }) {
	if (!success) return { refusal: value };
	return typeof value === 'number' ? { room: value } : value;
}

// The parachain's relay parent offset: 0 if its runtime has none.
async function offset(api) {
	try {
		return await api.apis.RelayParentOffsetApi.relay_parent_offset();
	} catch (error) {
		if (isAbsent(error)) return 0;
		throw error;
	}
}
