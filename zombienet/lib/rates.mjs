// Counts the parachain blocks on each relay parent, around changes of the limits.

// Returns [{ relayParent, blocks }] for every relay block from the first relay parent to the last, also those
// without a block. `blocks` are [{ number, relayParent }] in order.
export function perRelayParent(blocks) {
	const counts = new Map();
	for (const { relayParent } of blocks) counts.set(relayParent, (counts.get(relayParent) ?? 0) + 1);
	const [first, last] = [blocks[0]?.relayParent, blocks.at(-1)?.relayParent];
	const all = [];
	for (let relayParent = first; relayParent <= last; relayParent += 1) all.push({ relayParent, blocks: counts.get(relayParent) ?? 0 });
	return all;
}

// Returns [{ relayParent, blocks, cores }] for the included blocks of the observer's `lines`: the number of blocks
// on each relay parent, and of the cores that they used.
export function builtOn(lines) {
	const found = new Map();
	for (const { number, included } of lines) {
		for (const { core, blocks } of included) {
			for (const { lag } of blocks) {
				const relayParent = number - lag;
				if (!found.has(relayParent)) found.set(relayParent, { relayParent, blocks: 0, on: new Set() });
				const entry = found.get(relayParent);
				entry.blocks += 1;
				entry.on.add(core);
			}
		}
	}
	return [...found.values()].map(({ relayParent, blocks, on }) => ({ relayParent, blocks, cores: on.size }));
}

// Evaluates a change to `rate` blocks per relay slot, current from the block after those on relay parent
// `applied`. `counts` (as from perRelayParent) must contain the following relay parents. Returns
//   reached   relay blocks until the rate was reached for the first time, or null
//   waited    the number of these that are not `excused`, which is the delay of the change itself
//   without   relay blocks without a block among the first `window`, except those in `excused`
//   steady    [blocks] on each relay block after the rate was reached
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
