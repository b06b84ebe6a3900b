// Follows a chain through a polkadot-api client, and tells its blocks in an order one can rely on.

// How far back blocks are fetched that came while nobody was looking. Nodes that are no archives keep the
// state of 256 blocks behind the finalized one.
const FILL = 256;

// Calls `emit` with { type: 'block', hash, number, parent, ...more } for each block, its parent always
// before it; then with { type: 'best' | 'finalized', hash } for blocks that were told. `describe(block,
// root)` gives the rest of a block; `root` is true for a block whose parent nobody will tell: the first
// one, and one after a gap that could not be filled. One thing after the other, so nothing of this waits
// for ever if `describe` does not. `fail` gets what ended it; close() ends it silently.
export function follow(client, { describe, emit, fail }) {
	const known = new Map();
	const subscriptions = [];
	let ended = false;
	let queue = Promise.resolve();
	let [best, finalized] = [];

	const enqueue = (work) => {
		queue = queue.then(() => (ended ? undefined : work())).catch((error) => end(error));
	};
	const end = (error) => {
		if (ended) return;
		close();
		fail(error);
	};
	const close = () => {
		ended = true;
		subscriptions.forEach((subscription) => subscription.unsubscribe());
	};

	// The block and its ancestors down to one that is known; the first is a root if that is not to be had.
	const withAncestors = async (block) => {
		const blocks = [block];
		if (known.size === 0) return { blocks, root: true };
		const lowest = Math.min(...known.values());
		while (!known.has(blocks[0].parent)) {
			const { number, parent } = blocks[0];
			const header = number > lowest && blocks.length < FILL && (await client.getBlockHeader(parent).catch(() => undefined));
			if (!header) return { blocks, root: true };
			blocks.unshift({ hash: parent, number: header.number, parent: header.parentHash });
		}
		return { blocks, root: false };
	};

	const take = async (block) => {
		if (known.has(block.hash)) return;
		const { blocks, root } = await withAncestors(block);
		for (const [at, { hash, number, parent }] of blocks.entries()) {
			const more = await describe({ hash, number, parent }, root && at === 0);
			if (ended) return;
			if (more === undefined) continue;
			emit({ type: 'block', hash, number, parent, ...more });
			known.set(hash, number);
		}
	};

	const forget = (number) => {
		for (const [hash, its] of known) if (its < number - FILL) known.delete(hash);
	};

	// Without this, polkadot-api would let go of a block that is final before its turn has come.
	const holding = (block) => {
		try {
			return client.hodlBlock(block.hash);
		} catch {
			return () => {};
		}
	};

	const handlers = {
		blocks$: (block) => {
			const release = holding(block);
			enqueue(() => take(block).finally(release));
		},
		// From the best one down to the finalized one: those that were no news of their own, too.
		bestBlocks$: (blocks) =>
			enqueue(async () => {
				for (const block of [...blocks].reverse()) await take(block);
				if (ended || blocks[0].hash === best) return;
				best = blocks[0].hash;
				emit({ type: 'best', hash: best });
			}),
		finalizedBlock$: (block) =>
			enqueue(async () => {
				await take(block);
				if (ended || block.hash === finalized) return;
				finalized = block.hash;
				emit({ type: 'finalized', hash: finalized });
				forget(block.number);
			}),
	};
	const subscribe = (stream) => {
		const subscription = client[stream].subscribe({
			next: handlers[stream],
			error: end,
			// polkadot-api ends the stream of new blocks when it cannot tell what came between.
			complete: () => {
				if (ended) return;
				if (stream === 'blocks$') setImmediate(() => ended || subscribe(stream));
				else end(new Error(`the stream ${stream} ended`));
			},
		});
		subscriptions.push(subscription);
		if (ended) subscription.unsubscribe();
	};
	for (const stream of ['blocks$', 'bestBlocks$', 'finalizedBlock$']) if (!ended) subscribe(stream);
	return { close, inTurn: enqueue };
}
