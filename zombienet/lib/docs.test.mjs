// What docs/networks.md says of this repository, against what is in it: the networks and their tests, the
// texts that are quoted as our own, the links.
import assert from 'node:assert/strict';
import { access, readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { networksFolder } from './binaries.mjs';

const root = dirname(networksFolder);
const page = await readFile(join(root, 'docs', 'networks.md'), 'utf8');

// The rows of the table, or tables, of the section with this heading, as lists of cells.
function rows(heading) {
	const section = page.split(/^#{2,4} /m).find((section) => section.startsWith(`${heading}\n`));
	assert.ok(section, `no section '${heading}'`);
	const lines = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
	return lines.map((line) => line.slice(2, -2).split(' | '));
}

// What a cell or a line quotes, without the marks around it.
const quotes = (text) => [...text.matchAll(/``\s?(.+?)\s?``|`([^`]+)`/g)].map(([, double, single]) => double ?? single);

async function sources(folder) {
	const files = (await readdir(join(root, folder), { recursive: true })).filter((file) => file.endsWith('.rs'));
	return (await Promise.all(files.map((file) => readFile(join(root, folder, file), 'utf8')))).join('\n');
}

// Text as it stands in Rust's sources, where values have braces for the dots of the page.
function inRust(text) {
	const pieces = text.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	return new RegExp(pieces.join('\\{[^}]*\\}'));
}

test('every network and every test of one is on the page, and what is there exists', async () => {
	const listed = rows('Running one').slice(1).map(([name, files]) => ({ name: quotes(name)[0], files: quotes(files) }));
	const tomls = (await readdir(networksFolder)).filter((file) => file.endsWith('.toml'));
	const tests = (await readdir(join(networksFolder, 'tests'))).filter((file) => file.endsWith('.test.mjs'));
	for (const file of [...tomls, ...tests]) assert.ok(listed.some(({ files }) => files.includes(file)), `${file} is not on the page`);
	for (const { name, files } of listed) {
		assert.ok(page.includes(`\n## ${name}\n`), `'${name}' has no section`);
		assert.ok(files.includes(`${name}.test.mjs`), `'${name}' names no test of its own`);
		const missing = files.filter((file) => /\.(toml|mjs)$/.test(file) && ![...tomls, ...tests].includes(file));
		assert.deepEqual(missing, [], `files of '${name}' that are not there`);
	}
});

test('our own texts are those of the sources', async () => {
	const rust = (await Promise.all(['primitives/src', 'pallets', 'node/src'].map(sources))).join('\n').replace(/\\\n\s*/g, '');
	const listed = rows('Texts of our own').map(([text]) => quotes(text)[0]).filter((text) => text !== undefined);
	const also = [...page.matchAll(/^With pallet-velocity: (.+)$/gm)].map(([, line]) => quotes(line)[0]);
	assert.ok(listed.length >= 10 && also.length >= 4, `${listed.length} and ${also.length} texts found on the page`);
	assert.deepEqual([...listed, ...also].filter((text) => !inRust(text).test(rust)), []);
});

test('links lead somewhere', async () => {
	const anchors = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\w\s-]/g, '').replace(/\s/g, '-')));
	for (const [, target] of page.matchAll(/\]\(([^)]+)\)/g)) {
		if (target.startsWith('#')) assert.ok(anchors.has(target.slice(1)), `${target} is no heading`);
		else if (!target.startsWith('https://')) await access(join(root, 'docs', target.replace(/#.*/, '')));
	}
});
