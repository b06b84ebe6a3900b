// Unit tests of waiting.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waiting } from './waiting.mjs';

test('each wait resolves with the first result', async () => {
	let there;
	const { look, until } = waiting(() => `there is ${there}`);
	const [small, large] = [1, 5].map((least) => until(10, 'a number', () => (there >= least ? there : undefined)));
	there = 2;
	look();
	assert.equal(await small, 2);
	there = 7;
	look();
	assert.equal(await large, 7);
	assert.equal(await until(10, 'a number', () => there), 7);
	await assert.rejects(until(0.01, 'the end', () => undefined), { message: 'waited 0.01 s for the end; last state: there is 7' });
});

test('a failure rejects all waits', async () => {
	const { fail, until } = waiting(() => '');
	const first = until(10, 'a number', () => undefined);
	fail(new Error('gone'));
	fail(new Error('what follows from it'));
	await assert.rejects(first, { message: 'gone' });
	await assert.rejects(until(10, 'a number', () => 1), { message: 'gone' });
});

test('an error of a condition rejects its own wait', async () => {
	const { look, until } = waiting(() => '');
	let broken = false;
	const one = until(10, 'a number', () => {
		if (broken) throw new Error('cannot look');
	});
	broken = true;
	look();
	await assert.rejects(one, { message: 'cannot look' });
});
