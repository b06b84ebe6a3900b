// Plain chain specifications, which zombienet completes with the validators, collators and parachains of
// a network.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from './processes.mjs';

// The relay chain's id tells polkadot what kind of chain it is: `westend` how addresses are written, and
// `dev` that a validator goes on authoring when finality is late.
const RELAY = { name: 'Westend Local', id: 'westend_ab_dev', preset: 'local_testnet' };

// Writes both into `folder` and returns their paths. `signal` interrupts.
export async function writeSpecs(folder, { node, relayWasm }, signal) {
	const relaySpec = join(folder, 'relay.json');
	const paraSpec = join(folder, 'para.json');
	const create = [
		...['chain-spec-builder', '--chain-spec-path', relaySpec, 'create', '-t', 'local'],
		...['--chain-name', RELAY.name, '--chain-id', RELAY.id, '--runtime', relayWasm],
		...['named-preset', RELAY.preset],
	];
	const buildSpec = ['build-spec', '--chain', 'local', '--disable-default-bootnode'];
	const [, plain] = await Promise.all([output(node, create, { signal }), output(node, buildSpec, { signal })]);
	await writeFile(paraSpec, plain);
	return { relaySpec, paraSpec };
}
