// Plain chain specifications. zombienet adds the validators, collators and parachains of a network.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findVariantWasm } from './binaries.mjs';
import { output } from './processes.mjs';

// polkadot derives the kind of chain from the relay chain's id: `westend` sets the address format, and `dev` makes
// validators author blocks even if finality is far behind.
const RELAY = { name: 'Westend Local', id: 'westend_ab_dev', preset: 'local_testnet' };

// The runtime variant of each placeholder that a network can use for the parachain's chain specification.
const VARIANTS = { PARA_SPEC_OFFSET_ZERO: 'offset-zero' };

// The placeholders that networks can use for chain specifications.
export const SPEC_PLACEHOLDERS = ['PARA_SPEC', 'RELAY_SPEC', ...Object.keys(VARIANTS)];

// Returns the plain chain specification `plain`, as text, with `code` as its runtime.
export function withCode(plain, code) {
	const spec = JSON.parse(plain);
	const genesis = spec.genesis?.runtimeGenesis;
	if (typeof genesis?.code !== 'string') throw new Error('the chain specification has no runtime in genesis.runtimeGenesis.code, so none can be replaced');
	genesis.code = `0x${Buffer.from(code).toString('hex')}`;
	return JSON.stringify(spec);
}

// Writes the chain specifications for the placeholders `wanted` into `folder` and returns their paths by
// placeholder. `signal` interrupts.
export async function writeSpecs(folder, { node, relayWasm }, wanted, signal) {
	const variants = Object.entries(VARIANTS).filter(([placeholder]) => wanted.includes(placeholder));
	// A missing variant is reported before anything is written.
	const codes = await Promise.all(variants.map(async ([, name]) => readFile(await findVariantWasm(name))));
	const pathOf = (name) => join(folder, `${name}.json`);
	const relaySpec = pathOf('relay');
	const paths = { RELAY_SPEC: relaySpec, PARA_SPEC: pathOf('para') };
	const create = [
		...['chain-spec-builder', '--chain-spec-path', relaySpec, 'create', '-t', 'local'],
		...['--chain-name', RELAY.name, '--chain-id', RELAY.id, '--runtime', relayWasm],
		...['named-preset', RELAY.preset],
	];
	const buildSpec = ['build-spec', '--chain', 'local', '--disable-default-bootnode'];
	const [, plain] = await Promise.all([output(node, create, { signal }), output(node, buildSpec, { signal })]);
	await writeFile(paths.PARA_SPEC, plain);
	for (const [at, [placeholder, name]] of variants.entries()) {
		paths[placeholder] = pathOf(`para-${name}`);
		await writeFile(paths[placeholder], withCode(plain, codes[at]));
	}
	return paths;
}
