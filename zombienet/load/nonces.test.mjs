// Unit tests of nonces.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nonceBook } from './nonces.mjs';

const take = (book, count, now = 0) => Array.from({ length: count }, () => book.next(now)).map((turn) => turn && `${turn.account}:${turn.nonce}`);

test('accounts take turns, each with nonces in order', () => {
	assert.deepEqual(take(nonceBook([5, 0, 9]), 7), ['0:5', '1:0', '2:9', '0:6', '1:1', '2:10', '0:7']);
});

test('nonces that were given back are used first, in order', () => {
	const book = nonceBook([0, 0]);
	take(book, 6);
	book.giveBack(1, 2);
	book.giveBack(1, 0);
	assert.deepEqual(take(book, 4), ['1:0', '1:2', '0:3', '1:3']);
});

test('a paused account is skipped, and its gaps wait', () => {
	const book = nonceBook([0, 0]);
	take(book, 2);
	book.giveBack(0, 0);
	book.rest(0, 100);
	assert.equal(book.wakes(0), 100);
	assert.deepEqual(take(book, 2, 50), ['1:1', '1:2']);
	book.rest(1, 70);
	assert.equal(book.wakes(50), 70);
	assert.equal(book.isFree(50), false);
	assert.deepEqual(take(book, 1, 60), [undefined]);
	assert.equal(book.isFree(70), true);
	assert.deepEqual(take(book, 2, 100), ['0:0', '0:1']);
	assert.equal(book.wakes(100), Infinity);
});

test('a pause without end can be ended', () => {
	const book = nonceBook([0]);
	book.rest(0, Infinity);
	assert.equal(book.wakes(0), Infinity);
	assert.deepEqual(take(book, 1, 1e9), [undefined]);
	book.rest(0, 0);
	assert.deepEqual(take(book, 1, 1e9), ['0:0']);
});

test('nonces that the chain has used are skipped', () => {
	const book = nonceBook([0, 0]);
	take(book, 4);
	book.giveBack(0, 0);
	book.giveBack(0, 1);
	book.atLeast([1, 7]);
	assert.deepEqual(take(book, 3), ['0:1', '0:2', '1:7']);
	book.atLeast([2, 2]);
	assert.deepEqual(take(book, 2), ['0:3', '1:8']);
});
