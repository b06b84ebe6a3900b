#!/usr/bin/env node
// Starts a network of this folder and stops it: a module for the tests, and the program behind scripts/network.sh.
//
//   launch.mjs NAME         runs zombienet/NAME.toml until Ctrl-C
//   launch.mjs --env NAME   writes its chain specifications, and prints the variables that the TOML refers to
//   launch.mjs --list       prints the names of the networks
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { within } from 'conveyor-observer/bounded';
import { watchHeads } from 'conveyor-observer/heads';
import { findBinaries, networksFolder, packagesFolder } from './lib/binaries.mjs';
import { observerCommands, observerScript } from './lib/observer-command.mjs';
import { placeholders, variables } from './lib/placeholders.mjs';
import { freePorts } from './lib/ports.mjs';
import { startGroup } from './lib/processes.mjs';
import { writeSpecs } from './lib/specs.mjs';

// Time limit for all nodes to respond. Two cores that also run a build need this much.
const LAUNCH_SECONDS = 600;
// The folder in a network's folder in which zombienet writes.
const DATA = 'network';
// The first port of `ports: 'stable'`: the default of wallets and explorers.
const FIRST_PORT = 9944;

export class UsageError extends Error {}

export async function networkNames() {
	const files = await readdir(networksFolder);
	return files.filter((file) => file.endsWith('.toml')).map((file) => file.slice(0, -'.toml'.length)).sort();
}

async function tomlOf(name) {
	const names = await networkNames();
	if (!names.includes(name)) {
		const problem = name === undefined ? 'no network was named' : `there is no network '${name}'`;
		throw new UsageError(`${problem}; the networks are: ${names.join(', ')}`);
	}
	return join(networksFolder, `${name}.toml`);
}

// Prepares everything that zombienet needs: { toml, text, folder, env }. `text` is the content of the file `toml`,
// and `env` the variables that it refers to.
async function prepare(name, { ports, report, signal }) {
	const toml = await tomlOf(name);
	const binaries = await findBinaries();
	const folder = await mkdtemp(join(tmpdir(), `conveyor-${name}-`));
	try {
		report('writing the chain specifications');
		const text = await readFile(toml, 'utf8');
		const needed = placeholders(text);
		const specs = await writeSpecs(folder, binaries, needed.others, signal);
		const free = await freePorts(needed.ports.length, ports === 'stable' ? FIRST_PORT : undefined);
		const env = variables(text, free, { NODE: binaries.node, POLKADOT: binaries.polkadot, ...specs });
		return { toml, text, folder, env };
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}

const ZOMBIENET = join(packagesFolder, '@zombienet', 'cli', 'dist', 'cli.js');

// zombienet writes this file when every node has responded. It exists before it is complete.
async function readNetwork(file) {
	try {
		return JSON.parse(await readFile(file, 'utf8'));
	} catch (error) {
		if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
		throw error;
	}
}

// Calls `read` now and after every change in `folder`, until it returns a value.
async function whenInFolder(folder, read, signal) {
	const changes = new AbortController();
	const stop = AbortSignal.any([changes.signal, ...(signal ? [signal] : [])]);
	try {
		return await new Promise((resolve, reject) => {
			let reading = Promise.resolve();
			const look = () => {
				reading = reading.then(read).then((found) => found !== undefined && resolve(found), reject);
			};
			watch(folder, { signal: stop }, look).on('error', reject);
			stop.addEventListener('abort', () => reject(new Error('the launch was interrupted')));
			look();
		});
	} finally {
		changes.abort();
	}
}

// The nodes of zombienet's network, in the order of `toml`. zombienet's order is the order of their start.
function nodesOf(network, folder, toml) {
	const describe = (para) => ({ name, wsUri, prometheusUri, spec }) => ({
		name,
		para,
		role: para === undefined ? (spec.validator ? 'validator' : 'relay node') : spec.validator ? 'collator' : 'full node',
		ws: wsUri,
		metrics: prometheusUri,
		log: join(folder, `${name}.log`),
	});
	const paras = Object.entries(network.paras).map(([id, { nodes }]) => nodes.map(describe(Number(id))));
	const at = ({ name }) => toml.indexOf(`name = "${name}"`);
	return [...network.relay.map(describe(undefined)), ...paras.flat()].sort((a, b) => at(a) - at(b));
}

// Removes all files of a network except the logs in its folder and in `network` below.
async function removeData(folder) {
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (entry.isDirectory() && entry.name === DATA) await removeData(path);
		else if (!entry.name.endsWith('.log')) await rm(path, { recursive: true, force: true });
	}
}

