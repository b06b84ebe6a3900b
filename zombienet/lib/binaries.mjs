// Finds the programs and Wasm files of a network, and checks their versions.
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './processes.mjs';

export const networksFolder = dirname(dirname(fileURLToPath(import.meta.url)));
// The folder of npm's packages for all JavaScript of the repository.
export const packagesFolder = join(dirname(networksFolder), 'node_modules');

// The cache directory of scripts/lib.sh with the target directory, unless the environment names others.
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

// The release of polkadot that zombienet/relay builds.
async function wantedPolkadot() {
	const manifest = await readFile(join(networksFolder, 'relay', 'Cargo.toml'), 'utf8');
	const version = /^version = "(.+)"$/m.exec(manifest)?.[1];
	if (!version) throw new Error(`${join(networksFolder, 'relay', 'Cargo.toml')} names no version`);
	return version;
}

// Drops the commit of a version: "polkadot 1.25.1-0123abc" is version 1.25.1.
export function releaseOf(printed) {
	return /\b(\d+\.\d+\.\d+)(?:[-\s]|$)/.exec(printed)?.[1];
}

// The relay chain node: CONVEYOR_POLKADOT if it is set, otherwise the one built by zombienet/relay.
async function findPolkadot(env) {
	const given = env.CONVEYOR_POLKADOT;
	const path = given || join(buildFolder(env), 'polkadot');
	const remedy = given
		? 'correct CONVEYOR_POLKADOT, or unset it to use the one that the scripts build'
		: 'build it with scripts/network.sh or scripts/test.sh';
	if (given && !given.startsWith('/')) {
		throw new Error(`CONVEYOR_POLKADOT is '${given}', which is not an absolute path; ${remedy}`);
	}
	for (const part of [path, ...WORKERS.map((worker) => join(dirname(path), worker))]) {
		if (!(await executable(part))) {
			throw new Error(`${part} is missing or cannot be executed (polkadot needs its two workers beside it); ${remedy}`);
		}
	}
	const [printed, wanted] = [(await output(path, ['--version'])).trim(), await wantedPolkadot()];
	if (releaseOf(printed) !== wanted) {
		throw new Error(`${path} is '${printed}', but the networks need polkadot ${wanted}; ${remedy}`);
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

// Returns { polkadot, node, paraWasm, relayWasm }. The error names the first missing file.
export async function findBinaries(env = process.env) {
	const node = join(buildFolder(env), 'conveyor-node');
	if (!(await executable(node))) {
		throw new Error(`${node} is missing; build it with scripts/network.sh or scripts/test.sh`);
	}
	return { polkadot: await findPolkadot(env), node, ...(await findWasm(env)) };
}

export async function findWasm(env = process.env) {
	return {
		paraWasm: await findFile(
			join(buildFolder(env), 'wbuild', 'conveyor-runtime', 'conveyor_runtime.compact.compressed.wasm'),
			'build it with scripts/network.sh or scripts/test.sh',
		),
		relayWasm: await findFile(
			join(networksFolder, 'relay-runtime', 'westend-fast.compact.compressed.wasm'),
			'restore it from git; zombienet/relay-runtime/README.md describes how it is built',
		),
	};
}

// Returns the path of a variant of the parachain's runtime (runtime-variants/NAME). Variants are built with the
// tests only, because each takes another minute.
export function findVariantWasm(name, env = process.env) {
	const crate = `conveyor-runtime-${name}`;
	return findFile(
		join(buildFolder(env), 'wbuild', crate, `${crate.replaceAll('-', '_')}.compact.compressed.wasm`),
		'build the tests with scripts/test.sh, or `cargo build --profile local --workspace --locked --test wasm`',
	);
}
