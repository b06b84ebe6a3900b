// Searches the repository's texts for expressions of scripts/words.txt. Prints every hit with its replacement.
//
//   node scripts/words.mjs [PATH...]     all tracked files, or those below the paths
//
// Status 0 without hits, 1 with hits, 2 if words.txt is wrong.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

// Files without our prose: generated, licenses, and the list itself.
const SKIPPED = /(^|\/)(Cargo\.lock|package-lock\.json|LICENSE-.*|words\.(txt|mjs|test\.mjs))$|\.(wasm|gz|svg)$/;

// Parses the list. Returns { rules: [{ expression, replacement }], exceptions: [{ path, expression, reason }] }.
export function parse(text) {
	const rules = [];
	const exceptions = [];
	for (const [index, line] of text.split('\n').entries()) {
		if (line === '' || line.startsWith('#')) continue;
		const exception = /^allow (\S+) (.+?): (.+)$/.exec(line);
		const rule = /^(.+?) => (.+)$/.exec(line);
		if (exception) exceptions.push({ path: exception[1], expression: exception[2], reason: exception[3] });
		else if (rule) rules.push({ expression: rule[1], replacement: rule[2] });
		else throw new Error(`words.txt:${index + 1}: '${line}' is neither 'EXPRESSION => REPLACEMENT' nor 'allow PATH EXPRESSION: REASON'`);
	}
	const known = new Set(rules.map(({ expression }) => expression));
	for (const { path, expression } of exceptions) {
		if (!known.has(expression)) throw new Error(`words.txt: the exception for ${path} names '${expression}', which is not in the list`);
	}
	return { rules, exceptions };
}

// Returns the hits in `text`: [{ line, expression, found, replacement }]. Words of identifiers count as words. A
// line break inside of an expression is found, too.
export function search(path, text, { rules, exceptions }) {
	const hits = [];
	// Comment marks between two lines of prose count as a space.
	const prose = text.replace(/\n[ \t]*(?:\/\/[\/!]?|#|>|\*)?[ \t]*/g, (gap) => '\n'.padEnd(gap.length, ' '));
	for (const { expression, replacement } of rules) {
		if (exceptions.some((exception) => exception.expression === expression && (path === exception.path || path.startsWith(`${exception.path}/`)))) continue;
		const pattern = new RegExp(`(?<![a-z0-9])(?:${expression.replaceAll(' ', '[\\s_]+')})(?![a-z0-9])`, 'gi');
		for (const match of prose.matchAll(pattern)) {
			hits.push({ line: prose.slice(0, match.index).split('\n').length, expression, found: match[0].replace(/\s+/g, ' '), replacement });
		}
	}
	return hits.sort((a, b) => a.line - b.line);
}

function main(paths) {
	const list = parse(readFileSync(join(here, 'words.txt'), 'utf8'));
	const files = execFileSync('git', ['ls-files', '-z', '--', ...paths], { cwd: root, encoding: 'utf8' }).split('\0').filter((file) => file && !SKIPPED.test(file));
	let count = 0;
	for (const file of files) {
		for (const { line, found, replacement } of search(file, readFileSync(join(root, file), 'utf8'), list)) {
			console.log(`${file}:${line}: '${found}': use ${replacement}`);
			count += 1;
		}
	}
	if (count > 0) console.log(`${count} expression${count === 1 ? '' : 's'} of scripts/words.txt. Rewrite the sentences, or add an exception with a reason`);
	return count > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		process.exitCode = main(process.argv.slice(2));
	} catch (error) {
		console.error(`error: ${error.message}`);
		process.exitCode = 2;
	}
}
