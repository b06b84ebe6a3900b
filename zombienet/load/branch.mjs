// Which blocks are on the best chain, as it changes, and how far it is included and final.

// Blocks that far behind the finalized one are forgotten.
const KEPT = 300;

// Blocks are { hash, number, parent }, told with their parents first.
export function branch() {
	const blocks = new Map();
	let [best, finalized] = [];

	// From `hash` down to the first block that has `mark`, or that nobody told of: the oldest first.
	const without = (mark, hash) => {
		const found = [];
		for (let block = blocks.get(hash); block && !block[mark]; block = blocks.get(block.parent)) found.unshift(block);
		return found;
	};
	const reach = (mark, hash) => {
		const reached = without(mark, hash);
		for (const block of reached) block[mark] = true;
		return reached.map(({ hash }) => hash);
	};

	return {
		// `root` is for a block whose parent was not told.
		add({ hash, number, parent, root = false }) {
			if (!blocks.has(hash)) blocks.set(hash, { hash, number, parent: root ? undefined : parent });
		},
		// { retracted, enacted }: hashes of blocks that left the best chain (the newest first) and of those
		// that joined it (the oldest first). A chain that begins with a root retracts nothing: what was
		// known before is below it, for all one knows.
		best(hash) {
			const enacted = without('onBest', hash);
			const retracted = [];
			const fork = enacted.length > 0 ? enacted[0].parent : hash;
			if (fork !== undefined) {
				for (let block = blocks.get(best); block && block.hash !== fork && !block.final; block = blocks.get(block.parent)) retracted.push(block);
			}
			for (const block of retracted) block.onBest = false;
			for (const block of enacted) block.onBest = true;
			best = hash;
			return { retracted: retracted.map(({ hash }) => hash), enacted: enacted.map(({ hash }) => hash) };
		},
		// The hashes of the blocks that are final by this one and were not before, the oldest first.
		finalize(hash) {
			const reached = reach('final', hash);
			finalized = blocks.get(hash);
			for (const [old, { number }] of blocks) if (finalized && number < finalized.number - KEPT) blocks.delete(old);
			return reached;
		},
		// As `finalize`, for the inclusion on the relay chain.
		include: (hash) => reach('included', hash),
		has: (hash) => blocks.has(hash),
		isOnBest: (hash) => blocks.get(hash)?.onBest ?? false,
	};
}
