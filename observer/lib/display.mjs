// The pipeline as text: one line per relay block, remarks between the lines, and the summary.

// "P7", and "P7'" for the second block with that number.
function name({ number, hash, fork }) {
	return `P${number ?? `[${hash?.slice(0, 10)}]`}${"'".repeat(fork)}`;
}

// "P4", or "P4-6" for consecutive blocks.
function names(blocks) {
	const [first, last] = [blocks[0], blocks.at(-1)];
	if (blocks.length === 1) return name(first);
	return `${name(first)}-${name(last).slice(1)}`;
}

// Groups consecutive blocks of the same fork, even if other blocks were seen in between.
function runs(blocks) {
	const found = [];
	for (const block of blocks) {
		const run = found.find((run) => {
			const last = run.at(-1);
			return last.number !== null && block.number === last.number + 1 && block.fork === last.fork;
		});
		if (run) run.push(block);
		else found.push([block]);
	}
	return found;
}

function candidates(list, letter, cores) {
	return [...list]
		.sort((a, b) => (a.blocks[0].number ?? 0) - (b.blocks[0].number ?? 0))
		.map(({ core, blocks, attempt, again }) => `${names(blocks)}(${letter}${attempt > 1 ? attempt : ''}${cores > 1 ? `@${core}` : ''}${again ? ' again' : ''})`);
}

function remarks({ session, unread, missed, collated, admission }, cores) {
	const found = [];
	if (unread !== null) found.push(`unread: ${unread}`);
	if (session !== null) found.push(`session ${session}`);
	if (missed.length > 0) found.push(cores > 1 ? `nothing on core ${missed.join(', ')}` : 'nothing backed');
	if (collated.length === 0 && admission?.refusal) found.push(`no block may be built: ${refusal(admission.refusal)}`);
	return found;
}

// "SegmentFull (length 3, capacity 3)". polkadot-api leaves out the name of a single field.
function refusal({ type, value }) {
	if (value === undefined || value === null) return type;
	const fields = typeof value === 'object' ? Object.entries(value).map(([key, value]) => `${key} ${value}`) : [value];
	return `${type} (${fields.join(', ')})`;
}

function limits({ velocity, capacity, target_block_rate: rate }) {
	return `velocity ${velocity}, capacity ${capacity}, target block rate ${rate}`;
}

const CHAINS = { relay: 'relay chain', para: 'parachain' };

// Returns the texts for the `news` of the reducer. `cores` is the number of cores seen; lines name cores if it is
// above 1.
export function display() {
	const seen = new Set();
	const texts = {
		relay: (line) => {
			const lists = [line.included, line.backed, line.timedOut, line.dropped];
			lists.flat().forEach(({ core }) => seen.add(core));
			line.missed.forEach((core) => seen.add(core));
			const parts = [
				...candidates(line.included, 'I', seen.size),
				...candidates(line.timedOut, 'T', seen.size),
				...candidates(line.dropped, 'D', seen.size),
				...runs(line.lost).map((blocks) => `${names(blocks)}(L)`),
				...candidates(line.backed, 'B', seen.size),
				...runs(line.collated).map((blocks) => `${names(blocks)}(C)`),
			];
			const text = `R${line.number}: ${parts.join(' ') || '-'}`;
			return [text, ...remarks(line, seen.size)].join(' | ');
		},
		reorg: ({ relay }) => `-- relay chain reorganization: ${relay.map(({ number }) => `R${number}`).join(' ')} abandoned`,
		gap: ({ after, before }) => `-- relay blocks between R${after} and R${before} were missed and are no longer available`,
		unread: ({ number, why }) => `-- R${number} could not be read: ${why}`,
		down: ({ from }) => `-- the ${CHAINS[from]}'s endpoint is lost; reconnecting`,
		up: ({ from }) => `-- the ${CHAINS[from]}'s endpoint is back`,
		limits: ({ from, to }) => `-- limits: ${limits(from)} -> ${limits(to)}`,
	};
	return (item) => texts[item.type](item);
}

const rounded = (value, digits = 2) => (value === null ? '-' : value.toFixed(digits));
const percent = (value) => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);
const seconds = (milliseconds) => (milliseconds === null ? '-' : `${(milliseconds / 1000).toFixed(2)} s`);

function attempts({ attempts, backed, lost }) {
	const counts = attempts.map((count, at) => `${count} on attempt ${at + 1}`);
	const unknown = backed - attempts.reduce((sum, count) => sum + count, 0);
	if (unknown > 0) counts.push(`${unknown} on an unknown attempt`);
	return `backed ${counts.join(', ') || '-'}; ${lost} lost without being backed`;
}

// The summary, one figure per line.
export function summaryText({ para, relayBlocks, candidates, blocks, confidence, blockTimeMs, inclusionLag, chances, lostConnections, own }) {
	const rows = [
		['relay blocks', `${relayBlocks.seen} seen, ${relayBlocks.counted} counted, ${relayBlocks.sessionChanges} with a change of session, ${relayBlocks.missed} missed, ${relayBlocks.unread} unread, ${relayBlocks.reorgs} reorganizations`],
		['block time', `${seconds(blockTimeMs.mean)} on average, p50 ${seconds(blockTimeMs.p50)}, p95 ${seconds(blockTimeMs.p95)} (${blockTimeMs.count} blocks)`],
		['candidates', `${rounded(candidates.perRelayBlock)} per relay block; ${candidates.backed} backed, ${candidates.included} included, ${candidates.timedOut} timed out, ${candidates.dropped} dropped at a change of session`],
		['attempts', attempts(candidates)],
		['parachain blocks', `${rounded(blocks.perRelayBlock)} per relay block; ${blocks.included} included, ${blocks.lost} lost, ${blocks.reproposed} re-proposed`],
		['block confidence', `${percent(confidence.ratio)}; ${confidence.authored} authored: ${confidence.finalized} finalized, ${confidence.lost} lost, ${confidence.open} open`],
		['inclusion lag', `p50 ${inclusionLag.p50 ?? '-'}, p95 ${inclusionLag.p95 ?? '-'} relay blocks (${inclusionLag.count} blocks)`],
		['missed chances', `${chances.missed} of ${chances.all}`],
		['lost connections', `relay chain ${lostConnections.relay}, parachain ${lostConnections.para}`],
		...(own ? [['the chain itself', `${own.included_blocks} blocks included since #${own.first_block}, longest lag ${own.longest_lag ?? '-'} relay blocks, ${own.faults} tracking faults`]] : []),
	];
	return [`Parachain ${para ?? '?'}`, ...rows.map(([what, value]) => `  ${what.padEnd(18)}${value}`)].join('\n');
}
