// Unit tests of relay-events.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayEvents } from './relay-events.mjs';

const record = (pallet, name, value) => ({ phase: {}, event: { type: pallet, value: { type: name, value } }, topics: [] });
const receipt = (para) => ({
	descriptor: { para_id: para, relay_parent: '0x01', pov_hash: '0x02', para_head: '0x03', erasure_root: '0x04' },
	commitments_hash: '0x05',
});

test('candidates of the parachain, in order, and the session', () => {
	const head = new Uint8Array([0xab, 0xcd]);
	const found = relayEvents(
		[
			record('Session', 'NewSession', { session_index: 7 }),
			record('ParaInclusion', 'CandidateTimedOut', [receipt(2000), head, 2]),
			record('ParaInclusion', 'CandidateIncluded', [receipt(2000), head, 0, 1]),
			record('ParaInclusion', 'CandidateBacked', [receipt(2001), head, 1, 1]),
			record('ParaInclusion', 'CandidateBacked', [receipt(2000), head, 1, 1]),
			record('ParaInclusion', 'UpwardMessagesReceived', { from: 2000, count: 1 }),
			record('Session', 'NewQueued', undefined),
		],
		2000,
	);
	const rest = { relayParent: '0x01', schedulingParent: undefined, pov: '0x02', paraHead: '0x03', head: '0xabcd' };
	assert.deepEqual(found, {
		session: 7,
		candidates: [
			{ kind: 'timedOut', core: 2, ...rest },
			{ kind: 'included', core: 0, ...rest },
			{ kind: 'backed', core: 1, ...rest },
		],
	});
});

test('a descriptor of version 3 has a separate scheduling parent', () => {
	const zero = `0x${'00'.repeat(24)}`;
	const found = (version, reserved1 = zero) => {
		const { descriptor, commitments_hash } = receipt(2000);
		const versioned = { ...descriptor, version, reserved1, scheduling_parent: '0x06' };
		const [candidate] = relayEvents([record('ParaInclusion', 'CandidateBacked', [{ descriptor: versioned, commitments_hash }, new Uint8Array(), 0, 0])], 2000).candidates;
		return candidate.schedulingParent;
	};
	assert.equal(found(1), '0x06');
	assert.equal(found(0), undefined);
	// A version 1 descriptor has the collator's key and signature in these places.
	assert.equal(found(1, `0x01${'00'.repeat(23)}`), undefined);
	assert.equal(found(1, `0x${'00'.repeat(15)}01${'00'.repeat(8)}`), undefined);
	// A future version may use the last eight bytes.
	assert.equal(found(1, `0x${'00'.repeat(16)}01${'00'.repeat(7)}`), '0x06');
});

test('a block without events of the parachain', () => {
	const other = record('System', 'ExtrinsicSuccess', { dispatch_info: {} });
	assert.deepEqual(relayEvents([other], 2000), { session: undefined, candidates: [] });
});
