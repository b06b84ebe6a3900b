// The observer's figures of a network, and what must hold for them on any machine.
import { summaryText } from 'conveyor-observer/display';
import { finalChain } from './finality.mjs';

// Returns the contradictions to the relay chain's rules and to the parachain's final blocks, as texts; normally
// none.
//   figures   the summary of observer/lib/pipeline.mjs
//   lines     its lines, of which `lost` counts
//   chances   number of chances of a candidate (observer/README.md)
//   final     hash of each final parachain block: number -> hash
export function contradictions({ figures, lines, chances, final }) {
	const { candidates, confidence, blocks } = figures;
	const found = [];
	candidates.attempts.slice(chances).forEach((count, at) => {
		if (count > 0) found.push(`${count} candidates were backed on attempt ${chances + at + 1}, but there are ${chances}`);
	});
	const known = candidates.attempts.reduce((sum, count) => sum + count, 0);
	if (known !== candidates.backed) found.push(`${known} attempts are known of ${candidates.backed} backed candidates`);
	if (confidence.finalized === 0) found.push('none of the authored blocks was finalized');
	if (confidence.finalized > blocks.included) found.push(`${confidence.finalized} blocks were finalized, but ${blocks.included} included`);
	for (const { number, hash } of lines.flatMap(({ lost }) => lost)) {
		if (final.get(number) === hash) found.push(`block #${number} ${hash} counts as lost, but is final`);
	}
	return found;
}

// Returns { text, wrong }: the figures of `pipeline` (watch.mjs) as text, and the contradictions. `relay` and
// `para` are connections (chain.mjs) to a node of each chain. Candidates must have descriptors of version 2.
export async function figuresOf({ pipeline, relay, para }) {
	const [lookahead, offset, final] = await Promise.all([
		relay.api.apis.ParachainHost.scheduling_lookahead(),
		para.api.apis.RelayParentOffsetApi.relay_parent_offset(),
		finalChain(para.client),
	]);
	const figures = pipeline.summary();
	const chances = lookahead - offset;
	const text = `${summaryText(figures)}\n  chances           ${chances} per candidate (lookahead ${lookahead}, relay parent offset ${offset})`;
	return { text, wrong: contradictions({ figures, lines: pipeline.lines(), chances, final }) };
}
