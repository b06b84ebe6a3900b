// Unit tests of words.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, search } from './words.mjs';

const list = parse('# a comment\n\nunder way => unincluded\npace => rate\nallow docs/a.md pace: a quotation\n');
const found = (path, text) => search(path, text, list).map(({ line, found }) => [line, found]);

test('expressions are found as words, in identifiers and across lines', () => {
	assert.deepEqual(found('a.rs', '// Blocks under way.\nlet under_way = 1;\n// blocks under\n// way\n'), [[1, 'under way'], [2, 'under_way'], [3, 'under way']]);
	assert.deepEqual(found('a.md', 'The space, the namespace and the pace'), [[1, 'pace']]);
});

test('an exception is for one path and one expression', () => {
	assert.deepEqual(found('docs/a.md', 'the pace of blocks under way'), [[1, 'under way']]);
	assert.deepEqual(found('docs/b.md', 'the pace'), [[1, 'pace']]);
});

test('a wrong line is an error that names the line', () => {
	assert.throws(() => parse('pace -> rate'), /words\.txt:1: 'pace -> rate'/);
	assert.throws(() => parse('allow docs pace: a reason'), /names 'pace', which is not in the list/);
	assert.throws(() => parse('pace => rate\nallow docs pace'), /words\.txt:2/);
});
