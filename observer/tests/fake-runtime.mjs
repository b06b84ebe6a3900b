// Metadata of two runtimes with only what the observer needs, and codecs for it. The runtimes have no code: tests
// make their blocks.
import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders';
import { metadata, unifyMetadata } from '@polkadot-api/substrate-bindings';

// A registry of types: each `make` returns the id of a new one.
function registry() {
	const types = [];
	const make = (def) => types.push({ id: types.length, path: [], params: [], def, docs: [] }) - 1;
	const primitive = (name) => make({ tag: 'primitive', value: { tag: name } });
	const field = ([name, type]) => ({ name, type, typeName: undefined, docs: [] });
	const u8 = primitive('u8');
	const composite = (fields) => make({ tag: 'composite', value: Object.entries(fields).map(field) });
	const array = (len, type = u8) => make({ tag: 'array', value: { len, type } });
	return {
		types,
		u8,
		u16: primitive('u16'),
		u32: primitive('u32'),
		u64: primitive('u64'),
		hash: array(32),
		array,
		composite,
		unit: make({ tag: 'tuple', value: [] }),
		tuple: (...members) => make({ tag: 'tuple', value: members }),
		sequence: (type) => make({ tag: 'sequence', value: type }),
		// { Name: { field: type } | [type, ...] }
		variant: (cases) =>
			make({
				tag: 'variant',
				value: Object.entries(cases).map(([name, fields], index) => ({
					name,
					index,
					fields: Array.isArray(fields) ? fields.map((type) => field([undefined, type])) : Object.entries(fields).map(field),
					docs: [],
				})),
			}),
	};
}

const item = (name, type, fallback = '0x') => ({ name, modifier: Number(fallback !== '0x'), type, fallback, docs: [] });
const plain = (type) => ({ tag: 'plain', value: type });

function pallet(name, index, items, events) {
	const storage = items.length > 0 ? { prefix: name, items } : undefined;
	return { name, storage, calls: undefined, events, constants: [], errors: undefined, index, docs: [] };
}

function api(name, methods) {
	return { name, methods: methods.map(([name, inputs, output]) => ({ name, inputs: inputs.map((type, at) => ({ name: `a${at}`, type })), output, docs: [] })), docs: [] };
}

// Returns { metadata: encoded, builder } for a function of a registry that returns { pallets, apis, event }.
function runtime(describe) {
	const t = registry();
	const { pallets, apis, event } = describe(t);
	const v15 = {
		lookup: t.types,
		pallets,
		extrinsic: { version: 4, address: t.unit, call: t.unit, signature: t.unit, extra: t.unit, signedExtensions: [] },
		type: t.unit,
		apis,
		outerEnums: { call: t.unit, event, error: t.unit },
		custom: [],
	};
	const whole = { magicNumber: 0x6174656d, metadata: { tag: 'v15', value: v15 } };
	return { metadata: metadata.enc(whole), builder: getDynamicBuilder(getLookupFn(unifyMetadata(whole))) };
}

function events(t, outer) {
	const phase = t.variant({ ApplyExtrinsic: [t.u32], Finalization: {}, Initialization: {} });
	return t.sequence(t.composite({ phase, event: outer, topics: t.sequence(t.hash) }));
}

const relayWith = (apis) => runtime((t) => {
	const descriptor = t.composite({
		para_id: t.u32,
		relay_parent: t.hash,
		version: t.u8,
		core_index: t.u16,
		session_index: t.u32,
		scheduling_session_offset: t.u8,
		reserved1: t.array(24),
		persisted_validation_data_hash: t.hash,
		pov_hash: t.hash,
		erasure_root: t.hash,
		scheduling_parent: t.hash,
		reserved2: t.array(32),
		para_head: t.hash,
		validation_code_hash: t.hash,
	});
	const receipt = t.composite({ descriptor, commitments_hash: t.hash });
	const head = t.sequence(t.u8);
	const inclusion = t.variant({
		CandidateBacked: [receipt, head, t.u32, t.u32],
		CandidateIncluded: [receipt, head, t.u32, t.u32],
		CandidateTimedOut: [receipt, head, t.u32],
	});
	const session = t.variant({ NewSession: { session_index: t.u32 } });
	const event = t.variant({ Session: [session], ParaInclusion: [inclusion] });
	const queue = t.sequence(t.tuple(t.u32, t.sequence(t.u32)));
	const heads = { tag: 'map', value: { hashers: [{ tag: 'Twox64Concat' }], key: t.u32, value: head } };
	return {
		event,
		pallets: [
			pallet('System', 0, [item('Events', plain(events(t, event)), '0x00')]),
			pallet('Session', 1, [], session),
			pallet('ParaInclusion', 2, [], inclusion),
			pallet('Paras', 3, [item('Heads', heads)]),
		],
		apis: apis.includes('ParachainHost') ? [api('ParachainHost', [['claim_queue', [], queue]])] : [],
	};
});

export const relayRuntime = relayWith(['ParachainHost']);
// A relay chain from before claim queues.
export const oldRelayRuntime = relayWith([]);

const paraWith = (names) => runtime((t) => {
	const event = t.variant({});
	const limits = t.composite({ velocity: t.u32, capacity: t.u32, target_block_rate: t.u32 });
	const refusal = t.variant({ SegmentFull: { length: t.u32, capacity: t.u32 } });
	const admission = t.composite({ room: t.u32 });
	const result = t.variant({ Ok: [admission], Err: [refusal] });
	Object.assign(t.types[result], { path: ['Result'], params: [{ name: 'T', type: admission }, { name: 'E', type: refusal }] });
	return {
		event,
		pallets: [
			pallet('System', 0, [item('Events', plain(events(t, event)), '0x00')]),
			pallet('ParachainSystem', 1, []),
			pallet('ParachainInfo', 2, [item('ParachainId', plain(t.u32), '0x64000000')]),
		],
		apis: [
			api('VelocityApi', [['limits', [], limits], ['admission', [t.hash, t.u64], result]]),
			api('RelayParentOffsetApi', [['relay_parent_offset', [], t.u32]]),
		].filter(({ name }) => names.includes(name)),
	};
});

export const paraRuntime = paraWith(['VelocityApi', 'RelayParentOffsetApi']);
// A parachain without Conveyor's runtime APIs, from before relay parent offsets.
export const bareParaRuntime = paraWith([]);
