// Unit tests of display.mjs for what the streams of tests/pipeline-*.test.mjs do not contain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initial, summary } from './pipeline.mjs';
import { display, summaryText } from './display.mjs';

const line = {
	type: 'relay',
	number: 7,
	session: null,
	unread: null,
	included: [],
	backed: [],
	timedOut: [],
	dropped: [],
	collated: [],
	lost: [],
	missed: [],
	admission: null,
};
const block = (number, fork = 0) => ({ number, hash: '0x00', fork });
const candidate = (core, ...blocks) => ({ core, again: false, blocks });

test('the line of the SDK\'s wiki', () => {
	const seventh = { ...line, included: [candidate(0, block(4))], backed: [candidate(0, block(5))], collated: [block(6)] };
	assert.equal(display()(seventh), 'R7: P4(I) P5(B) P6(C)');
});

test('one line shows everything, ordered by block number, and core names if there are several', () => {
	const full = {
		...line,
		session: 5,
		included: [candidate(1, block(3)), candidate(0, block(1), block(2))],
		timedOut: [candidate(1, block(4))],
		dropped: [candidate(0, block(5))],
		lost: [block(1, 1), block(2, 1), block(2, 2)],
		backed: [{ ...candidate(1, block(4), block(5)), again: true }],
		collated: [block(8), block(9), block(9, 1)],
		missed: [2],
	};
	assert.equal(
		display()(full),
		"R7: P1-2(I@0) P3(I@1) P4(T@1) P5(D@0) P1'-2'(L) P2''(L) P4-5(B@1 again) P8-9(C) P9'(C) | session 5 | nothing on core 2",
	);
});

test('consecutive blocks are grouped, even with other blocks in between', () => {
	const lost = { ...line, lost: [block(1), block(1, 1), block(2), block(2, 1), block(4)] };
	assert.equal(display()(lost), "R7: P1-2(L) P1'-2'(L) P4(L)");
});

test('cores are named from the second core on, and stay named', () => {
	const show = display();
	assert.equal(show({ ...line, backed: [candidate(0, block(1))] }), 'R7: P1(B)');
	assert.equal(show({ ...line, backed: [candidate(1, block(1))] }), 'R7: P1(B@1)');
	assert.equal(show({ ...line, backed: [candidate(0, block(1))] }), 'R7: P1(B@0)');
	assert.equal(show({ ...line, backed: [{ ...candidate(0, block(1)), attempt: 2 }, { ...candidate(1, block(2)), attempt: 1 }] }), 'R7: P1(B2@0) P2(B@1)');
});

test('the reason is shown when no block may be built', () => {
	const refused = (type, value) => ({ ...line, admission: { refusal: { type, value } } });
	assert.equal(display()(refused('LimitsChanged', 12)), 'R7: - | no block may be built: LimitsChanged (12)');
	assert.equal(display()(refused('Other')), 'R7: - | no block may be built: Other');
	assert.equal(display()({ ...refused('Other'), collated: [block(1)] }), 'R7: P1(C)');
	assert.equal(display()({ ...line, admission: { room: 2 } }), 'R7: -');
});

test('an empty summary, and a full one', () => {
	const nothing = summary(initial());
	assert.equal(
		summaryText(nothing),
		`Parachain ?
  relay blocks      0 seen, 0 counted, 0 with a change of session, 0 missed, 0 unread, 0 reorganizations
  block time        - on average, p50 -, p95 - (0 blocks)
  candidates        - per relay block; 0 backed, 0 included, 0 timed out, 0 dropped at a change of session
  attempts          backed -; 0 lost without being backed
  parachain blocks  - per relay block; 0 included, 0 lost, 0 re-proposed
  block confidence  -; 0 authored: 0 finalized, 0 lost, 0 open
  inclusion lag     p50 -, p95 - relay blocks (0 blocks)
  missed chances    0 of 0
  lost connections  relay chain 0, parachain 0`,
	);
	const something = {
		...nothing,
		para: 2000,
		blockTimeMs: { count: 9, mean: 6004.4, p50: 6000, p95: 6100 },
		candidates: { ...nothing.candidates, perRelayBlock: 2 / 3, backed: 9, attempts: [5, 0, 2], lost: 4 },
		confidence: { authored: 19, finalized: 13, lost: 1, open: 5, ratio: 13 / 14 },
		inclusionLag: { count: 9, mean: 3.1, p50: 3, p95: 4 },
	};
	assert.match(summaryText({ ...nothing, own: { first_block: 1, included_blocks: 7, longest_lag: 5, faults: 0 } }), / the chain itself +7 blocks included since #1, longest lag 5 relay blocks, 0 tracking faults$/);
	const text = summaryText(something);
	assert.match(text, /^Parachain 2000\n/);
	assert.match(text, / block time +6\.00 s on average, p50 6\.00 s, p95 6\.10 s \(9 blocks\)/);
	assert.match(text, / candidates +0\.67 per relay block;/);
	assert.match(text, / attempts +backed 5 on attempt 1, 0 on attempt 2, 2 on attempt 3, 2 on an unknown attempt; 4 lost without being backed\n/);
	assert.match(text, / block confidence +92\.9 %; 19 authored: 13 finalized, 1 lost, 5 open\n/);
	assert.match(text, / inclusion lag +p50 3, p95 4 relay blocks \(9 blocks\)/);
});
