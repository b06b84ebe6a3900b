// How much of what a relay chain offers a parachain uses: blocks, reference time and proof for each relay
// block, whatever the time that it took.

// The window of `length` relay blocks after the first in which a block was included for which `isLoaded`
// holds, of `lines` as watch.mjs has them; undefined until all of them are there. That relay block itself does
// not count: it only tells when counting begins. A window as long as a session has one change of session in
// it, wherever it begins.
export function windowAfter(lines, isLoaded, length) {
	const first = lines.findIndex(({ included }) => blocksOf(included).some(isLoaded));
	if (first < 0 || lines.length < first + 1 + length) return undefined;
	return lines.slice(first + 1, first + 1 + length);
}

// What was included in the relay blocks of `window`, and what it used. `usageOf(hash)` is { refTime,
// proofSize } of a parachain block, undefined if that is unknown. Returns
//   relayBlocks     how many there are
//   sessionChanges  in how many of them the session changed
//   perBlock        [parachain blocks] in each of them
//   blocks          all of these
//   unknown         of these, the blocks whose usage is unknown and missing in what follows
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

// How many times as much `a` is as `b`, for each relay block: { blocks, refTime, proofSize }.
export function ratios({ perRelayBlock: a }, { perRelayBlock: b }) {
	return { blocks: a.blocks / b.blocks, refTime: a.refTime / b.refTime, proofSize: a.proofSize / b.proofSize };
}

function blocksOf(included) {
	return included.flatMap(({ blocks }) => blocks);
}
