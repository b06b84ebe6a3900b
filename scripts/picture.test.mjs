// Unit tests of picture.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { THEMES, draw, spans } from './picture.mjs';

test('blocks are colored by their mark, remarks are faint', () => {
	assert.deepEqual(spans("R7: P4(I) P5-7(B@1) P8'(C) | 4 unincluded"), [
		{ text: 'R7: ', color: 'text' },
		{ text: 'P4(I)', color: 'I' },
		{ text: ' ', color: 'text' },
		{ text: 'P5-7(B@1)', color: 'B' },
		{ text: ' ', color: 'text' },
		{ text: "P8'(C)", color: 'C' },
		{ text: ' | 4 unincluded', color: 'faint' },
	]);
	assert.deepEqual(spans('R8: - | no block'), [{ text: 'R8: -', color: 'text' }, { text: ' | no block', color: 'faint' }]);
	assert.deepEqual(spans('$ scripts/dev.sh'), [{ text: '$ scripts/dev.sh', color: 'faint' }]);
});

test('texts are escaped', () => {
	assert.match(draw('a < b & c', THEMES.light), />a &lt; b &amp; c</);
});

test('the pictures show the recording', async () => {
	const read = (name) => readFile(new URL(`../docs/${name}`, import.meta.url), 'utf8');
	const recording = await read('pipeline.txt');
	for (const [name, theme] of Object.entries(THEMES)) {
		assert.equal(await read(`pipeline-${name}.svg`), draw(recording, theme), `pipeline-${name}.svg: run node scripts/picture.mjs`);
	}
});
