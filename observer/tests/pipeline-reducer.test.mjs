// The reducer's general properties, on a random stream with all kinds of events.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initial, reduce, summary } from '../lib/pipeline.mjs';
import { run, scenario } from './scenario.mjs';

describe('the reducer', () => {
	// A stream with all kinds of events, driven by a small generator of numbers.
	function anything(seed) {
		let value = seed;
		const below = (limit) => {
			value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
			return Math.floor((value / 2_147_483_648) * limit);
		};
		const s = scenario();
		let ready = [];
		let under = [];
		let built = s.genesis;
		const chain = [s.r({ next: [0, 1] })];
		let finalized = 0;
		for (let step = 0; step < 60; step += 1) {
			if (below(12) === 0) {
				const from = ['relay', 'para'][below(2)];
				s.down(from);
				s.up(from);
			}
			// Final blocks stay.
			if (below(8) === 0) s.r({ on: chain.at(-1 - below(Math.min(3, chain.length - finalized))), best: below(2) === 0 });
			const includes = under.slice(0, below(3));
			const rest = under.slice(includes.length);
			const timedOut = rest.length > 0 && below(6) === 0 ? rest : [];
			const backs = ready.slice(0, 2).map((block, at) => [block, at, `relay parent ${step}`]);
			const session = below(10) === 0 ? step : undefined;
			const entries = session === undefined ? backs : [];
			const block = s.r({ on: chain.at(-1), includes, timesOut: timedOut, backs: entries, session, next: [0, 1], unread: below(15) === 0 ? 'no answer' : undefined });
			chain.push(block);
			if (session !== undefined) {
				ready = [...rest.map(([block]) => block), ...ready];
				under = [];
			} else if (timedOut.length > 0) {
				ready = [...timedOut.map(([block]) => block), ...ready.slice(entries.length)];
				under = entries;
			} else {
				ready = ready.slice(entries.length);
				under = [...rest, ...entries];
			}
			for (let count = below(3); count > 0; count -= 1) {
				built = s.bundle({ count: 1 + below(3), on: built, relayParent: Math.max(0, block.number - 1 - below(2)) });
				ready.push(built);
			}
			if (below(5) === 0) s.p({ on: s.genesis, salt: `fork ${step}`, relayParent: 0, best: false });
			if (below(3) === 0) {
				finalized = Math.max(finalized, chain.length - 1 - below(4));
				s.finalize(chain[finalized]);
			}
		}
		return s.events;
	}

	it('gives the same figures whether and whenever the relay chain is final', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const events = anything(seed);
			const without = events.filter(({ type }) => type !== 'finalized');
			// Except for block confidence, which counts final blocks only.
			const figures = (stream) => ({ ...summary(run(stream).state), confidence: undefined });
			assert.deepEqual(figures(events), figures(without), `seed ${seed}`);
			assert.deepEqual(run(events).text, run(without).text, `seed ${seed}`);
		}
	});

	it('reports each authored block as finalized, lost or open', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const { state } = run(anything(seed));
			const { confidence, blocks } = summary(state);
			const { included, lost } = state.settled?.totals.blocks ?? { included: 0, lost: 0 };
			assert.ok(confidence.finalized <= included && confidence.lost <= lost && lost <= blocks.lost, `seed ${seed}`);
			assert.equal(confidence.authored, confidence.finalized + confidence.lost + confidence.open);
		}
	});

	it('counts one attempt for each backed candidate', () => {
		for (let seed = 1; seed <= 40; seed += 1) {
			const [start, ...rest] = anything(seed);
			const { attempts, backed } = summary(run([{ ...start, relayParentOffset: 0 }, ...rest]).state).candidates;
			assert.equal(attempts.reduce((sum, count) => sum + count, 0), backed, `seed ${seed}`);
		}
	});

	it('does not change its arguments', () => {
		let state = initial();
		for (const event of anything(7)) {
			const before = structuredClone(state);
			const next = reduce(state, event);
			assert.deepEqual(state, before);
			state = next;
		}
	});

	it('gives the same result for a stream that was written and read', () => {
		const events = anything(3);
		const read = run(events.map((event) => JSON.parse(JSON.stringify(event))));
		const { state, text } = run(events);
		assert.deepEqual([read.text, summary(read.state)], [text, summary(state)]);
	});

	it('does not grow while the chain is finalized', () => {
		const s = scenario();
		let last;
		for (let number = 1; number <= 700; number += 1) {
			const p = s.p({ relayParent: number - 1 });
			last = s.r({ backs: [p], includes: last ? [last.p] : [], next: [0] });
			last.p = p;
			if (number > 3) s.finalize(last);
		}
		const { state } = s.run();
		assert.ok(state.relay.blocks.size < 80, `${state.relay.blocks.size} relay blocks`);
		assert.ok(state.chain.blocks.size < 530, `${state.chain.blocks.size} parachain blocks`);
		assert.ok(state.settled.progress.size < 530);
		assert.ok(state.chain.during.size < 80);
		assert.equal(summary(state).blocks.included, 699);
	});

	it('rejects unknown events', () => {
		assert.throws(() => reduce(initial(), { from: 'relay', type: 'smoke' }), /'relay\/smoke' is unknown/);
	});
});
