#!/usr/bin/env node
// Sends transactions to a chain and reports their outcome. README.md explains the figures.
import { address, parse, run, usage } from 'conveyor-observer/program';

const USAGE = `cli.mjs --para ws://HOST:PORT [OPTIONS]

Sends signed transactions at a rate, follows each to its finalization, and reports. Ctrl-C ends it with
the report of what was seen until then.

  --para URL       a node of the parachain
  --relay URL      a node of its relay chain, to see what is included
  --para-id ID     the parachain's id, needed if its runtime does not return it
  --rate N         transactions per second (default 20)
  --accounts N     sending accounts (100)
  --seconds N      duration of sending (60); the program then waits for the transactions in flight
  --kind KIND      transfer (the default), or burn: calls that use weight
  --weight MS      burn: reference time of a call, in milliseconds (5)
  --payload KIB    burn: length of a call, in KiB (0)
  --reads N        burn: accounts that a call reads, which makes its proof (0)
  --state N        burn: accounts that exist to be read (10000)
  --fill N         burn: N calls fill a block, in place of --weight, --payload and --reads
  --backlog N      maximum number of transactions in no block yet (1000, or as many as fit in 8 MiB)
  --limit S        seconds after which a transaction that is not finalized counts as lost (300)
  --patience S     seconds in no block after which the node is asked whether it still has the transaction (30)
  --keys SCHEME    ed25519 (the default) or sr25519, whose signatures are much slower
  --seed WORD      seed of the accounts (load); each concurrent load needs its own
  --funder PATH    the development account that pays (//Alice)
  --json           prints one JSON object per block, and one with the report
  --wait SECONDS   time limit for the first connection to an endpoint (20)
  --lost SECONDS   time limit for reconnecting to a lost endpoint (600)`;

// --- Arguments ------------------------------------------------------------------------------------

// [minimum, maximum] of the numbers, and whether they are integers.
const NUMBERS = {
	'para-id': [0, 2 ** 32 - 1, true],
	rate: [0.01, 10_000, false],
	accounts: [1, 10_000, true],
	seconds: [1, 86_400, true],
	weight: [0.1, 2000, false],
	payload: [0, 5120, false],
	reads: [0, 50_000, true],
	state: [1, 200_000, true],
	fill: [1, 5000, true],
	backlog: [1, 100_000, true],
	limit: [1, 86_400, true],
	patience: [1, 3600, true],
	wait: [1, 3600, true],
	lost: [1, 86_400, true],
};
const WORDS = {
	kind: ['transfer', 'burn'],
	keys: ['ed25519', 'sr25519'],
};
const BURN_ONLY = ['weight', 'payload', 'reads', 'state', 'fill'];
const NOT_WITH_FILL = ['weight', 'payload', 'reads'];
const SECONDS = 60;

const text = { type: 'string' };
const OPTIONS = {
	...Object.fromEntries(['para', 'relay', 'seed', 'funder', ...Object.keys(NUMBERS), ...Object.keys(WORDS)].map((name) => [name, text])),
	json: { type: 'boolean' },
	help: { type: 'boolean', short: 'h' },
};

function number(values, name) {
	const given = values[name];
	if (given === undefined) return undefined;
	const [least, most, whole] = NUMBERS[name];
	const value = Number(given);
	if (!/^\d{1,10}(\.\d{1,6})?$/.test(given) || value < least || value > most || (whole && !Number.isInteger(value))) {
		usage(`--${name} is '${given}', which is not ${whole ? 'an integer' : 'a number'} from ${least} to ${most}`, `use for example --${name} ${Math.min(most, Math.max(least, 10))}`);
	}
	return value;
}

function word(values, name) {
	const given = values[name];
	if (given !== undefined && !WORDS[name].includes(given)) usage(`--${name} is '${given}'`, `use one of ${WORDS[name].join(', ')}`);
	return given;
}

const camel = (name) => name.replace(/-./g, ([, letter]) => letter.toUpperCase());

export function readArguments(args) {
	const values = parse(args, OPTIONS);
	if (values.help) return { help: true };
	const options = { para: address(values, 'para'), json: values.json ?? false };
	if (values.relay !== undefined) options.relay = address(values, 'relay');
	for (const name of Object.keys(NUMBERS)) options[camel(name)] = number(values, name);
	for (const name of Object.keys(WORDS)) options[name] = word(values, name);
	for (const [name, pattern, example] of [['seed', /^\w{1,32}$/, 'load2'], ['funder', /^(\/\/?\w{1,32})+$/, '//Bob']]) {
		if (values[name] !== undefined && !pattern.test(values[name])) usage(`--${name} is '${values[name]}'`, `use for example --${name} ${example}`);
		options[name] = values[name];
	}
	options.seconds ??= SECONDS;

	const given = (names) => names.filter((name) => values[name] !== undefined).map((name) => `--${name}`);
	if (options.kind !== 'burn' && given(BURN_ONLY).length > 0) usage(`${given(BURN_ONLY).join(' and ')} needs --kind burn`, 'add it');
	if (options.fill !== undefined && given(NOT_WITH_FILL).length > 0) usage(`--fill computes ${given(NOT_WITH_FILL).join(' and ')}`, 'remove one of them');
	if (options.paraId !== undefined && options.relay === undefined) usage('--para-id needs --relay', 'add --relay, or remove --para-id');
	// Options that are absent get their defaults.
	return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

// --- The program ----------------------------------------------------------------------------------

async function load({ json, seconds, ...options }) {
	// polkadot-api takes a second to load. Loading it here keeps the errors for wrong arguments fast.
	const [{ prepare }, { blockLine, callLine, reportText }] = await Promise.all([import('./prepare.mjs'), import('./report.mjs')]);
	const print = json ? console.error : console.log;
	let stop;
	const stopped = new Promise((resolve) => (stop = resolve));
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop({ signal }));

	let facts;
	const onBlock = (block) => {
		if (json) console.log(JSON.stringify({ type: 'block', ...block }));
		else if (facts) console.log(blockLine(block, facts.limits));
	};
	const preparing = prepare({ ...options, seconds, say: (line) => print(`... ${line}`), onBlock, fail: (error) => stop({ error }) });
	const early = await Promise.race([stopped, preparing.then(() => undefined)]);
	if (early?.error) throw early.error;
	if (early) return print('interrupted before anything was sent');

	const running = await preparing;
	facts = running.facts;
	print(callLine(facts));
	running.begin();
	const timer = setTimeout(() => {
		running.end();
		print(`... ${seconds} s are over, waiting for the transactions in flight`);
	}, seconds * 1000);
	const how = await Promise.race([stopped, running.finished]);
	clearTimeout(timer);
	running.end();
	const report = { ...running.report(), facts };
	running.close();
	console.log(json ? JSON.stringify({ type: 'report', ...report }) : `\n${reportText(report)}`);
	if (how?.error) throw how.error;
	return undefined;
}

async function main(args) {
	const options = readArguments(args);
	if (options.help) return console.log(USAGE);
	return load(options);
}

run(main);
