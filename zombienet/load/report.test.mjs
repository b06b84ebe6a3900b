// Unit tests of report.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockLine, callLine, reportText } from './report.mjs';

const MIB = 1024 * 1024;
const LIMITS = { refTime: 2e12, proofSize: 10 * MIB, length: 5 * MIB };

test('the line for a block', () => {
	const block = { number: 7, own: 150, refTime: 1.5e12, proofSize: 5 * MIB, length: MIB };
	assert.equal(blockLine(block, LIMITS), '#7: 150 of this load, ref time 1500 ms (75 %), proof 5.00 MiB (50 %), length 1.00 MiB (20 %)');
	assert.equal(blockLine({ number: 8, unread: true }, LIMITS), '#8: could not be read');
});

test('the line for a transaction', () => {
	const facts = { signaturesPerSecond: 1234.5, backlog: 335, call: { kind: 'burn', length: 25_000, refTime: 9.87e9, proofSize: 4096, reads: 67, repeats: 93, payload: 100 } };
	assert.equal(
		callLine(facts),
		'each transaction: burn: reads 67 accounts, and its own 93 times, 100 bytes of payload; 25000 bytes, declared 9.87 ms and 4.0 KiB of proof; backlog at most 335; 1235 signatures/s',
	);
	assert.match(callLine({ ...facts, call: { kind: 'transfer', length: 144, refTime: 2.6e8, proofSize: 1024 } }), /^each transaction: transfer; 144 bytes/);
});

const used = (mean, most, limit) => ({ mean, most, limit, share: mean / limit, mostShare: most / limit, perSecond: mean / 6 });
const report = {
	...{ sent: 600, inBlock: 590, included: 580, finalized: 570, failed: 0, late: 0, unseen: 0, droppedByPool: 0, resent: 0, resigned: 0, retracted: 0 },
	seconds: 30,
	perSecond: { asked: 20, sent: 20, inBlock: 19.8, finalized: null },
	latency: { block: { p50: 3.6, p95: 6.3 }, included: { p50: 12, p95: 18 }, finalized: { p50: null, p95: null } },
	inFlight: { asking: 0, waiting: 0, pool: 9, block: 20 },
	lost: { total: 1, invalid: 1, usurped: 0 },
	responses: { taken: 600, present: 5, full: 0 },
	refusals: {},
	dispatchErrors: {},
	held: { backlog: 0, pool: 20 },
	blocks: { blocks: 5, blockSeconds: 6, unread: 0, refTime: used(1e12, 1.5e12, 2e12), proofSize: used(MIB, 2 * MIB, 10 * MIB), length: used(MIB, MIB, 5 * MIB) },
	facts: { signaturesPerSecond: 9000 },
};

test('a report without failures', () => {
	assert.equal(
		reportText(report),
		`600 transactions in 30.0 s: 20.0/s of 20/s asked
  in a block       590   19.8/s, p50 3.6 s, p95 6.3 s after it was sent
  included         580   p50 12.0 s, p95 18.0 s after it was sent
  finalized        570   -, p50 -, p95 - after it was sent
  lost               1   1 invalid
  in flight         29   9 pool, 20 block
5 blocks, one in 6.0 s
  ref time    mean 1000 ms (50 % of a block's), most 1500 ms (75 %), 167 ms/s
  proof       mean 1.00 MiB (10 % of a block's), most 2.00 MiB (20 %), 0.17 MiB/s
  length      mean 1.00 MiB (20 % of a block's), most 1.00 MiB (20 %), 0.17 MiB/s
9000 signatures/s on this machine`,
	);
});

test('a report with failures names them', () => {
	const text = reportText({
		...report,
		...{ droppedByPool: 3, resent: 12, retracted: 2, failed: 4 },
		responses: { taken: 1, full: 12 },
		refusals: { 'full: Immediately Dropped': 12 },
		dispatchErrors: { 'Module.Balances.X': 4 },
		held: { backlog: 1500, connection: 25_900 },
		included: null,
		blocks: { ...report.blocks, unread: 1, blockSeconds: null },
	});
	for (const line of [
		'  of these: 4 failed in their block, 3 dropped by the pool, 12 times sent again, 2 retracted',
		'  refusals: 12 full',
		'    12 x full: Immediately Dropped',
		'    4 x Module.Balances.X',
		'  sending paused: 1.5 s by the backlog, 25.9 s by the connection',
		'  included           -   unknown without --relay',
		'5 blocks, one in - (1 could not be read)',
	]) {
		assert.ok(text.split('\n').includes(line), `'${line}' is not in\n${text}`);
	}
});