// Starts the network `name` and resolves when every node responds:
//   { name, folder, nodes, node(name), ended, stop() }
// `ports`: 'any', or 'stable' for the lowest free ports from 9944 on. `report` gets progress lines; `signal`
// interrupts. No process keeps running after a failure. The logs stay in `folder`.
export async function launch(name, { ports = 'any', report = () => {}, signal } = {}) {
	const { toml, text, folder, env } = await prepare(name, { ports, report, signal });
	const log = join(folder, 'zombienet.log');
	const data = join(folder, DATA);
	let group;
	let stopped;
	const stop = () =>
		(stopped ??= (async () => {
			await group?.stop();
			await removeData(folder);
		})());
	try {
		signal?.throwIfAborted();
		await mkdir(data);
		report(`starting the nodes (zombienet; its log: ${log})`);
		group = await startGroup(
			process.execPath,
			[ZOMBIENET, '--provider', 'native', '--dir', data, '--force', 'spawn', toml],
			// A log level in the environment would override the nodes' arguments.
			{ log, cwd: folder, env: { ...env, RUST_LOG: undefined } },
		);
		const failed = group.ended.then(async (how) => {
			throw new Error(`zombienet ${how} before the network was up. The end of ${log}:\n${await group.logTail()}`);
		});
		const ready = whenInFolder(data, () => readNetwork(join(data, 'zombie.json')), signal);
		const network = await within(LAUNCH_SECONDS, `all nodes of '${name}' to respond (see ${log})`, Promise.race([ready, failed]));
		const nodes = nodesOf(network, data, text);
		return {
			name,
			folder,
			nodes,
			node: (wanted) => {
				const node = nodes.find((node) => node.name === wanted);
				if (!node) throw new Error(`'${name}' has no node '${wanted}'; it has ${nodes.map((node) => node.name).join(', ')}`);
				return node;
			},
			ended: group.ended,
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

// --- The program ----------------------------------------------------------------------------------

function appsLink(ws) {
	return `https://polkadot.js.org/apps/?rpc=${encodeURIComponent(ws)}`;
}

function describe(network) {
	const lines = [];
	for (const { name, para, role, ws, log } of network.nodes) {
		lines.push(`  ${name} (${para === undefined ? role : `${role} of parachain ${para}`})`);
		lines.push(`    endpoint  ${ws}`, `    Apps      ${appsLink(ws)}`, `    log       ${log}`);
	}
	lines.push('', '  the pipeline, in another terminal:');
	lines.push(...observerCommands(network.nodes, observerScript, process.cwd()).map((command) => `    ${command}`));
	return lines.join('\n');
}

function seconds(since) {
	return `${Math.round((Date.now() - since) / 1000)} s`;
}

// Prints when each parachain has its first block. Until then the user sees no progress.
function reportFirstBlocks(network, since) {
	const seen = new Set();
	return network.nodes
		.filter(({ para, role }) => para !== undefined && role === 'collator')
		.map(({ para, ws }) =>
			watchHeads(ws, (number) => {
				if (number === 0 || seen.has(para)) return;
				seen.add(para);
				console.log(`parachain ${para} has its first block, ${seconds(since)} after the start`);
			}),
		);
}

async function run(name) {
	const interrupted = new AbortController();
	const since = Date.now();
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
		process.on(signal, () => {
			if (!interrupted.signal.aborted) console.log('\nstopping the network');
			interrupted.abort();
		});
	}
	let network;
	let heads = [];
	try {
		network = await launch(name, { ports: 'stable', report: (line) => console.log(`... ${line}`), signal: interrupted.signal });
		console.log(`\nnetwork '${name}' is up after ${seconds(since)}\n\n${describe(network)}\n`);
		console.log('Parachains start after the relay chain\'s first change of session, 2 to 4 minutes from now.');
		console.log('Ctrl-C stops the network and removes its databases; the logs stay.');
		heads = reportFirstBlocks(network, since);
		const how = await Promise.race([
			network.ended,
			new Promise((resolve) => {
				if (interrupted.signal.aborted) resolve();
				interrupted.signal.addEventListener('abort', () => resolve());
			}),
		]);
		if (how !== undefined && !interrupted.signal.aborted) throw new Error(`zombienet ${how}`);
	} catch (error) {
		if (!interrupted.signal.aborted) throw error;
	} finally {
		heads.forEach((head) => head.close());
		await network?.stop();
	}
	console.log(network ? `stopped; the logs are in ${network.folder}` : 'stopped');
}

async function printEnv(name) {
	const { toml, env } = await prepare(name, { ports: 'stable', report: (line) => console.error(`... ${line}`) });
	for (const [variable, value] of Object.entries(env)) console.log(`export ${variable}='${value}'`);
	console.log(`# zombie-cli spawn --provider native ${toml}`);
}

async function main(args) {
	const [first, second, third] = args;
	if (third !== undefined || (first?.startsWith('-') && !['--env', '--list'].includes(first))) {
		throw new UsageError(`unknown arguments '${args.join(' ')}'; use NAME, --env NAME or --list`);
	}
	if (first === '--list') console.log((await networkNames()).join('\n'));
	else if (first === '--env') await printEnv(second);
	else if (second !== undefined) throw new UsageError(`'${args.join(' ')}' names several networks; start one at a time`);
	else await run(first);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
	main(process.argv.slice(2)).then(
		() => process.exit(0),
		(error) => {
			console.error(`error: ${error.message}`);
			process.exit(error instanceof UsageError ? 2 : 1);
		},
	);
}
