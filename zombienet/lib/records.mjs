// Checks that the parachain's records (pallet-unincluded-segment) cover every block.

// Returns a description of every error in the records of `blocks`. Each block has the results of
// UnincludedSegmentApi in its state:
//   [{ number, stats: { first_block, included_blocks, blocks_with_unknown_lag, faults }, unincluded: [number, ...] }]
// Every block from `first_block` on is either included or unincluded, and counted once. The block itself is the
// last unincluded one. The number of included blocks never decreases.
export function unaccounted(blocks) {
	const found = [];
	let before = 0;
	for (const { number, stats, unincluded } of blocks) {
		const { first_block: firstBlock, included_blocks: included, blocks_with_unknown_lag: unknown, faults } = stats;
		const first = firstBlock + included;
		const expected = Array.from({ length: Math.max(0, number - first + 1) }, (_, at) => first + at);
		if (String(unincluded) !== String(expected)) {
			found.push(`#${number}: ${included} included since #${firstBlock}, unincluded ${unincluded.map((its) => `#${its}`).join(' ') || 'none'}`);
		}
		if (included < before) found.push(`#${number}: ${included} included, ${before} in the previous block`);
		if (faults !== 0 || unknown !== 0) found.push(`#${number}: ${faults} faults, ${unknown} with an unknown lag`);
		before = included;
	}
	return found;
}
