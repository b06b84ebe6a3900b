// Unit tests of header.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHeader } from '@polkadot-api/substrate-bindings';
import { bytes, decodeHead, pipelineDigest, relaySlot, relevantDigests } from './header.mjs';

const H1 = `0x${'11'.repeat(32)}`;
const H2 = `0x${'22'.repeat(32)}`;
const pre = (payload, engine = 'CMLS') => ({ kind: 'preRuntime', engine, payload });
const consensus = (payload, engine = 'CMLS') => ({ kind: 'consensus', engine, payload });

test('each item of the digest is decoded in the SDK\'s format', () => {
	const digests = [
		pre('0x010201' + '0c'), // core selector 2, claim queue offset 1, 3 cores
		pre('0x020301'), // index 3, last
		consensus(`0x00${'11'.repeat(32)}`),
	];
	assert.deepEqual(pipelineDigest(digests), {
		relayParent: { hash: H1 },
		core: { selector: 2, claimQueueOffset: 1, cores: 3 },
		bundle: { index: 3, last: true },
		fullCore: false,
		lastInCore: true,
	});
});

test('the number of the relay parent is decoded with its storage root', () => {
	// 300 in compact encoding.
	const { relayParent } = pipelineDigest([consensus(`0x${'22'.repeat(32)}b104`, 'RPSR')]);
	assert.deepEqual(relayParent, { number: 300, storageRoot: H2 });
});

test('the first digest that names the relay parent counts', () => {
	const byHash = consensus(`0x00${'11'.repeat(32)}`);
	const byRoot = consensus(`0x${'22'.repeat(32)}1c`, 'RPSR');
	assert.deepEqual(pipelineDigest([byHash, byRoot]).relayParent, { hash: H1 });
	assert.deepEqual(pipelineDigest([byRoot, byHash]).relayParent, { number: 7, storageRoot: H2 });
});

test('a block ends its bundle in three ways; a block without bundle info is alone', () => {
	const open = pre('0x020000');
	assert.equal(pipelineDigest([open]).lastInCore, false);
	assert.equal(pipelineDigest([pre('0x020001')]).lastInCore, true);
	assert.equal(pipelineDigest([open, consensus('0x03')]).lastInCore, true);
	assert.equal(pipelineDigest([open, { kind: 'runtimeUpdated' }]).lastInCore, true);
	assert.equal(pipelineDigest([]).lastInCore, true);
});

test('items of the wrong kind, too long, too short or unknown are ignored', () => {
	const nothing = { relayParent: undefined, core: undefined, bundle: undefined, fullCore: false, lastInCore: true };
	const wrong = [
		consensus('0x020001'), // bundle info as consensus digest
		pre(`0x00${'11'.repeat(32)}`), // relay parent as pre-runtime digest
		pre('0x02000100'), // one byte too many
		pre('0x0200'), // one byte too few
		pre('0x'),
		pre('0x09'), // an item of a future SDK
		consensus(`0x${'22'.repeat(32)}`, 'RPSR'),
	];
	assert.deepEqual(pipelineDigest(wrong), nothing);
});

test('a head that is not a Substrate header is ignored', () => {
	const digests = [
		{ type: 'preRuntime', value: { engine: 'aura', payload: '0x0102030400000000' } },
		{ type: 'preRuntime', value: { engine: 'CMLS', payload: '0x020001' } },
		{ type: 'runtimeUpdated' },
		{ type: 'seal', value: { engine: 'aura', payload: '0x00' } },
	];
	const head = blockHeader.enc({ parentHash: H1, number: 70_000, stateRoot: H2, extrinsicRoot: H2, digests });
	const decoded = decodeHead(bytes.dec(head));
	assert.equal(decoded.number, 70_000);
	assert.equal(decoded.parent, H1);
	assert.deepEqual(decoded.digests, [pre('0x020001'), { kind: 'runtimeUpdated' }]);
	assert.match(decoded.hash, /^0x[0-9a-f]{64}$/);
	assert.equal(decodeHead('0x0102'), undefined);
	assert.deepEqual(relevantDigests(blockHeader.dec(head).digests), decoded.digests);
});

test('the hash of a head is its BLAKE2-256', () => {
	// The header of #0 of an empty chain. The expected hash comes from Python's hashlib.
	const head = blockHeader.enc({ parentHash: H1, number: 0, stateRoot: H1, extrinsicRoot: H1, digests: [] });
	assert.equal(decodeHead(bytes.dec(head)).hash, '0xcf57d40c054be1102ab75f7211cc83a6222da49896438aac909a34b6ea07d6c8');
});

test('the relay slot is decoded from each variant of BABE\'s digest', () => {
	const babe = (index) => [{ type: 'preRuntime', value: { engine: 'BABE', payload: `0x0${index}050000003930000000000000ffff` } }];
	for (const index of [1, 2, 3]) assert.equal(relaySlot(babe(index)), 12345);
	assert.equal(relaySlot([{ type: 'preRuntime', value: { engine: 'aura', payload: '0x00' } }]), undefined);
});
