// Unit tests of watch.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watched } from './watch.mjs';

let time = 0;
const relay = (number, more = {}) => ({ t: (time += 6000), from: 'relay', type: 'block', hash: `r${number}`, number, parent: `r${number - 1}`, session: undefined, candidates: [], next: [0], root: number === 1, head: undefined, ...more });
const best = (number) => ({ t: time, from: 'relay', type: 'best', hash: `r${number}` });

function watching() {
	const said = [];
	const watch = watched({ say: (line) => said.push(line) });
	watch.take({ t: 0, from: 'observer', type: 'start', para: 2000 });
	return { said, watch, show: (number) => [relay(number), best(number)].forEach(watch.take) };
}

test('a line is available when the next relay block is the best', () => {
	const { watch, show, said } = watching();
	assert.equal(watch.now(), 1);
	[1, 2, 3].forEach(show);
	assert.deepEqual(watch.lines().map(({ number }) => number), [1, 2]);
	assert.equal(watch.now(), 3);
	assert.equal(said.length, 2);
	assert.match(said[1], /^R2: /);
});

test('a test can wait for a line', async () => {
	const { watch, show } = watching();
	[1, 2].forEach(show);
	const found = watch.until(10, 'relay block 3', (lines) => lines.find(({ number }) => number === 3)?.hash);
	[3, 4].forEach(show);
	assert.equal(await found, 'r3');
	await assert.rejects(watch.until(0.01, 'relay block 9', () => undefined), /^Error: waited 0.01 s for relay block 9; last state: .*"number":3/);
});

test('the end of the observation rejects the wait', async () => {
	const { watch } = watching();
	const waiting = watch.until(10, 'a line', () => undefined);
	watch.fail(new Error('the node is gone'));
	await assert.rejects(waiting, /the node is gone/);
	await assert.rejects(watch.until(10, 'a line', () => undefined), /the node is gone/);
});

test('an unknown event rejects it, too', async () => {
	const { watch } = watching();
	watch.take({ from: 'relay', type: 'riddle' });
	await assert.rejects(watch.until(10, 'a line', () => undefined), /riddle/);
});
