// Compares the documentation with the repository: networks and their tests, quoted texts, links.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { networksFolder } from './binaries.mjs';

const root = dirname(networksFolder);
const networks = await readFile(join(root, 'docs', 'networks.md'), 'utf8');
const messages = await readFile(join(root, 'docs', 'log-messages.md'), 'utf8');

// Returns the rows of the tables in the section of `page` with this heading, as lists of cells.
function rows(page, heading) {
	const section = page.split(/^#{2,4} /m).find((section) => section.startsWith(`${heading}\n`));
	assert.ok(section, `no section '${heading}'`);
	const lines = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
	return lines.map((line) => line.slice(2, -2).split(' | '));
}

// Returns the quoted texts of a cell or a line.
const quotes = (text) => [...text.matchAll(/``\s?(.+?)\s?``|`([^`]+)`/g)].map(([, double, single]) => double ?? single);

async function sources(folder) {
	const files = (await readdir(join(root, folder), { recursive: true })).filter((file) => file.endsWith('.rs'));
	return (await Promise.all(files.map((file) => readFile(join(root, folder, file), 'utf8')))).join('\n');
}

// Returns a pattern for `text` in Rust sources, where values are braces and not dots.
function inRust(text) {
	const pieces = text.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	return new RegExp(pieces.join('\\{[^}]*\\}'));
}

test('every network and every test is on the page, and every listed file exists', async () => {
	const listed = rows(networks, 'Run a network').slice(1).map(([name, files]) => ({ name: quotes(name)[0], files: quotes(files) }));
	const tomls = (await readdir(networksFolder)).filter((file) => file.endsWith('.toml'));
	const tests = (await readdir(join(networksFolder, 'tests'))).filter((file) => file.endsWith('.test.mjs'));
	for (const file of [...tomls, ...tests]) assert.ok(listed.some(({ files }) => files.includes(file)), `${file} is not on the page`);
	for (const { name, files } of listed) {
		assert.ok(networks.includes(`\n## ${name}\n`), `'${name}' has no section`);
		assert.ok(files.includes(`${name}.test.mjs`), `'${name}' has no test`);
		const missing = files.filter((file) => /\.(toml|mjs)$/.test(file) && ![...tomls, ...tests].includes(file));
		assert.deepEqual(missing, [], `files of '${name}' that do not exist`);
	}
});

test('the quoted texts are in the sources', async () => {
	const rust = (await Promise.all(['primitives/src', 'pallets', 'node/src'].map(sources))).join('\n').replace(/\\\n\s*/g, '');
	const listed = rows(messages, 'Messages of Conveyor').map(([text]) => quotes(text)[0]).filter((text) => text !== undefined);
	const also = [...messages.matchAll(/^With pallet-velocity: (.+)$/gm)].map(([, line]) => quotes(line)[0]);
	assert.ok(listed.length >= 10 && also.length >= 4, `${listed.length} and ${also.length} texts found on the page`);
	assert.deepEqual([...listed, ...also].filter((text) => !inRust(text).test(rust)), []);
});

test('links in every page have a target', async () => {
	const { stdout } = await promisify(execFile)('git', ['ls-files', '*.md'], { cwd: root });
	const files = stdout.trim().split('\n');
	assert.ok(files.includes('docs/networks.md'), stdout);
	for (const file of files) {
		const page = await readFile(join(root, file), 'utf8');
		for (const [, target] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^https?:/.test(target)) continue;
			const [path, anchor] = target.split('#');
			const found = path === '' ? join(root, file) : join(root, dirname(file), path);
			await assert.doesNotReject(access(found), `${file}: ${target}`);
			if (anchor !== undefined) assert.ok(anchors(await readFile(found, 'utf8')).has(anchor), `${file}: ${target} has no such heading`);
		}
	}
});

// Returns the anchors of a page's headings, by GitHub's rules.
function anchors(page) {
	const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase());
	return new Set(headings.map((heading) => heading.replace(/[^\w\s-]/g, '').replace(/\s/g, '-')));
}
