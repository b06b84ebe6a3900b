// Recordings of Conveyor's networks, replayed: the lines and the figures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { display, summaryText } from '../lib/display.mjs';
import { lastLine, summary } from '../lib/pipeline.mjs';
import { run } from './scenario.mjs';

// The summary as it is printed: fractions with two digits, and the same fields of the chain's statistics.
function rounded({ relayBlocks, candidates, blocks, confidence, blockTimeMs, inclusionLag, chances, lostConnections, own }) {
	const two = (value) => Math.round(value * 100) / 100;
	return {
		relayBlocks,
		candidates: { ...candidates, perRelayBlock: two(candidates.perRelayBlock) },
		blocks: { ...blocks, perRelayBlock: two(blocks.perRelayBlock) },
		confidence: { ...confidence, ratio: two(confidence.ratio) },
		blockTimeMs: { ...blockTimeMs, mean: Math.round(blockTimeMs.mean) },
		inclusionLag: { ...inclusionLag, mean: two(inclusionLag.mean) },
		chances,
		lostConnections,
		own: { included: own.included_blocks, longest: own.longest_lag, faults: own.faults },
	};
}

// Returns { text, lines, figures, end } of the recording ../fixtures/NAME.jsonl.gz: the printed lines, their relay
// blocks, the summary, and the last lines.
async function replayed(name) {
	const file = gunzipSync(await readFile(new URL(`../fixtures/${name}.jsonl.gz`, import.meta.url))).toString();
	const { state, text, lines } = run(file.trimEnd().split('\n').map((line) => JSON.parse(line)));
	return { text, lines: lines.filter(({ type }) => type === 'relay'), figures: rounded(summary(state)), end: `${display()(lastLine(state))}\n${summaryText(summary(state))}` };
}

const part = (text, first, last) => text.slice(text.findIndex((line) => line.startsWith(first)), text.findIndex((line) => line.startsWith(last)) + 1);

describe('the start of a network with one core', async () => {
	const { text, lines, figures } = await replayed('basic-start');

	it('shows blocks that are never backed until the segment is full, and the blocks that replace them', () => {
		assert.deepEqual(part(text, 'R21', 'R32'), [
			'R21: - | session 1',
			'R22: P1(C)',
			'R23: P2(C)',
			'R24: P3(C)',
			'R25: P4(C)',
			'R26: - | no block may be built: SegmentFull (length 4, capacity 4)',
			"R27: P1'(C)",
			"R28: P1'(B) P2'(C)",
			"R29: P1'(I) P1(L) P2'(B) P3'(C)",
			"R30: P2'(I) P2(L) P3'(B) P4'(C)",
			"R31: P3'(I) P3(L) P4'(B) P5(C)",
			"R32: P4'(I) P4(L) P5(B) P6(C)",
		]);
	});

	it('then one block included, one backed and one collated in each relay block', () => {
		const steady = lines.filter(({ number }) => number >= 33 && number <= 40);
		assert.deepEqual(
			steady.map(({ number, included, backed, collated }) => [included, backed].map(([{ blocks }]) => blocks[0].number - number).concat(collated[0].number - number)),
			steady.map(() => [-28, -27, -26]),
		);
	});

	it('a fork of the relay chain, and a change of session', () => {
		assert.deepEqual(part(text, '-- relay chain', 'R42'), [
			'-- relay chain reorganization: R39 abandoned',
			'R39: P11(I) P12(B) P13(C)',
			'R40: P12(I) P13(B) P14(C)',
			'R41: P13(I) | session 2',
			"R42: P14'(C) | nothing backed",
		]);
	});

	it('has the expected figures', () => {
		assert.deepEqual(figures, {
			relayBlocks: { seen: 24, missed: 0, unread: 0, sessionChanges: 2, counted: 15, reorgs: 1 },
			candidates: { backed: 13, included: 13, timedOut: 0, dropped: 0, lost: 4, attempts: [13], perRelayBlock: 0.87 },
			blocks: { included: 13, lost: 4, reproposed: 0, perRelayBlock: 0.8 },
			confidence: { authored: 20, finalized: 13, lost: 4, open: 3, ratio: 0.76 },
			blockTimeMs: { count: 12, mean: 5990, p50: 6000, p95: 6040 },
			inclusionLag: { count: 13, mean: 3, p50: 3, p95: 3 },
			chances: { all: 15, missed: 2 },
			lostConnections: { relay: 0, para: 0 },
			own: { included: 11, longest: 3, faults: 0 },
		});
	});
});

