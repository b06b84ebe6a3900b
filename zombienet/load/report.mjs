// The printed texts.
import { KINDS } from './refusals.mjs';

const MIB = 1024 * 1024;
const PICOSECONDS = 1e9;

const fixed = (value, digits = 1) => value.toFixed(digits);
const seconds = (value) => (value === null ? '-' : `${fixed(value)} s`);
const rate = (value, digits = 1) => (value === null ? '-' : `${fixed(value, digits)}/s`);
const percent = (share) => `${Math.round(share * 100)} %`;
const named = (counts, names) => names.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
const list = (parts) => (parts.length > 0 ? ` (${parts.join(', ')})` : '');

// Returns the line for a new block of the best chain.
export function blockLine({ number, own, refTime, proofSize, length, unread }, limits) {
	if (unread) return `#${number}: could not be read`;
	const of = (value, name, divisor, unit) => `${fixed(value / divisor, divisor === MIB ? 2 : 0)} ${unit} (${percent(value / limits[name])})`;
	return `#${number}: ${own} of this load, ref time ${of(refTime, 'refTime', PICOSECONDS, 'ms')}, proof ${of(proofSize, 'proofSize', MIB, 'MiB')}, length ${of(length, 'length', MIB, 'MiB')}`;
}

// Returns the line that describes one transaction, printed before the load starts.
export function callLine({ call, backlog, signaturesPerSecond }) {
	const { kind, length, refTime, proofSize, reads, repeats, payload } = call;
	const parts = kind === 'burn' ? `: reads ${reads} accounts, and its own ${repeats} times, ${payload} bytes of payload` : '';
	return `each transaction: ${kind}${parts}; ${length} bytes, declared ${fixed(refTime / PICOSECONDS, 2)} ms and ${fixed(proofSize / 1024)} KiB of proof; backlog at most ${backlog}; ${Math.round(signaturesPerSecond)} signatures/s`;
}

// `report` is the one of generator.mjs, with `facts`.
export function reportText({ facts, ...report }) {
	const { perSecond, latency, inFlight, lost, held, blocks } = report;
	const stage = (name, count, more) => `  ${name.padEnd(12)}${String(count).padStart(8)}   ${more}`;
	const latencyOf = ({ p50, p95 }) => `p50 ${seconds(p50)}, p95 ${seconds(p95)} after it was sent`;
	const lines = [
		`${report.sent} transactions in ${fixed(report.seconds)} s: ${rate(perSecond.sent)} of ${perSecond.asked}/s asked`,
		stage('in a block', report.inBlock, `${rate(perSecond.inBlock)}, ${latencyOf(latency.block)}`),
		report.included === null ? stage('included', '-', 'unknown without --relay') : stage('included', report.included, latencyOf(latency.included)),
		stage('finalized', report.finalized, `${rate(perSecond.finalized)}, ${latencyOf(latency.finalized)}`),
		stage('lost', lost.total, named(lost, Object.keys(lost).filter((name) => name !== 'total')).join(', ')).trimEnd(),
		stage('in flight', Object.values(inFlight).reduce((sum, count) => sum + count, 0), named(inFlight, Object.keys(inFlight)).join(', ')).trimEnd(),
	];
	const also = [
		...[[report.failed, 'failed in their block'], [report.late, 'lost ones came after the limit'], [report.unseen, 'finalized according to nonces only']],
		...[[report.droppedByPool, 'dropped by the pool'], [report.resent, 'times sent again'], [report.resigned, 'signed again'], [report.retracted, 'retracted']],
	];
	const happened = also.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
	if (happened.length > 0) lines.push(`  of these: ${happened.join(', ')}`);
	const refused = named(report.responses, KINDS.filter((kind) => kind !== 'taken' && kind !== 'present'));
	if (refused.length > 0) lines.push(`  refusals: ${refused.join(', ')}`);
	for (const [text, count] of Object.entries({ ...report.refusals, ...report.dispatchErrors })) lines.push(`    ${count} x ${text}`);
	const waits = Object.entries(held).filter(([, time]) => time >= 100).map(([name, time]) => `${fixed(time / 1000)} s by ${WAITS[name]}`);
	if (waits.length > 0) lines.push(`  sending paused: ${waits.join(', ')}`);

	lines.push(`${blocks.blocks} blocks, one in ${seconds(blocks.blockSeconds)}${list(blocks.unread > 0 ? [`${blocks.unread} could not be read`] : [])}`);
	const use = (name, { mean, most, share, mostShare, perSecond }, divisor, unit, digits) =>
		`  ${name.padEnd(12)}mean ${fixed(mean / divisor, digits)} ${unit} (${percent(share)} of a block's), most ${fixed(most / divisor, digits)} ${unit} (${percent(mostShare)}), ${perSecond === null ? '-' : `${fixed(perSecond / divisor, digits)} ${unit}`}/s`;
	lines.push(use('ref time', blocks.refTime, PICOSECONDS, 'ms', 0));
	lines.push(use('proof', blocks.proofSize, MIB, 'MiB', 2));
	lines.push(use('length', blocks.length, MIB, 'MiB', 2));
	lines.push(`${Math.round(facts.signaturesPerSecond)} signatures/s on this machine`);
	return lines.join('\n');
}

const WAITS = {
	backlog: 'the backlog',
	pool: 'refusals of the pool',
	accounts: 'paused accounts',
	connection: 'the connection',
};
