// Counts a parachain's candidates on the relay chain, the way upstream's tests do it
// (`assert_para_throughput` of zombienet-sdk-helpers).

// A meter for `blocks` relay blocks, fed with one finalized block after the other. Nothing counts before
// the first change of session, because parachains of the genesis only start there, nor before the first
// candidate after it: until then validators compile the parachain's code, and how long that takes says
// something about the machine, not about the parachain. (Upstream waits for that as well, by a metric.)
// A block with a change of session never counts: nothing is backed in it.
export function throughputMeter({ blocks }) {
	let sessionChanges = 0;
	let counted = 0;
	let warmUp = 0;
	const perBlock = [];
	const perCore = {};
	return {
		// What conveyor-observer's relayEvents says of the block and the parachain.
		// Returns the result once it is complete: { backed, counted, warmUp, sessionChanges, perBlock, perCore },
		// `warmUp` being the blocks between the first change of session and the first candidate, and `perCore`
		// the candidates by the index of their core.
		add({ session, candidates }) {
			if (counted === blocks) throw new Error(`${blocks} relay blocks are counted already`);
			if (session !== undefined) {
				sessionChanges += 1;
				return undefined;
			}
			if (sessionChanges === 0) return undefined;
			const backed = candidates.filter(({ kind }) => kind === 'backed');
			if (counted === 0 && backed.length === 0) {
				warmUp += 1;
				return undefined;
			}
			counted += 1;
			perBlock.push(backed.length);
			for (const { core } of backed) perCore[core] = (perCore[core] ?? 0) + 1;
			return counted === blocks ? this.result() : undefined;
		},
		result: () => ({ backed: perBlock.reduce((sum, n) => sum + n, 0), counted, warmUp, sessionChanges, perBlock, perCore }),
	};
}