// The parachain has three cores from the first change of session on.
describe('a network with three cores', async () => {
	const { text, lines, figures, end } = await replayed('elastic');
	// After the lost blocks of the start.
	const steady = lines.filter(({ number }) => number >= 32 && number <= 40);

	it('puts a block on each core in every relay block', () => {
		const cores = (candidates) => candidates.map(({ core }) => core);
		assert.equal(steady.length, 9);
		assert.deepEqual(steady.map(({ included, backed, collated }) => [cores(included), cores(backed), collated.length]), steady.map(() => [[0, 1, 2], [0, 1, 2], 3]));
		assert.ok(steady.every(({ included, backed }) => [...included, ...backed].every(({ blocks }) => blocks.length === 1)));
	});

	it('names the cores, and those without a candidate', () => {
		assert.deepEqual(part(text, 'R26', 'R28'), [
			'R26: P1(B4@0) P2(B4@1) | nothing on core 2 | no block may be built: SegmentFull (length 12, capacity 12)',
			"R27: P1(I@0) P2(I@1) P3'-5'(C) | nothing on core 0, 1, 2",
			"R28: P3'(B@0) P4'(B@1) P5'(B@2) P6'-8'(C)",
		]);
		assert.deepEqual(part(text, 'R30', 'R30'), ["R30: P6'(I@0) P7'(I@1) P8'(I@2) P6-8(L) P9'(B@0) P10'(B@1) P11'(B@2) P12'(C) P13-14(C)"]);
	});

	it('is what README.md shows', async () => {
		const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
		const shown = /--replay observer\/fixtures\/elastic\.jsonl\.gz\n(.+?)```/s.exec(readme)[1].split('\n').filter((line) => line !== '' && line !== '…');
		const printed = `${text.join('\n')}\n${end}`.split('\n');
		assert.ok(shown.length > 15, `${shown.length} lines`);
		assert.deepEqual(shown.filter((line) => !printed.includes(line)), []);
	});

	it('has the expected figures', () => {
		assert.deepEqual(figures, {
			relayBlocks: { seen: 22, missed: 0, unread: 0, sessionChanges: 2, counted: 15, reorgs: 0 },
			candidates: { backed: 41, included: 41, timedOut: 0, dropped: 0, lost: 10, attempts: [39, 0, 0, 2], perRelayBlock: 2.73 },
			blocks: { included: 41, lost: 10, reproposed: 0, perRelayBlock: 2.53 },
			confidence: { authored: 54, finalized: 29, lost: 10, open: 15, ratio: 0.74 },
			blockTimeMs: { count: 40, mean: 2651, p50: 2000, p95: 2060 },
			inclusionLag: { count: 41, mean: 3.15, p50: 3, p95: 3 },
			chances: { all: 45, missed: 4 },
			lostConnections: { relay: 0, para: 0 },
			own: { included: 32, longest: 6, faults: 0 },
		});
	});
});

// Governance raises the rate to three blocks on one core. Later a validator is stopped for 75 s. When it continues
// it builds a branch, which wins.
describe('a network with bundles', async () => {
	const { text, lines, figures } = await replayed('basic-bundles');

	it('goes from one block to three in a candidate, at the first relay block after the change', () => {
		assert.deepEqual(part(text, 'R45', 'R49'), [
			"R45: P14'(I) P14(L) P15(B2) P17(C)",
			'-- limits: velocity 1, capacity 4, target block rate 1 -> velocity 3, capacity 12, target block rate 3',
			'R46: P15(I) P16(B2) P18-20(C)',
			'R47: P16(I) P17(B2) P21-23(C)',
			'R48: P17(I) P18-20(B2) P24-26(C)',
			'-- relay chain reorganization: R49 abandoned',
			'-- relay chain reorganization: R49 abandoned',
			'R49: P18-20(I) P21-23(B2) P27-29(C)',
		]);
		const steady = lines.filter(({ number }) => number >= 50 && number <= 60);
		assert.deepEqual(steady.map(({ included, backed, collated }) => [...included, ...backed, { blocks: collated }].map(({ blocks }) => blocks.length)), steady.map(() => [3, 3, 3]));
	});

	it('shows the relay blocks again after a reorganization', () => {
		const last = text.findLastIndex((line) => line.startsWith('R66'));
		assert.equal(text[last - 1], '-- relay chain reorganization: R66 R67 R68 R69 R70 R71 R72 R73 abandoned');
		assert.deepEqual(text.slice(last, last + 5), [
			"R66: P60'-62'(I) P60-62(L) P63-65(B2) P69-71(C)",
			"R67: P63-65(I) P63'-65'(L) | session 4",
			"R68: P66''-68''(C) | nothing backed",
			"R69: P66''-68''(B) P63'-65'(C) P69''-71''(C)",
			"R70: P66''-68''(I) P66-68(L) P66'-68'(L) P69''-71''(B) P66'-68'(C) P72-74(C)",
		]);
		assert.equal(text.filter((line) => line === 'R67: - | nothing backed | no block may be built: SegmentFull (length 12, capacity 12)').length, 2);
	});

	// A relay block backs one candidate per core: one that missed a chance delays the next ones.
	it('backs on the second attempt from a change of session until the reorganization', () => {
		const attempts = lines.flatMap(({ number, backed }) => backed.map(({ attempt }) => [number, attempt]));
		assert.deepEqual(attempts.filter(([number]) => number <= 65).map(([, attempt]) => attempt), new Array(18).fill(2));
		assert.deepEqual(attempts.filter(([number]) => number >= 69).map(([, attempt]) => attempt), new Array(8).fill(1));
	});

	it('has the expected figures, with each relay block counted once', () => {
		assert.deepEqual(figures, {
			relayBlocks: { seen: 33, missed: 0, unread: 0, sessionChanges: 2, counted: 31, reorgs: 7 },
			candidates: { backed: 28, included: 28, timedOut: 0, dropped: 0, lost: 8, attempts: [9, 19], perRelayBlock: 0.9 },
			blocks: { included: 76, lost: 22, reproposed: 0, perRelayBlock: 2.26 },
			confidence: { authored: 104, finalized: 70, lost: 22, open: 12, ratio: 0.76 },
			blockTimeMs: { count: 76, mean: 3975, p50: 2020, p95: 6030 },
			inclusionLag: { count: 76, mean: 3.68, p50: 4, p95: 4 },
			chances: { all: 31, missed: 3 },
			lostConnections: { relay: 0, para: 0 },
			own: { included: 83, longest: 7, faults: 0 },
		});
	});
});

// A collator is killed, the observer's node is stopped for 75 s, then a validator is killed, and the relay chain
// stalls.
describe('a network with failing nodes', async () => {
	const { text, lines, figures } = await replayed('basic-faults');

	it('misses every other chance with one of two collators', () => {
		const those = lines.filter(({ number }) => number >= 49 && number <= 60);
		assert.deepEqual(those.map(({ number, backed, missed }) => [backed.length, missed]), those.map(({ number }) => (number % 2 === 0 ? [1, []] : [0, [0]])));
	});

	it('has no parachain blocks while the parachain\'s endpoint is lost, and shows them when it is back', () => {
		const [lost, back] = ['is lost', 'is back'].map((what) => text.indexOf(text.find((line) => line.includes(`the parachain's endpoint ${what}`))));
		assert.deepEqual(text.slice(lost, back + 1), [
			"-- the parachain's endpoint is lost; reconnecting",
			'R55: P21(I) | nothing backed',
			'R56: P22(B)',
			'R57: P22(I) | nothing backed',
			'R58: P23(B)',
			'R59: P23(I) | nothing backed',
			'R60: P24(B)',
			'-- relay chain reorganization: R61 abandoned',
			"-- the parachain's endpoint is back",
		]);
		assert.deepEqual(part(text, 'R62', 'R65'), ['R62: - | nothing backed', 'R63: P25(C) | nothing backed', 'R64: P25(B)', 'R65: P25(I) P26(C) | nothing backed']);
	});

	it('has a reorganization, and another one back', () => {
		assert.equal(text.filter((line) => line.includes('R61 abandoned')).length, 2);
		assert.deepEqual(lines.filter(({ number }) => number === 61).map(({ session }) => session), [3]);
	});

	it('has the expected figures', () => {
		assert.deepEqual(figures, {
			relayBlocks: { seen: 32, missed: 0, unread: 0, sessionChanges: 2, counted: 30, reorgs: 3 },
			candidates: { backed: 16, included: 16, timedOut: 0, dropped: 0, lost: 1, attempts: [12, 4], perRelayBlock: 0.53 },
			blocks: { included: 16, lost: 1, reproposed: 0, perRelayBlock: 0.47 },
			confidence: { authored: 12, finalized: 9, lost: 1, open: 2, ratio: 0.9 },
			blockTimeMs: { count: 9, mean: 10000, p50: 11980, p95: 18020 },
			inclusionLag: { count: 16, mean: 3.25, p50: 3, p95: 4 },
			chances: { all: 30, missed: 14 },
			lostConnections: { relay: 1, para: 2 },
			own: { included: 27, longest: 6, faults: 0 },
		});
	});
});
