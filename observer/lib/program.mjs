// How the programs of this repository read their arguments, and how they end.
import { parseArgs } from 'node:util';
import { UserError } from './user-error.mjs';

// What is wrong with the arguments, and what helps.
export function usage(problem, remedy) {
	throw new UserError(`${problem}; ${remedy}`);
}

// The values of `options`, which are those of node:util's parseArgs, in `args`.
export function parse(args, options) {
	try {
		return parseArgs({ args, options }).values;
	} catch (error) {
		return usage(error.message.split('. ')[0], '--help tells them');
	}
}

// The WebSocket address in `values[name]`.
export function address(values, name) {
	const given = values[name];
	const remedy = `say for example --${name} ws://127.0.0.1:9944`;
	if (given === undefined) usage(`--${name} is missing`, remedy);
	if (!/^wss?:$/.test(URL.canParse(given) ? new URL(given).protocol : '')) {
		usage(`--${name} is '${given}', which is no WebSocket address`, remedy);
	}
	return given;
}

// Runs `main` with the program's arguments, and ends the program with it: status 0; 2 and one line for what
// the user can mend; 1 and all that is known of any other error.
export function run(main) {
	// polkadot-api warns there of what the programs tell in a line of their own: endpoints that do not answer.
	console.warn = () => {};
	// Whoever reads may have seen enough.
	process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));
	main(process.argv.slice(2)).then(
		() => process.exit(0),
		(error) => {
			const expected = error instanceof UserError;
			console.error(expected ? `error: ${error.message}` : error);
			process.exit(expected ? 2 : 1);
		},
	);
}
