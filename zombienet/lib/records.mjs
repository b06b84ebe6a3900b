// Whether the parachain's own records (pallet-unincluded-segment) account for every block.

// What is wrong with the records of `blocks`, in words; nothing if all is right. For each block what
// UnincludedSegmentApi answered in its state:
//   [{ number, stats: { since, included, unmeasured, faults }, underWay: [number, ...] }]
// Every block from `since` on is either counted as included or under way, once, the block itself last; and
// what is counted as included does not become less.
export function unaccounted(blocks) {
	const found = [];
	let before = 0;
	for (const { number, stats, underWay } of blocks) {
		const { since, included, unmeasured, faults } = stats;
		const first = since + included;
		const expected = Array.from({ length: Math.max(0, number - first + 1) }, (_, at) => first + at);
		if (String(underWay) !== String(expected)) {
			found.push(`#${number}: ${included} included since #${since}, and under way ${underWay.map((its) => `#${its}`).join(' ') || 'nothing'}`);
		}
		if (included < before) found.push(`#${number}: ${included} included, ${before} in the block before`);
		if (faults !== 0 || unmeasured !== 0) found.push(`#${number}: ${faults} faults, ${unmeasured} unmeasured`);
		before = included;
	}
	return found;
}
