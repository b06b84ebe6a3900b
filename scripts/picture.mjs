// Draws docs/pipeline.txt, a recording of scripts/dev.sh, as docs/pipeline-light.svg and docs/pipeline-dark.svg.
//
//   node scripts/picture.mjs
//
// To record: scripts/dev.sh, keep consecutive lines of the log from `R…` on, without time and target.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');

// Colors of GitHub's two themes, with a contrast of at least 4.5 to the background.
export const THEMES = {
	light: { background: '#f6f8fa', border: '#d0d7de', text: '#1f2328', faint: '#59636e', C: '#0969da', B: '#7d4e00', I: '#1a7f37', L: '#d1242f' },
	dark: { background: '#161b22', border: '#30363d', text: '#e6edf3', faint: '#9198a1', C: '#58a6ff', B: '#d29922', I: '#3fb950', L: '#f85149' },
};

// In pixels. A character of the font stack is 0.6 em wide; `textLength` enforces that with other fonts.
const FONT = 14;
const CHARACTER = FONT * 0.6;
const LINE = 21;
const MARGIN = 20;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// Splits a line into [{ text, color }]: blocks by their mark, the relay block's number, and the remarks.
export function spans(line) {
	const found = [];
	const push = (text, color) => text !== '' && found.push({ text, color });
	if (!/^R\d+:/.test(line)) return [{ text: line, color: 'faint' }];
	const bar = line.indexOf(' |');
	const [blocks, remarks] = bar < 0 ? [line, ''] : [line.slice(0, bar), line.slice(bar)];
	let end = 0;
	for (const match of blocks.matchAll(/P[\d'-]+P?[\d'-]*\(([CBIL])[^)]*\)/g)) {
		push(blocks.slice(end, match.index), 'text');
		push(match[0], match[1]);
		end = match.index + match[0].length;
	}
	push(blocks.slice(end), 'text');
	push(remarks, 'faint');
	return found;
}

// Returns the SVG for `recording`, one text element per span.
export function draw(recording, theme) {
	const lines = recording.trimEnd().split('\n');
	const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER) + 2 * MARGIN;
	const height = lines.length * LINE + 2 * MARGIN - (LINE - FONT);
	const texts = lines.flatMap((line, row) => {
		let column = 0;
		return spans(line).map(({ text, color }) => {
			const x = (MARGIN + column * CHARACTER).toFixed(1);
			column += text.length;
			return `<text x="${x}" y="${MARGIN + row * LINE + FONT - 3}" fill="${theme[color]}" textLength="${(text.length * CHARACTER).toFixed(1)}">${escaped(text)}</text>`;
		});
	});
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace" font-size="${FONT}" xml:space="preserve">
<title>Output of scripts/dev.sh: one line per relay block</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.border}"/>
${texts.join('\n')}
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const recording = readFileSync(join(docs, 'pipeline.txt'), 'utf8');
	for (const [name, theme] of Object.entries(THEMES)) writeFileSync(join(docs, `pipeline-${name}.svg`), draw(recording, theme));
}
