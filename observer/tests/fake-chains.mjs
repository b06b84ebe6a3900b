// A relay chain and a parachain made of fake nodes.
import { bytes, decodeHead } from '../lib/header.mjs';
import { fakeNode } from './fake-node.mjs';
import { bareParaRuntime, oldRelayRuntime, paraRuntime, relayRuntime } from './fake-runtime.mjs';
import { PARA, encodeHead } from './scenario.mjs';

const ZERO = `0x${'00'.repeat(32)}`;
const { enc: encodeEvents } = relayRuntime.builder.buildStorage('System', 'Events').value;
const EVENTS = relayRuntime.builder.buildStorage('System', 'Events').keys.enc();
const HEADS = relayRuntime.builder.buildStorage('Paras', 'Heads');
const QUEUE = relayRuntime.builder.buildRuntimeCall('ParachainHost', 'claim_queue').value;
const LIMITS = paraRuntime.builder.buildRuntimeCall('VelocityApi', 'limits').value;
const ADMISSION = paraRuntime.builder.buildRuntimeCall('VelocityApi', 'admission').value;
const OFFSET = paraRuntime.builder.buildRuntimeCall('RelayParentOffsetApi', 'relay_parent_offset').value;

const record = (type, value) => ({ phase: { type: 'Initialization' }, event: { type, value }, topics: [] });

function candidate(kind, block, core) {
	const descriptor = {
		para_id: PARA,
		relay_parent: ZERO,
		version: 0,
		core_index: core,
		session_index: 0,
		scheduling_session_offset: 0,
		reserved1: `0x${'00'.repeat(24)}`,
		persisted_validation_data_hash: ZERO,
		pov_hash: block.hash,
		erasure_root: ZERO,
		scheduling_parent: ZERO,
		reserved2: ZERO,
		para_head: block.hash,
		validation_code_hash: ZERO,
	};
	const rest = kind === 'CandidateTimedOut' ? [core] : [core, 0];
	return record('ParaInclusion', { type: kind, value: [{ descriptor, commitments_hash: ZERO }, bytes.enc(block.header), ...rest] });
}

// The digest of a BABE slot, in the second variant.
function babe(slot) {
	const payload = Buffer.alloc(13);
	payload[0] = 2;
	payload.writeBigUInt64LE(BigInt(slot), 5);
	return [{ type: 'preRuntime', value: { engine: 'BABE', payload: `0x${payload.toString('hex')}` } }];
}

// Returns { relay, para, r(...), p(...), stop() }: r makes a relay block, p a parachain block, as in scenario.mjs.
// `velocity`: { limits, admission } are the results of the runtime APIs; without it the APIs fail. `old`: a relay
// chain without claim queues. `bare`: a parachain whose runtime has no such APIs.
export async function fakeChains({ paraId = PARA, knows = PARA, velocity, old = false, bare = false } = {}) {
	const calls = velocity && {
		VelocityApi_limits: () => bytes.dec(LIMITS.enc(velocity.limits)),
		VelocityApi_admission: (args) => bytes.dec(ADMISSION.enc(velocity.admission(args))),
		RelayParentOffsetApi_relay_parent_offset: bytes.dec(OFFSET.enc(1)),
	};
	const id = paraRuntime.builder.buildStorage('ParachainInfo', 'ParachainId');
	const storage = { [id.keys.enc()]: bytes.dec(id.value.enc(paraId)) };
	const para = await fakeNode({ ...(bare ? bareParaRuntime : paraRuntime), storage, calls });
	let included = para.genesis.header;

	const relayState = (head, events = [], next = [0]) => ({
		storage: { [EVENTS]: bytes.dec(encodeEvents(events)), [HEADS.keys.enc(knows)]: bytes.dec(HEADS.value.enc(bytes.enc(head))) },
		calls: { ParachainHost_claim_queue: bytes.dec(QUEUE.enc([...next.map((core) => [core, [PARA, 1]]), [9, [1, PARA]], [8, []]])) },
	});
	const relay = await fakeNode({ ...(old ? oldRelayRuntime : relayRuntime), number: 10, ...relayState(included) });

	return {
		relay,
		para,
		r({ backs = [], includes = [], timesOut = [], session, next, ...rest } = {}) {
			const events = [
				...(session === undefined ? [] : [record('Session', { type: 'NewSession', value: { session_index: session } })]),
				...timesOut.map((block, core) => candidate('CandidateTimedOut', block, core)),
				...includes.map((block, core) => candidate('CandidateIncluded', block, core)),
				...backs.map((block, core) => candidate('CandidateBacked', block, core)),
			];
			included = includes.at(-1)?.header ?? included;
			const { number } = rest.on ?? relay.best();
			return relay.block({ digests: babe(1001 + number), ...relayState(included, events, next), ...rest });
		},
		p({ on, relayParent, bundle, ...rest } = {}) {
			const like = decodeHead(encodeHead({ number: 1, parent: ZERO, relayParent, bundle }));
			const digests = like.digests.map(({ kind, engine, payload }) => ({ type: kind, value: { engine, payload } }));
			return para.block({ on, digests, storage, calls, ...rest });
		},
		stop: () => Promise.all([relay.stop(), para.stop()]),
	};
}
