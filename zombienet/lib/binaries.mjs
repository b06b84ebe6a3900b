// The programs and Wasm files a network is made of: where they are, and whether they are the right ones.
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './processes.mjs';

export const networksFolder = dirname(dirname(fileURLToPath(import.meta.url)));
// Where npm puts the packages of all of the repository's JavaScript.
export const packagesFolder = join(dirname(networksFolder), 'node_modules');

// The cache directory of scripts/lib.sh, and the target directory in it, unless told otherwise.
export function cacheFolder(env = process.env) {
	return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'conveyor');
}

export function buildFolder(env = process.env) {
	return join(env.CARGO_TARGET_DIR || join(cacheFolder(env), 'target'), 'local');
}

const WORKERS = ['polkadot-prepare-worker', 'polkadot-execute-worker'];

async function executable(path) {
	try {
		await access(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

// The release of polkadot that zombienet/relay builds, which is the one everything here is made for.
async function wantedPolkadot() {
	const manifest = await readFile(join(networksFolder, 'relay', 'Cargo.toml'), 'utf8');
	const version = /^version = "(.+)"$/m.exec(manifest)?.[1];
	if (!version) throw new Error(`${join(networksFolder, 'relay', 'Cargo.toml')} names no version`);
	return version;
}

// "polkadot 1.25.1-0123abc" is of version 1.25.1: the rest is the commit it was built from.
export function releaseOf(printed) {
	return /\b(\d+\.\d+\.\d+)(?:[-\s]|$)/.exec(printed)?.[1];
}

// The relay chain node: CONVEYOR_POLKADOT if that is set, otherwise our own.
async function findPolkadot(env) {
	const given = env.CONVEYOR_POLKADOT;
	const path = given || join(buildFolder(env), 'polkadot');
	const remedy = given
		? 'correct CONVEYOR_POLKADOT, or unset it to use our own'
		: 'build it: scripts/network.sh and scripts/test.sh do';
	if (given && !given.startsWith('/')) {
		throw new Error(`CONVEYOR_POLKADOT is '${given}', which is no absolute path; ${remedy}`);
	}
	for (const part of [path, ...WORKERS.map((worker) => join(dirname(path), worker))]) {
		if (!(await executable(part))) {
			throw new Error(`${part} is missing or cannot be executed (polkadot needs its two workers beside it); ${remedy}`);
		}
	}
	const [printed, wanted] = [(await output(path, ['--version'])).trim(), await wantedPolkadot()];
	if (releaseOf(printed) !== wanted) {
		throw new Error(`${path} is '${printed}', and these networks need polkadot ${wanted}; ${remedy}`);
	}
	return path;
}

async function findFile(path, remedy) {
	try {
		await access(path, constants.R_OK);
		return path;
	} catch {
		throw new Error(`${path} is missing; ${remedy}`);
	}
}

// Everything at once: { polkadot, node, paraWasm, relayWasm }. An error names the first that is missing.
export async function findBinaries(env = process.env) {
	const node = join(buildFolder(env), 'conveyor-node');
	if (!(await executable(node))) {
		throw new Error(`${node} is missing; build it: scripts/network.sh and scripts/test.sh do`);
	}
	return { polkadot: await findPolkadot(env), node, ...(await findWasm(env)) };
}

export async function findWasm(env = process.env) {
	return {
		paraWasm: await findFile(
			join(buildFolder(env), 'wbuild', 'conveyor-runtime', 'conveyor_runtime.compact.compressed.wasm'),
			'build it: scripts/network.sh and scripts/test.sh do',
		),
		relayWasm: await findFile(
			join(networksFolder, 'relay-runtime', 'westend-fast.compact.compressed.wasm'),
			'it belongs to the repository; zombienet/relay-runtime/README.md says how it is made',
		),
	};
}

// Returns the path of a variant of the parachain's runtime (runtime-variants/NAME). Variants are built with the
// tests, because each takes another minute.
export function findVariantWasm(name, env = process.env) {
	const crate = `conveyor-runtime-${name}`;
	return findFile(
		join(buildFolder(env), 'wbuild', crate, `${crate.replaceAll('-', '_')}.compact.compressed.wasm`),
		'build the tests: scripts/test.sh does, or `cargo build --profile local --workspace --locked --test wasm`',
	);
}
