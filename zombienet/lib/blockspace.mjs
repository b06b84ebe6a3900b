// Measures a parachain's use of blockspace: blocks, reference time and proof per relay block, independent of the
// time that a relay block takes.

// Returns `length` of the observer's `lines` after the first relay block that includes a block for which
// `isLoaded` holds, or undefined if there are not enough yet. That first relay block does not count. A window as
// long as a session contains exactly one change of session.
export function windowAfter(lines, isLoaded, length) {
	const first = lines.findIndex(({ included }) => blocksOf(included).some(isLoaded));
	if (first < 0 || lines.length < first + 1 + length) return undefined;
	return lines.slice(first + 1, first + 1 + length);
}

// Returns what was included in the relay blocks of `window`, and its usage. `usageOf(hash)` returns { refTime,
// proofSize } of a parachain block, or undefined if it is unknown.
//   relayBlocks     number of relay blocks
//   sessionChanges  number of relay blocks with a change of session
//   perBlock        [parachain blocks] in each relay block
//   blocks          number of parachain blocks
//   unknown         number of blocks with unknown usage, which the following figures leave out
//   refTime, proofSize   { mean, most } of a parachain block
//   perRelayBlock   { blocks, refTime, proofSize }
// Units are those of `usageOf`: picoseconds and bytes.
export function blockspace(window, usageOf) {
	const perBlock = window.map(({ included }) => blocksOf(included).length);
	const blocks = perBlock.reduce((sum, count) => sum + count, 0);
	const usages = window.flatMap(({ included }) => blocksOf(included)).map(({ hash }) => usageOf(hash));
	const known = usages.filter((usage) => usage !== undefined);
	const total = (name) => known.reduce((sum, usage) => sum + usage[name], 0);
	const used = (name) => ({
		mean: known.length > 0 ? total(name) / known.length : 0,
		most: Math.max(0, ...known.map((usage) => usage[name])),
	});
	return {
		relayBlocks: window.length,
		sessionChanges: window.filter(({ session }) => session !== null).length,
		perBlock,
		blocks,
		unknown: usages.length - known.length,
		refTime: used('refTime'),
		proofSize: used('proofSize'),
		perRelayBlock: {
			blocks: blocks / window.length,
			refTime: total('refTime') / window.length,
			proofSize: total('proofSize') / window.length,
		},
	};
}

// Returns the ratio of `a` to `b` per relay block: { blocks, refTime, proofSize }.
export function ratios({ perRelayBlock: a }, { perRelayBlock: b }) {
	return { blocks: a.blocks / b.blocks, refTime: a.refTime / b.refTime, proofSize: a.proofSize / b.proofSize };
}

function blocksOf(included) {
	return included.flatMap(({ blocks }) => blocks);
}
