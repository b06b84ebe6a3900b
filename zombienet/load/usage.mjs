// Usage of the best chain's blocks while the load runs, and rates.

// Blocks are those of generator.mjs, with their hash. Times in milliseconds.
export function usage() {
	const blocks = new Map();
	let from = Infinity;
	let to = Infinity;
	return {
		begin: (now) => (from = now),
		end: (now) => (to = Math.min(to, now)),
		// Blocks that existed at the start are passed with -Infinity.
		enact(block, now) {
			// A block that returns to the best chain keeps its time.
			const { at = now } = blocks.get(block.hash) ?? {};
			blocks.set(block.hash, { ...block, at, onBest: true });
		},
		retract(hash) {
			if (blocks.has(hash)) blocks.get(hash).onBest = false;
		},
		// `limits`: { refTime, proofSize, length } of a block. Counting starts after the first block under load,
		// which had less time than the others to be filled.
		figures(limits) {
			const [first, ...counted] = [...blocks.values()].filter(({ at, onBest }) => onBest && at >= from && at <= to);
			const seconds = counted.length > 0 ? (counted.at(-1).at - first.at) / 1000 : 0;
			return {
				blocks: counted.length,
				seconds,
				blockSeconds: counted.length > 0 ? seconds / counted.length : null,
				transactions: sum(counted, 'own'),
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

// Returns the rate per second of items that come in portions. Counting starts after the first portion.
export function rateOf() {
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
