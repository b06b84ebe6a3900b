// Inclusion statistics as an observer computes them, in the form of `UnincludedSegmentApi.stats`, to compare
// both. The observer reads the relay chain's events. The pallet knows the relay chain's state only at the relay
// parents of the parachain's blocks.
import { decodeHead, pipelineDigest, relevantDigests } from 'conveyor-observer/header';
import { relayEvents } from 'conveyor-observer/relay-events';
import { eachFinalized } from './chain.mjs';

// MAX_COUNTED_LAG of conveyor-primitives: longer lags are counted as this number of relay blocks.
const MAX_COUNTED_LAG = 14;

// Expected statistics after the last of `blocks`.
//   blocks    [{ number, relayParent }], the chain from block 1 on, in order
//   included  [{ relayBlock, head }], in order: number of the latest included block as of a relay block
// Returns
//   stats     { included_blocks, total_lag, longest_lag, blocks_with_uncertain_lag, lags }, as the API
//   excess    sum of all lags minus the sum of the true lags, in relay blocks: the pallet sees an inclusion in
//             the first block on that relay block or a later one
export function inclusionAsSeen(blocks, included) {
	const relayParentOf = new Map(blocks.map(({ number, relayParent }) => [number, relayParent]));
	const counts = new Array(MAX_COUNTED_LAG + 1).fill(0);
	const stats = { included_blocks: 0, total_lag: 0, longest_lag: null, blocks_with_uncertain_lag: 0 };
	let excess = 0;
	let next = 0;
	let before;
	for (const { relayParent } of blocks) {
		while (next < included.length && included[next].relayBlock <= relayParent) {
			const { relayBlock, head } = included[next];
			for (let number = stats.included_blocks + 1; number <= head; number += 1) {
				const lag = relayParent - relayParentOf.get(number);
				stats.total_lag += lag;
				stats.longest_lag = Math.max(stats.longest_lag ?? 0, lag);
				// The chain had no block on the previous relay block.
				if (before === undefined || relayParent - before > 1) stats.blocks_with_uncertain_lag += 1;
				counts[Math.min(lag, MAX_COUNTED_LAG)] += 1;
				excess += relayParent - relayBlock;
			}
			stats.included_blocks = Math.max(stats.included_blocks, head);
			next += 1;
		}
		before = relayParent;
	}
	const lags = counts.map((blocks, lag) => ({ lag, capped: lag === MAX_COUNTED_LAG, blocks })).filter(({ blocks }) => blocks > 0);
	return { stats: { ...stats, lags }, excess };
}

// Follows the finalized blocks of both chains. Must be called before the parachain's first block.
// Returns { done(relayBlocks), stop }. `done` resolves with { blocks, included, at } when the parachain's
// finalized blocks span that number of relay blocks. `at` is the result of `read(hash)` for the last of them.
export function followInclusion({ relay, parachain, para, read }) {
	const blocks = [];
	const included = [];
	let relayNumber = 0;
	let wanted = Infinity;
	let settle;
	const result = new Promise((resolve, reject) => {
		settle = { resolve, reject };
	});
	// A failure before the first call of `done` must not end the process.
	result.catch(() => {});
	// The relay parent of a finalized parachain block is finalized, but its events may not have been read yet.
	let last;
	const finish = () => {
		if (last && relayNumber >= last.relayParent) {
			settle.resolve({ blocks: blocks.slice(0, last.number), included: included.filter(({ relayBlock }) => relayBlock <= last.relayParent), at: last.at });
		}
	};
	const onRelayBlock = async ({ hash, number }) => {
		const { candidates } = relayEvents(await relay.api.query.System.Events.getValue({ at: hash }), para);
		for (const { kind, head } of candidates) {
			if (kind === 'included') included.push({ relayBlock: number, head: decodeHead(head).number });
		}
		relayNumber = number;
		finish();
	};
	const onParaBlock = async ({ hash, number }) => {
		if (number === 0 || last) return;
		if (number !== blocks.length + 1) throw new Error(`block #${number} came after #${blocks.length}: blocks are missing. Start to follow before the parachain's first block`);
		const { digests } = await parachain.client.getBlockHeader(hash);
		const relayParent = pipelineDigest(relevantDigests(digests)).relayParent.number;
		blocks.push({ number, relayParent });
		if (relayParent - blocks[0].relayParent >= wanted) {
			last = { number, relayParent, at: await read(hash) };
			finish();
		}
	};
	const subscriptions = [
		eachFinalized(relay.client, onRelayBlock, settle.reject),
		eachFinalized(parachain.client, onParaBlock, settle.reject),
	];
	return {
		done: (relayBlocks) => {
			wanted = relayBlocks;
			return result;
		},
		progress: () => `parachain block #${blocks.length} on relay block #${blocks.at(-1)?.relayParent ?? 'none'}`,
		stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()),
	};
}
