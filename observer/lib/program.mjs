// Arguments and exit status of this repository's programs.
import { parseArgs } from 'node:util';
import { UserError } from './user-error.mjs';

// Reports wrong arguments with a remedy.
export function usage(problem, remedy) {
	throw new UserError(`${problem}; ${remedy}`);
}

// Returns the values of `options` (in the format of node:util's parseArgs) in `args`.
export function parse(args, options) {
	try {
		return parseArgs({ args, options }).values;
	} catch (error) {
		return usage(error.message.split('. ')[0], '--help lists the options');
	}
}

// Returns the WebSocket address in `values[name]`.
export function address(values, name) {
	const given = values[name];
	const remedy = `use for example --${name} ws://127.0.0.1:9944`;
	if (given === undefined) usage(`--${name} is missing`, remedy);
	if (!/^wss?:$/.test(URL.canParse(given) ? new URL(given).protocol : '')) {
		usage(`--${name} is '${given}', which is not a WebSocket address`, remedy);
	}
	return given;
}

// Runs `main` with the program's arguments and sets the exit status: 0; 2 with a one-line message for a UserError;
// 1 with the stack for any other error.
export function run(main) {
	// polkadot-api logs a warning for endpoints that do not respond. The programs report these themselves.
	console.warn = () => {};
	// The reader of a pipe may close it at any time.
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
