// How many parachain blocks were built on each relay parent, around changes of the limits.

// [{ relayParent, blocks }] for every relay block from the first relay parent to the last, those without a
// block included. `blocks` are [{ number, relayParent }] in order.
export function perRelayParent(blocks) {
	const counts = new Map();
	for (const { relayParent } of blocks) counts.set(relayParent, (counts.get(relayParent) ?? 0) + 1);
	const [first, last] = [blocks[0]?.relayParent, blocks.at(-1)?.relayParent];
	const all = [];
	for (let relayParent = first; relayParent <= last; relayParent += 1) all.push({ relayParent, blocks: counts.get(relayParent) ?? 0 });
	return all;
}

// What became of a change to `rate` blocks per relay slot, which was in force after the blocks on relay
// parent `applied`, of which `counts` (as of perRelayParent) must have the following ones:
//   reached   how many relay blocks later the rate was reached for the first time, null if it was not
//   waited    of these relay blocks, how many are not `excused`: what the change itself took
//   without   relay blocks without a block among the first `window` ones, without those of `excused`
//   steady    [blocks] on each of the relay blocks after it was reached, as far as `counts` go
export function changeOf({ counts, rate, applied, window, excused = new Set() }) {
	const after = counts.filter(({ relayParent }) => relayParent > applied);
	const at = after.findIndex(({ blocks }) => blocks === rate);
	const within = after.slice(0, window);
	return {
		reached: at < 0 ? null : after[at].relayParent - applied,
		waited: at < 0 ? null : after.slice(0, at + 1).filter(({ relayParent }) => !excused.has(relayParent)).length,
		without: within.filter(({ relayParent, blocks }) => blocks === 0 && !excused.has(relayParent)).map(({ relayParent }) => relayParent),
		steady: at < 0 ? [] : after.slice(at).map(({ blocks }) => blocks),
	};
}
