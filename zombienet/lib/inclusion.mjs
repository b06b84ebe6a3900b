// Inclusion as an observer sees it, in the figures in which pallet-unincluded-segment tells it, to compare
// the two. The observer reads the relay chain's events; the pallet knows the relay chain only at the relay
// parents of its own blocks.
import { decodeHead, pipelineDigest, relevantDigests } from 'conveyor-observer/header';
import { relayEvents } from 'conveyor-observer/relay-events';
import { eachFinalized } from './chain.mjs';

// As LONG_LAG of conveyor-primitives: the last counter is for lags of that many relay blocks or more.
const LONG_LAG = 14;

// What the pallet should have counted after the last of `blocks`, and what it cannot see.
//   blocks    [{ number, relayParent }], the chain from block 1 on, in order
//   included  [{ relayBlock, head }], in order: with which relay block which block became the latest
//             included one
// Returns
//   stats     { included, total_lag, longest_lag, seen_late, counts }, the pallet's figures
//   hidden    relay blocks that inclusion lags are longer by than the true ones, all blocks together: the
//             pallet learns of an inclusion with the first block on that relay block or a later one
export function inclusionAsSeen(blocks, included) {
	const relayParentOf = new Map(blocks.map(({ number, relayParent }) => [number, relayParent]));
	const counts = new Array(LONG_LAG + 1).fill(0);
	const stats = { included: 0, total_lag: 0, longest_lag: null, seen_late: 0, counts };
	let hidden = 0;
	let next = 0;
	let before;
	for (const { relayParent } of blocks) {
		while (next < included.length && included[next].relayBlock <= relayParent) {
			const { relayBlock, head } = included[next];
			for (let number = stats.included + 1; number <= head; number += 1) {
				const lag = relayParent - relayParentOf.get(number);
				stats.total_lag += lag;
				stats.longest_lag = Math.max(stats.longest_lag ?? 0, lag);
				// The chain had no block at the relay block before.
				if (before === undefined || relayParent - before > 1) stats.seen_late += 1;
				counts[Math.min(lag, LONG_LAG)] += 1;
				hidden += relayParent - relayBlock;
			}
			stats.included = Math.max(stats.included, head);
			next += 1;
		}
		before = relayParent;
	}
	return { stats, hidden };
}

// Follows the finalized blocks of both chains from now on, which must be before the parachain's first.
// Returns { done(relayBlocks), stop }; `done` resolves with { blocks, included, at } once the parachain's
// finalized blocks span that many relay blocks, `at` being what `read(hash)` gave for the last of them.
export function followInclusion({ relay, parachain, para, read }) {
	const blocks = [];
	const included = [];
	let relayNumber = 0;
	let wanted = Infinity;
	let settle;
	const result = new Promise((resolve, reject) => {
		settle = { resolve, reject };
	});
	// Whoever never asks must not be told by a crash.
	result.catch(() => {});
	// A finalized parachain block's relay parent is finalized, but its events may be on their way.
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
		if (number !== blocks.length + 1) throw new Error(`block #${number} came after #${blocks.length}: some were missed`);
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
