// Unit tests of bounded.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOf, within } from './bounded.mjs';

// A stream as firstOf needs it: subscribe, and an unsubscribe that is counted.
function stream(items, { end = false, error } = {}) {
	const seen = { unsubscribed: 0 };
	return {
		seen,
		subscribe({ next, error: fail, complete }) {
			queueMicrotask(() => {
				items.forEach(next);
				if (error) fail(error);
				if (end) complete();
			});
			return { unsubscribe: () => (seen.unsubscribed += 1) };
		},
	};
}

test('within passes results and errors on', async () => {
	assert.equal(await within(1, 'a value', Promise.resolve(7)), 7);
	await assert.rejects(within(1, 'a failure', Promise.reject(new Error('no'))), /^Error: no$/);
});

test('within names what was awaited, and the last state', async () => {
	const never = new Promise(() => {});
	await assert.rejects(within(0.01, 'a block', never, () => 'half of it'), {
		message: 'waited 0.01 s for a block; last state: half of it',
	});
	await assert.rejects(within(0.01, 'a block', never), { message: 'waited 0.01 s for a block' });
});

test('firstOf returns the first result, in order, and unsubscribes', async () => {
	const numbers = stream([1, 2, 3]);
	const order = [];
	const found = await firstOf(1, 'an even number', numbers, async (item) => {
		order.push(item);
		return item % 2 === 0 ? item : undefined;
	});
	assert.equal(found, 2);
	assert.deepEqual(order, [1, 2]);
	assert.equal(numbers.seen.unsubscribed, 1);
});

test('firstOf fails with the step, with the stream, at the end of the stream and after the time limit', async () => {
	const broken = stream([1]);
	const step = () => {
		throw new Error('bad item');
	};
	await assert.rejects(firstOf(1, 'anything', broken, step), /bad item/);
	assert.equal(broken.seen.unsubscribed, 1);

	const lost = stream([], { error: new Error('connection lost') });
	await assert.rejects(firstOf(1, 'anything', lost, () => undefined), /connection lost/);

	const short = stream([1, 2], { end: true });
	await assert.rejects(firstOf(1, 'a third', short, () => undefined), /ended before a third/);

	const silent = stream([]);
	await assert.rejects(firstOf(0.01, 'anything', silent, () => 1), /waited 0.01 s for anything/);
	assert.equal(silent.seen.unsubscribed, 1);
});
