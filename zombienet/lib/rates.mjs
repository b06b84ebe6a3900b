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

// What the included blocks of the observer's `lines` were built on: [{ relayParent, blocks, cores }] for every relay
// parent of one, the number of its blocks and of the cores on which they were.
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
