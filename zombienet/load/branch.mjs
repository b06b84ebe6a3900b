// Tracks the best chain, its reorganizations, and how far it is included and finalized.

// Blocks this far below the finalized one are forgotten.
const KEPT = 300;

// Blocks are { hash, number, parent }, added after their parents.
export function branch() {
	const blocks = new Map();
	let [best, finalized] = [];

	// Returns the blocks from the first one with `mark` (or the first known one) up to `hash`, oldest first.
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
		// `root` is true for a block whose parent was not added.
		add({ hash, number, parent, root = false }) {
			if (!blocks.has(hash)) blocks.set(hash, { hash, number, parent: root ? undefined : parent });
		},
		// Returns { retracted, enacted }: hashes of blocks that left the best chain (newest first) and of those
		// that joined it (oldest first). A chain that starts with a root retracts nothing, because earlier blocks
		// may be its ancestors.
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
		// Returns the hashes of the blocks that became final with this one, oldest first.
		finalize(hash) {
			const reached = reach('final', hash);
			finalized = blocks.get(hash);
			for (const [old, { number }] of blocks) if (finalized && number < finalized.number - KEPT) blocks.delete(old);
			return reached;
		},
		// Like `finalize`, for the inclusion on the relay chain.
		include: (hash) => reach('included', hash),
		has: (hash) => blocks.has(hash),
		isOnBest: (hash) => blocks.get(hash)?.onBest ?? false,
	};
}
