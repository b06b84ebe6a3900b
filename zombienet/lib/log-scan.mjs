// Finds errors and other lines in a node's log.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

// A line of level ERROR, as nodes write it with --detailed-log-output:
//   2026-11-20 14:03:09.120 ERROR tokio-rt-worker parachain: [Relaychain] text
const ERROR = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? +ERROR\b/;
// A panic goes to the log without a level.
const PANIC = /\bpanicked at\b/;

// Error lines that are harmless, each with the reason why it cannot be avoided.
export const HARMLESS = [];

// Error lines that a node writes after it was stopped and resumed, or ended and started again, each with the kind
// of fault and the reason.
export const DURING_FAULTS = [
	{
		kinds: ['stopped'],
		pattern: /cumulus-relay-chain-streams: .*Failed to fetch .*State already discarded/,
		reason: 'a collator that was stopped requests the state of all relay blocks since then, also of abandoned forks',
	},
	{
		kinds: ['stopped'],
		pattern: /cumulus-relay-chain-streams: .*Failed to fetch .*RequestTimeout/,
		reason: 'a request that a collator had sent when it was stopped has timed out when it is resumed',
	},
	{
		kinds: ['stopped'],
		pattern: /parachain::collator-protocol: .*Failed to get unfulfilled claim queue entries .*RelayParentStateNotFound/,
		reason: 'a collation that a validator was fetching when it was stopped belongs to a relay parent that has left its view when it is resumed',
	},
	{
		kinds: ['ended'],
		pattern: /sc_service::task_manager: .*Essential task `[^`]+` failed\. Shutting down service\./,
		reason: 'the tasks of a node that gets SIGTERM end one after the other, and the first looks like a failure to the node',
	},
	{
		kinds: ['ended'],
		pattern: /\bsubsystem exited with error\b|collation-generation: .*error receiving message from subsystem context: .*Signal channel is terminated/,
		reason: 'the subsystems of a relay chain node that gets SIGTERM find the channels to those that ended before them closed',
	},
];

// Returns whether `line` reports an error that is not among `harmless` ([{ pattern, reason }]).
export function isError(line, harmless = HARMLESS) {
	return (ERROR.test(line) || PANIC.test(line)) && !harmless.some(({ pattern }) => pattern.test(line));
}

// Returns the time of `line` in milliseconds since 1970, or NaN. Nodes write their local time.
export function timeOf(line) {
	return new Date(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?/.exec(line)?.[0].replace(' ', 'T')).getTime();
}

// Returns the lines of the log file at `path` for which `wanted(line)` is true.
export async function linesIn(path, wanted) {
	const found = [];
	for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
		if (wanted(line)) found.push(line);
	}
	return found;
}

// Returns the error lines of the log file at `path`.
export function errorsIn(path, harmless = HARMLESS) {
	return linesIn(path, (line) => isError(line, harmless));
}

// Returns the first of `excuses` ([{ kinds, pattern, reason }]) that applies to `line` of the node `name` during
// one of `faults`: [{ kind, names, from, to }], times in milliseconds, each until the node had recovered. Returns
// undefined if there is none. A panic has no excuse.
export function excuseFor(name, line, faultPeriods, excuses = DURING_FAULTS) {
	if (PANIC.test(line)) return undefined;
	const at = timeOf(line);
	const kinds = faultPeriods.filter(({ names, from, to }) => names.includes(name) && at >= from && at <= to).map(({ kind }) => kind);
	return excuses.find((excuse) => excuse.pattern.test(line) && excuse.kinds.some((kind) => kinds.includes(kind)));
}
