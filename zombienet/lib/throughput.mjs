// Counts a parachain's candidates on the relay chain, with the rules of upstream's `assert_para_throughput`
// (zombienet-sdk-helpers).

// Creates a meter for `blocks` relay blocks. It takes finalized relay blocks in order and starts to count after
// 1. the first change of session, because parachains of the genesis start there;
// 2. the first candidate after it. Until then validators compile the parachain's code, which depends on the machine.
// (Upstream waits for that as well, with a metric.) A relay block with a change of session never counts: nothing
// is backed in it.
export function throughputMeter({ blocks }) {
	let sessionChanges = 0;
	let counted = 0;
	let warmUp = 0;
	const perBlock = [];
	const perCore = {};
	return {
		// `block` is the result of conveyor-observer's relayEvents. Returns the result once it is complete: {
		// backed, counted, warmUp, sessionChanges, perBlock, perCore }. `warmUp` is the number of relay blocks
		// between the first change of session and the first candidate, and `perCore` the number of candidates on
		// each core.
		add({ session, candidates }) {
			if (counted === blocks) throw new Error(`all ${blocks} relay blocks are counted already`);
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
