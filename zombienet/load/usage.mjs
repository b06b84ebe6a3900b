// What the blocks of the best chain used of their limits while load was on, and how fast things went.

// Blocks as generator.mjs describes them, with their hash. Times in milliseconds.
export function usage() {
	const blocks = new Map();
	let from = Infinity;
	let to = Infinity;
	return {
		begin: (now) => (from = now),
		end: (now) => (to = Math.min(to, now)),
		// Blocks that were there before are told with -Infinity.
		enact(block, now) {
			// One that comes back keeps its time.
			const { at = now } = blocks.get(block.hash) ?? {};
			blocks.set(block.hash, { ...block, at, onBest: true });
		},
		retract(hash) {
			if (blocks.has(hash)) blocks.get(hash).onBest = false;
		},
		// `limits`: { refTime, proofSize, length } of a block. The first block that came under load tells when
		// counting begins, and does not count itself: it had less time than the others to be filled.
		figures(limits) {
			const [first, ...counted] = [...blocks.values()].filter(({ at, onBest }) => onBest && at >= from && at <= to);
			const seconds = counted.length > 0 ? (counted.at(-1).at - first.at) / 1000 : 0;
			return {
				blocks: counted.length,
				seconds,
				blockSeconds: counted.length > 0 ? seconds / counted.length : null,
				transactions: sum(counted, 'ours'),
				...Object.fromEntries(['refTime', 'proofSize', 'length'].map((name) => [name, used(counted, name, limits[name], seconds)])),
				unread: counted.filter(({ unread }) => unread).length,
			};
		},
	};
}

const sum = (blocks, name) => blocks.reduce((total, block) => total + (block[name] ?? 0), 0);

function used(blocks, name, limit, seconds) {
	const total = sum(blocks, name);
	const most = Math.max(0, ...blocks.map((block) => block[name] ?? 0));
	const mean = blocks.length > 0 ? total / blocks.length : 0;
	return { total, mean, most, limit, share: mean / limit, mostShare: most / limit, perSecond: seconds > 0 ? total / seconds : null };
}

// How many per second come, of what comes in portions. The first portion tells when counting begins.
export function pace() {
	let [first, last] = [];
	let total = 0;
	return {
		add(count, now) {
			if (first === undefined && count === 0) return;
			if (first !== undefined) total += count;
			first ??= now;
			last = now;
		},
		perSecond: () => (last > first ? (total * 1000) / (last - first) : null),
	};
}
