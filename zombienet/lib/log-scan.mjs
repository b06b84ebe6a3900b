// Finds lines in a node's log: errors, which must not be there, and others.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

// A line of level ERROR, as nodes write it with --detailed-log-output:
//   2026-11-20 14:03:09.120 ERROR tokio-rt-worker parachain: [Relaychain] text
const ERROR = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? +ERROR\b/;
// A panic goes to the log without a level.
const PANIC = /\bpanicked at\b/;

// Error lines that are no fault, each with the reason why it cannot be avoided.
export const HARMLESS = [];

// Whether `line` reports an error that is not among `harmless` ([{ pattern, reason }]).
export function isError(line, harmless = HARMLESS) {
	return (ERROR.test(line) || PANIC.test(line)) && !harmless.some(({ pattern }) => pattern.test(line));
}

// When `line` was written, in milliseconds since 1970; NaN if it does not say. Nodes write their local time.
export function timeOf(line) {
	return new Date(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?/.exec(line)?.[0].replace(' ', 'T')).getTime();
}

// The lines of the log file at `path` for which `wanted(line)` is true.
export async function linesIn(path, wanted) {
	const found = [];
	for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
		if (wanted(line)) found.push(line);
	}
	return found;
}

// The error lines of the log file at `path`.
export function errorsIn(path, harmless = HARMLESS) {
	return linesIn(path, (line) => isError(line, harmless));
}

// Whether the node `name` wrote `line` in one of `troubles` ([{ names, from, to }], times in milliseconds): while
// it stood still, ended, or came back to a world that had gone on. A panic is excused by no trouble.
export function isOfTrouble(name, line, troubles) {
	const at = timeOf(line);
	return !PANIC.test(line) && troubles.some(({ names, from, to }) => names.includes(name) && at >= from && at <= to);
}
