// Observes a parachain and its relay chain through two endpoints and emits the events of pipeline.mjs.
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

// Time limit in seconds for one response of a connected node.
const RESPONSE = 60;

const message = (error) => String(error?.message ?? error).split('\n')[0];

// Starts observing and returns { para, close }. `emit` gets each event and `fail` the error that ends the
// observation. Errors during the start are thrown. `waits`: { first, again }, time limits in seconds for the first
// connection and for reconnecting.
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
	const emitAs = (from, event) => {
		if (!closed) emit({ t: Date.now(), from, ...event });
	};

	try {
		for (const role of ['relay', 'para']) endpoints[role] = connect(role, urls[role], { waits, emitAs, stop });
		const chains = await Promise.all(['relay', 'para'].map((role) => endpoints[role].firstResponse()));
		const [relay, parachain] = chains;
		const para = paraId ?? (await idOf(parachain, urls.para));
		await within(RESPONSE, `${ROLES.relay.name} to return the head of parachain ${para}`, knows(relay, para, urls.relay));
		emitAs('observer', { type: 'start', para, relayParentOffset: await response(offset(parachain.api)).catch(() => undefined) });

		const relayParents = new Map();
		const ask = runtimeOf(parachain, relay, { relayParents, para, emit: (event) => emitAs('para', event) });
		endpoints.para.follow(
			({ hash }) => describeParaBlock(parachain, hash),
			(event) => emitAs('para', event),
		);
		endpoints.relay.follow(
			(block, root) => describeRelayBlock(relay, para, block, root),
			(event) => {
				emitAs('relay', event);
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

function response(promise) {
	return within(RESPONSE, 'a response', promise);
}

// --- Endpoints ------------------------------------------------------------------------------------

// Keeps one endpoint connected. `firstResponse` resolves with { client, api } after the checks; then `follow`
// emits the blocks of its chain.
function connect(role, url, { waits, emitAs, stop }) {
	const { name, option, pallet, kind } = ROLES[role];
	let reached = false;
	let responded = false;
	let patience;
	let follower;
	const onStatus = (status) => {
		reached ||= status === 'up';
		clearTimeout(patience);
		if (!responded) return;
		// Blocks that were read before the connection broke are handled before the event `up`.
		if (status === 'up') return follower?.inTurn(() => emitAs(role, { type: 'up' }));
		emitAs(role, { type: 'down' });
		patience = setTimeout(() => {
			stop(new UserError(`${name} ${url} was lost and did not reconnect within ${waits.again} s; check that the node runs, then start the observer again`));
		}, waits.again * 1000);
	};
	const { client, close } = open(url, { onStatus });
	const api = client.getUnsafeApi();
	const firstResponse = async () => {
		let metadata;
		try {
			metadata = await within(waits.first, 'the metadata', client.getFinalizedBlock().then(({ hash }) => client.getMetadata(hash)));
		} catch {
			const what = reached ? 'accepted the connection, but did not respond like a Substrate node' : 'could not be reached';
			throw new UserError(`${name} ${url} ${what} within ${waits.first} s; check that a node runs there, and pass its WebSocket address with ${option}`);
		}
		const pallets = unifyMetadata(decAnyMetadata(metadata)).pallets.map((pallet) => pallet.name);
		if (!pallets.includes(pallet)) {
			throw new UserError(`${name} ${url} is not a ${kind} node: its runtime has no pallet ${pallet}; pass the address of a ${kind} node with ${option}`);
		}
		responded = true;
		return { client, api };
	};
	return {
		firstResponse,
		follow: (describe, emit) => {
			follower = follow(client, {
				describe,
				emit,
				fail: (error) => stop(new UserError(`${name} ${url} sent a response that cannot be decoded: ${message(error)}`)),
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
		return await response(api.query.ParachainInfo.ParachainId.getValue());
	} catch (error) {
		throw new UserError(`${ROLES.para.name} ${url} does not return its parachain id (${message(error)}); pass it with --para-id`);
	}
}

async function knows({ api }, para, url) {
	if ((await api.query.Paras.Heads.getValue(para)) === undefined) {
		throw new UserError(`${ROLES.relay.name} ${url} has no parachain ${para}; pass the parachain's relay chain with --relay, or another id with --para-id`);
	}
}

// --- Blocks ---------------------------------------------------------------------------------

// Returns undefined if the node does not have the header, for example of a fork that it has pruned.
async function describeParaBlock({ client }, hash) {
	try {
		return { digests: relevantDigests((await response(client.getBlockHeader(hash))).digests) };
	} catch {
		return undefined;
	}
}

// Returns what a relay block says about the parachain. A block that cannot be read does not end the observation:
// `unread` holds the reason.
async function describeRelayBlock({ api }, para, { hash }, root) {
	const at = { at: hash };
	try {
		const [records, next, head] = await Promise.all([
			response(api.query.System.Events.getValue(at)),
			response(nextCores(api, para, at)),
			root ? response(api.query.Paras.Heads.getValue(para, at)) : undefined,
		]);
		return { ...relayEvents(records, para), next, ...(root && { root, head: head && bytes.dec(head) }) };
	} catch (error) {
		return { candidates: [], next: null, ...(root && { root }), unread: message(error) };
	}
}

// Returns the cores that the claim queue assigns to the parachain in the next relay block, or null if the relay
// chain's runtime has no such API.
async function nextCores(api, para, at) {
	try {
		const queue = await api.apis.ParachainHost.claim_queue(at);
		return [...queue].filter(([, paras]) => paras[0] === para).map(([core]) => core);
	} catch (error) {
		if (isAbsent(error)) return null;
		throw error;
	}
}

// Returns whether the error means that the runtime has no such API.
function isAbsent(error) {
	return /^Runtime entry .* not found$/.test(message(error));
}

function remember(relayParents, { hash, number, parent }) {
	relayParents.set(hash, { number, parent });
	for (const [old, block] of relayParents) if (block.number < number - 64) relayParents.delete(old);
}

// --- The runtime APIs of Conveyor -----------------------------------------------------------------

// Calls `VelocityApi` and `UnincludedSegmentApi` of the parachain's runtime after each relay block. A call that
// fails is left out: the pipeline does not depend on it. Other runtimes have neither API.
function runtimeOf({ api, client }, relay, { relayParents, para, emit }) {
	let lastAsked;
	// Asks whether a block may be built now. Its relay parent is `relay parent offset` blocks below `hash`, and
	// its included head is the one at that relay parent.
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
		const results = await fulfilled({
			limits: api.apis.VelocityApi.limits(at),
			scheduled: api.apis.VelocityApi.scheduled_limits(at),
			admission: admission(hash, at),
			unincluded: api.apis.UnincludedSegmentApi.segment(at).then(({ success, value }) => (success ? value.length : undefined)),
			stats: api.apis.UnincludedSegmentApi.stats(at).then(({ success, value }) => (success ? value : undefined)),
		});
		// A late result would be shown at the wrong relay block.
		if (hash === lastAsked && Object.keys(results).length > 0) emit({ type: 'runtime', relay: hash, ...results });
	};
}

// Returns the values of those `promises` that are fulfilled, under the same names, in a form that JSON can hold.
// The numbers are slots and counts, far below the limit of exact doubles.
async function fulfilled(promises) {
	const outcomes = await Promise.allSettled(Object.values(promises));
	const all = Object.fromEntries(Object.keys(promises).map((name, at) => [name, outcomes[at].value]));
	return JSON.parse(JSON.stringify(all, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}

// polkadot-api decodes a struct with one field as the field itself.
function verdictOf({ success, value }) {
	if (!success) return { refusal: value };
	return typeof value === 'number' ? { room: value } : value;
}

// Returns the parachain's relay parent offset, or 0 if its runtime has no such API.
async function offset(api) {
	try {
		return await api.apis.RelayParentOffsetApi.relay_parent_offset();
	} catch (error) {
		if (isAbsent(error)) return 0;
		throw error;
	}
}
