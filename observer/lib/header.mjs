// Headers, and the digests that concern the pipeline: relay parent, core and position in the bundle of a parachain
// block.
import { Blake2256, Hex, Struct, Tuple, Variant, _void, blockHeader, bool, compactNumber, u32, u64, u8 } from '@polkadot-api/substrate-bindings';

const hash = Hex(32);
// Bytes without a length prefix.
export const bytes = Hex(Infinity);

// `CumulusDigestItem` of cumulus-primitives-core, in the order of its indices.
const cumulusItem = Variant({
	relayParent: hash,
	coreInfo: Struct({ selector: u8, claimQueueOffset: u8, cores: compactNumber }),
	bundleInfo: Struct({ index: u8, last: bool }),
	useFullCore: _void,
});
// `rpsr_digest::RpsrType`: most runtimes use it in place of the relay parent's hash.
const relayParentStorageRoot = Tuple(hash, compactNumber);

const CUMULUS = 'CMLS';
const STORAGE_ROOT = 'RPSR';

// The digests that pipelineDigest needs, as a recording stores them: [{ kind, engine, payload }].
export function relevantDigests(digests) {
	return digests
		.filter(({ type, value }) => type === 'runtimeUpdated' || value?.engine === CUMULUS || value?.engine === STORAGE_ROOT)
		.map(({ type, value }) => ({ kind: type, ...value }));
}

// Returns { hash, number, parent, digests } of an encoded head, or undefined if the head is not a Substrate
// header. `hash` is the BLAKE2-256 of the head, as on the relay chain. It equals the block hash on every chain
// with that hasher.
export function decodeHead(head) {
	try {
		const { number, parentHash, digests } = blockHeader.dec(head);
		return { hash: hashOf(head), number, parent: parentHash, digests: relevantDigests(digests) };
	} catch {
		return undefined;
	}
}

function hashOf(head) {
	return bytes.dec(Blake2256(bytes.enc(head)));
}

// Returns the decoded `payload`, or undefined if bytes remain after decoding. Same rule as the SDK's `decode_all`.
function decodeAll(codec, payload) {
	try {
		const value = codec.dec(payload);
		return bytes.dec(codec.enc(value)) === payload ? value : undefined;
	} catch {
		return undefined;
	}
}

// Returns the pipeline's digests of one header:
//   relayParent   { hash } or { number, storageRoot }; undefined if absent
//   core          { selector, claimQueueOffset, cores } as the author claims it, or undefined
//   bundle        { index, last }, or undefined on a chain without bundles
//   fullCore      whether the block needs a whole core
//   lastInCore    whether this is the last block of its candidate
// The first item counts if there are several of the same kind, as in the SDK.
export function pipelineDigest(digests) {
	const items = digests
		.filter(({ engine }) => engine === CUMULUS)
		.map(({ kind, payload }) => ({ kind, item: decodeAll(cumulusItem, payload) }))
		.filter(({ item }) => item !== undefined);
	const first = (wantedKind, type) => items.find(({ kind, item }) => kind === wantedKind && item.type === type)?.item;

	const bundle = first('preRuntime', 'bundleInfo')?.value;
	const fullCore = first('consensus', 'useFullCore') !== undefined;
	return {
		relayParent: relayParentOf(digests),
		core: first('preRuntime', 'coreInfo')?.value,
		bundle,
		fullCore,
		lastInCore: bundle === undefined || bundle.last || fullCore || digests.some(({ kind }) => kind === 'runtimeUpdated'),
	};
}

function relayParentOf(digests) {
	for (const { kind, engine, payload } of digests) {
		if (kind !== 'consensus') continue;
		if (engine === CUMULUS) {
			const item = decodeAll(cumulusItem, payload);
			if (item?.type === 'relayParent') return { hash: item.value };
		} else if (engine === STORAGE_ROOT) {
			const value = decodeAll(relayParentStorageRoot, payload);
			if (value) return { number: value[1], storageRoot: value[0] };
		}
	}
	return undefined;
}

// BABE's pre-runtime digest has three variants. Each starts with its variant index and the author's index.
const babePreDigest = Struct({ index: u8, authority: u32, slot: u64 });

// Returns the slot of a relay block from its unfiltered digests, or undefined without BABE.
export function relaySlot(digests) {
	const babe = digests.find(({ type, value }) => type === 'preRuntime' && value.engine === 'BABE');
	return babe && Number(babePreDigest.dec(babe.value.payload).slot);
}
