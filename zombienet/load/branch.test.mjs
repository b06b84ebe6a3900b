// Unit tests of branch.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branch } from './branch.mjs';

// A tree of blocks 'a1', 'a2', ... by their parents: { child: parent }, with numbers from the names.
function tree(parents) {
	const made = branch();
	for (const [hash, parent] of Object.entries(parents)) made.add({ hash, number: Number(hash.slice(1)), parent, root: parent === null });
	return made;
}

test('blocks join the best chain oldest first', () => {
	const blocks = tree({ a0: null, a1: 'a0', a2: 'a1' });
	assert.deepEqual(blocks.best('a2'), { retracted: [], enacted: ['a0', 'a1', 'a2'] });
	assert.deepEqual(blocks.best('a2'), { retracted: [], enacted: [] });
	assert.ok(blocks.isOnBest('a1'));
});

test('a fork replaces the previous best chain', () => {
	const blocks = tree({ a0: null, a1: 'a0', a2: 'a1', a3: 'a2', b2: 'a1', b3: 'b2', b4: 'b3' });
	blocks.best('a3');
	assert.deepEqual(blocks.best('b4'), { retracted: ['a3', 'a2'], enacted: ['b2', 'b3', 'b4'] });
	assert.ok(!blocks.isOnBest('a2') && blocks.isOnBest('a1') && blocks.isOnBest('b3'));
	assert.deepEqual(blocks.best('a3'), { retracted: ['b4', 'b3', 'b2'], enacted: ['a2', 'a3'] });
});

test('the best block may become one of its ancestors', () => {
	const blocks = tree({ a0: null, a1: 'a0', a2: 'a1' });
	blocks.best('a2');
	assert.deepEqual(blocks.best('a1'), { retracted: ['a2'], enacted: [] });
});

test('after a gap nothing is retracted', () => {
	const blocks = tree({ a0: null, a1: 'a0', z9: null, z10: 'z9' });
	blocks.best('a1');
	assert.deepEqual(blocks.best('z10'), { retracted: [], enacted: ['z9', 'z10'] });
	assert.ok(blocks.isOnBest('a1'));
});

test('each block becomes final once, with its ancestors', () => {
	const blocks = tree({ a0: null, a1: 'a0', a2: 'a1', b2: 'a1' });
	blocks.best('b2');
	assert.deepEqual(blocks.finalize('a1'), ['a0', 'a1']);
	assert.deepEqual(blocks.finalize('a2'), ['a2']);
	assert.deepEqual(blocks.finalize('a2'), []);
	assert.deepEqual(blocks.include('a2'), ['a0', 'a1', 'a2']);
	assert.deepEqual(blocks.include('unknown'), []);
});

test('old finalized blocks are forgotten', () => {
	const parents = { a0: null };
	for (let number = 1; number <= 1000; number += 1) parents[`a${number}`] = `a${number - 1}`;
	const blocks = tree(parents);
	blocks.best('a1000');
	blocks.finalize('a1000');
	assert.ok(!blocks.has('a100') && blocks.has('a900'));
	blocks.add({ hash: 'a1001', number: 1001, parent: 'a1000' });
	assert.deepEqual(blocks.best('a1001'), { retracted: [], enacted: ['a1001'] });
});
