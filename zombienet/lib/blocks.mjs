// Collects the finalized blocks of a chain for a test.
import { eachFinalized } from './chain.mjs';
import { waiting } from './waiting.mjs';

// Follows the finalized blocks of `client`'s chain, without block 0. `describe(block)` returns the rest of a
// block; the node keeps the block's state until then. Returns
//   blocks   [{ hash, number, ...rest }], in order
//   until(seconds, what, find)   resolves with the first value of find(blocks) that is not undefined
//   stop()
// A gap in the numbers is an error, because tests count these blocks.
export function followBlocks({ client, describe }) {
	const blocks = [];
	const { look, fail, until } = waiting(() => `block #${blocks.at(-1)?.number ?? 'none'}`);
	const step = async ({ hash, number }) => {
		if (number === 0) return;
		const rest = await describe({ hash, number });
		const last = blocks.at(-1)?.number ?? number - 1;
		if (number !== last + 1) throw new Error(`block #${number} came after #${last}: blocks are missing`);
		blocks.push({ hash, number, ...rest });
		look();
	};
	const subscription = eachFinalized(client, step, fail);
	return {
		blocks,
		until: (seconds, what, find) => until(seconds, what, () => find(blocks)),
		stop: () => subscription.unsubscribe(),
	};
}
