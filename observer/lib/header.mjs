// Headers, and what their digests say about the pipeline: on which relay block a parachain block was
// built, on which core its candidate goes, and which place it has in that core's bundle.
import { Blake2256, Hex, Struct, Tuple, Variant, _void, blockHeader, bool, compactNumber, u32, u64, u8 } from '@polkadot-api/substrate-bindings';

const hash = Hex(32);
// Bytes without a length before them.
export const bytes = Hex(Infinity);

// `CumulusDigestItem` of cumulus-primitives-core, in the order of its indices.
const cumulusItem = Variant({
	relayParent: hash,
	coreInfo: Struct({ selector: u8, claimQueueOffset: u8, cores: compactNumber }),
	bundleInfo: Struct({ index: u8, last: bool }),
	useFullCore: _void,
});
// `rpsr_digest::RpsrType`: what most runtimes put in place of the relay parent's hash.
const relayParentStorageRoot = Tuple(hash, compactNumber);

const CUMULUS = 'CMLS';
const STORAGE_ROOT = 'RPSR';

// The digests that pipelineDigest reads, as a recording keeps them: [{ kind, engine, payload }].
export function relevantDigests(digests) {
	return digests
		.filter(({ type, value }) => type === 'runtimeUpdated' || value?.engine === CUMULUS || value?.engine === STORAGE_ROOT)
		.map(({ type, value }) => ({ kind: type, ...value }));
}

// { hash, number, parent, digests } of a head as the relay chain has it, or undefined for a parachain
// whose heads are no Substrate headers. The hash is the relay chain's name for it (BLAKE2-256), which is
// the block's own on every chain that hashes its headers that way.
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

// What `codec` makes of the whole of `payload`, or undefined. As the SDK's `decode_all`: what is left
// over makes it another thing than it looks like.
function decodeAll(codec, payload) {
	try {
		const value = codec.dec(payload);
		return bytes.dec(codec.enc(value)) === payload ? value : undefined;
	} catch {
		return undefined;
	}
}

// What the digests of one header say:
//   relayParent   { hash } or { number, storageRoot }; undefined if neither is there
//   core          { selector, claimQueueOffset, cores } as the author claims it, or undefined
//   bundle        { index, last } or undefined for a block that knows nothing of bundles
//   fullCore      whether the block wants its core for itself
//   lastInCore    whether no other block of the same candidate follows
// Where an item is there several times the first counts, as in the SDK.
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

// BABE's pre-runtime digest has three forms, and each begins with its index and the author's.
const babePreDigest = Struct({ index: u8, authority: u32, slot: u64 });

// The slot of a relay block, from its undiminished digests; undefined without BABE.
export function relaySlot(digests) {
	const babe = digests.find(({ type, value }) => type === 'preRuntime' && value.engine === 'BABE');
	return babe && Number(babePreDigest.dec(babe.value.payload).slot);
}
