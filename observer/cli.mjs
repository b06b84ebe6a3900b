#!/usr/bin/env node
// Shows the pipeline of a parachain while it happens; README.md says how to read it.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline as connected } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { picture, summaryText } from './lib/picture.mjs';
import { address, parse, run, usage } from './lib/program.mjs';
import { UserError } from './lib/user-error.mjs';

// Seconds.
const DEFAULTS = { wait: 20, lost: 600 };

const USAGE = `observer --relay ws://HOST:PORT --para ws://HOST:PORT [OPTIONS]
observer --replay FILE [OPTIONS]

Shows relay blocks against parachain blocks: C collated, B backed, I included, T timed out,
D dropped when the session changed, L lost. Ctrl-C ends it with a summary.

  --relay URL      a node of the relay chain
  --para URL       a node of the parachain
  --para-id ID     the parachain's id, if its runtime does not tell
  --blocks N       ends after N relay blocks
  --json           an object per relay block, and one with the summary
  --record FILE    writes what was observed, a line per event (compressed if it ends in .gz)
  --replay FILE    reads such a file in place of the endpoints
  --wait SECONDS   how long an endpoint may take for its first answer (${DEFAULTS.wait} by default)
  --lost SECONDS   how long one that went away may take to come back (${DEFAULTS.lost} by default)`;

const text = { type: 'string' };
const OPTIONS = {
	relay: text,
	para: text,
	'para-id': text,
	blocks: text,
	json: { type: 'boolean' },
	record: text,
	replay: text,
	wait: text,
	lost: text,
	help: { type: 'boolean', short: 'h' },
};

// The whole number in `values[name]`, of at least `least`; undefined if it is not there.
function wholeNumber(values, name, least) {
	const given = values[name];
	if (given === undefined) return undefined;
	if (!/^\d{1,10}$/.test(given) || Number(given) < least) {
		usage(`--${name} is '${given}', which is no whole number of at least ${least}`, `say for example --${name} ${Math.max(least, 10)}`);
	}
	return Number(given);
}

function readArguments(args) {
	const values = parse(args, OPTIONS);
	if (values.help) return { help: true };
	const options = {
		json: values.json ?? false,
		blocks: wholeNumber(values, 'blocks', 1),
		record: values.record,
		replay: values.replay,
		paraId: wholeNumber(values, 'para-id', 0),
		waits: { first: wholeNumber(values, 'wait', 1) ?? DEFAULTS.wait, again: wholeNumber(values, 'lost', 1) ?? DEFAULTS.lost },
	};
	if (values.replay !== undefined) {
		const both = ['relay', 'para', 'para-id', 'record', 'wait', 'lost'].filter((name) => values[name] !== undefined);
		if (both.length > 0) usage(`--replay takes what a file holds, so it does not go with --${both.join(' and --')}`, 'leave one out');
		return options;
	}
	return { ...options, urls: { relay: address(values, 'relay'), para: address(values, 'para') } };
}

// --- Printing -------------------------------------------------------------------------------------

// Feeds events to the reducer and prints its news. `complete` is called once `blocks` lines are printed.
async function printer({ json, blocks }, complete = () => {}) {
	// What needs polkadot-api takes a second to load; wrong arguments are told at once.
	const { initial, lastLine, reduce, summary } = await import('./lib/pipeline.mjs');
	let state = initial();
	let printed = 0;
	const show = picture();
	const print = (item) => {
		if (json && item.type === 'relay') console.log(JSON.stringify(item));
		// Remarks are for people.
		else if (json) console.error(show(item));
		else console.log(show(item));
	};
	const isFull = () => blocks !== undefined && printed >= blocks;
	return {
		isFull,
		take(event) {
			if (isFull()) return;
			state = reduce(state, event);
			for (const item of state.news) {
				if (isFull()) break;
				print(item);
				if (item.type === 'relay') printed += 1;
			}
			if (isFull()) complete();
		},
		// The best relay block at the end counts too, unless it was not asked for.
		end() {
			const line = lastLine(state);
			if (line && !isFull()) print(line);
			const figures = summary(state, { complete: isFull() });
			console.log(json ? JSON.stringify(figures) : `\n${summaryText(figures)}`);
		},
	};
}

// --- Recordings -----------------------------------------------------------------------------------

const isCompressed = (file) => file.endsWith('.gz');

function unreadable(file, error) {
	return new UserError(`the recording ${file} cannot be read (${error.message}); give a file that --record wrote`);
}

async function replay(file, printer) {
	const source = createReadStream(file);
	const lines = isCompressed(file) ? source.pipe(createGunzip()) : source;
	source.on('error', (error) => lines.destroy(error));
	try {
		for await (const line of createInterface({ input: lines, crlfDelay: Infinity })) {
			if (line === '') continue;
			printer.take(JSON.parse(line));
			if (printer.isFull()) break;
		}
	} catch (error) {
		throw unreadable(file, error);
	} finally {
		source.destroy();
	}
}

// { write(event), close() }. Fails before anything is observed if the file cannot be written.
async function recorder(file) {
	const target = createWriteStream(file);
	try {
		await once(target, 'open');
	} catch (error) {
		throw new UserError(`the recording ${file} cannot be written (${error.message}); give a file in a folder that you may write to with --record`);
	}
	const lines = new Readable({ read() {} });
	const done = isCompressed(file) ? connected(lines, createGzip(), target) : connected(lines, target);
	return {
		write: (event) => lines.push(`${JSON.stringify(event)}\n`),
		close: () => {
			lines.push(null);
			return done;
		},
	};
}

// --- The program ----------------------------------------------------------------------------------

// Observes until the blocks are full, Ctrl-C, or a failure, which is thrown after the summary.
async function watch(options) {
	const recording = options.record === undefined ? undefined : await recorder(options.record);
	let finish;
	const finished = new Promise((resolve) => (finish = resolve));
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => finish());
	const output = await printer(options, () => finish());
	const { observe } = await import('./lib/observe.mjs');
	const emit = (event) => {
		recording?.write(event);
		try {
			output.take(event);
		} catch (error) {
			finish(error);
		}
	};
	let failure;
	let observation;
	try {
		const starting = observe({ ...options, emit, fail: (error) => finish(error) });
		failure = await Promise.race([finished, starting.then((started) => ((observation = started), finished))]);
		output.end();
	} finally {
		observation?.close();
		await recording?.close();
	}
	if (failure) throw failure;
}

async function main(args) {
	const options = readArguments(args);
	if (options.help) return console.log(USAGE);
	if (options.replay === undefined) return watch(options);
	const output = await printer(options);
	await replay(options.replay, output);
	output.end();
}

run(main);
