// Follows a chain through a polkadot-api client and emits its blocks in a reliable order: parents first.

// Maximum number of relay blocks that are fetched after a gap. Nodes that are not archive nodes keep the state of
// 256 blocks below the finalized one.
const FILL = 256;

// Calls `emit` with { type: 'block', hash, number, parent, ...more } for each block, always after its parent, and
// with { type: 'best' | 'finalized', hash } for blocks emitted before. `describe(block, root)` returns the rest of
// a block. `root` is true for a block whose parent is never emitted: the first block, and the first one after a
// gap that cannot be filled. Events are handled one at a time, so `describe` must not wait without a limit. `fail`
// is called with the error that ends it; close() ends it without an error.
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

	// Returns the block and its ancestors down to a known one. The first is a root if no known one can be fetched.
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

	// Without this, polkadot-api would unpin a finalized block before it is handled.
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
		// From the best block down to the finalized one, because not every best block gets an event.
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
			// polkadot-api ends the stream of new blocks when it missed some of them.
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
