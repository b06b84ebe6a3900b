#!/usr/bin/env node
// Shows the block pipeline of a parachain live. README.md explains the output.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline as connected } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { display, summaryText } from './lib/display.mjs';
import { address, parse, run, usage } from './lib/program.mjs';
import { UserError } from './lib/user-error.mjs';

// In seconds.
const DEFAULTS = { wait: 20, lost: 600 };

const USAGE = `observer --relay ws://HOST:PORT --para ws://HOST:PORT [OPTIONS]
observer --replay FILE [OPTIONS]

Shows relay blocks against parachain blocks: C collated, B backed, I included, T timed out,
D dropped when the session changed, L lost. Ctrl-C ends it with a summary.

  --relay URL      a node of the relay chain
  --para URL       a node of the parachain
  --para-id ID     the parachain's id, needed if its runtime does not return it
  --blocks N       exits after N relay blocks
  --json           prints one JSON object per relay block, and one with the summary
  --record FILE    writes all observed events, one line per event (compressed if FILE ends in .gz)
  --replay FILE    reads a recording instead of connecting to endpoints
  --wait SECONDS   time limit for the first connection to an endpoint (default ${DEFAULTS.wait})
  --lost SECONDS   time limit for reconnecting to a lost endpoint (default ${DEFAULTS.lost})`;

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

// Returns the integer in `values[name]`, or undefined if the option is absent. Rejects integers below `least`.
function wholeNumber(values, name, least) {
	const given = values[name];
	if (given === undefined) return undefined;
	if (!/^\d{1,10}$/.test(given) || Number(given) < least) {
		usage(`--${name} is '${given}', which is not an integer of at least ${least}`, `use for example --${name} ${Math.max(least, 10)}`);
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
		if (both.length > 0) usage(`--replay cannot be combined with --${both.join(' and --')}: a recording already contains these`, 'remove one of them');
		return options;
	}
	return { ...options, urls: { relay: address(values, 'relay'), para: address(values, 'para') } };
}

// --- Printing -------------------------------------------------------------------------------------

// Feeds events to the reducer and prints the resulting lines. Calls `complete` after `blocks` lines.
async function printer({ json, blocks }, complete = () => {}) {
	// polkadot-api takes a second to load. Loading it here keeps the errors for wrong arguments fast.
	const { initial, lastLine, reduce, summary } = await import('./lib/pipeline.mjs');
	let state = initial();
	let printed = 0;
	const show = display();
	const print = (item) => {
		if (json && item.type === 'relay') console.log(JSON.stringify(item));
		// Remarks are for people, not for programs that read JSON.
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
		// The last best relay block counts too, unless --blocks is already satisfied.
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
	return new UserError(`the recording ${file} cannot be read (${error.message}); use a file written by --record`);
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

// Returns { write(event), close() }. Fails before the observation starts if the file cannot be written.
async function recorder(file) {
	const target = createWriteStream(file);
	try {
		await once(target, 'open');
	} catch (error) {
		throw new UserError(`the recording ${file} cannot be written (${error.message}); use a file in a writable folder`);
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

// Observes until `--blocks` is reached, Ctrl-C, or a failure. A failure is thrown after the summary is printed.
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
