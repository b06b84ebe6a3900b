// Which blocks nodes said were final, and whether these are on the chain in the end.

// Follows what each of `nodes` ([{ name, client }]) says is final, through restarts of the node. Returns
// { told, stop }; `told` grows, [{ name, number, hash }]. `fail` gets what ends it.
export function watchFinality(nodes, fail) {
	const told = [];
	const subscriptions = nodes.map(({ name, client }) =>
		client.finalizedBlock$.subscribe({
			next: ({ number, hash }) => told.push({ name, number, hash }),
			error: fail,
		}),
	);
	return { told, stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()) };
}

// Those of `told` that are not on the chain of which `hashes` has the hash of each number (number -> hash).
export function lostOf(told, hashes) {
	return told.filter(({ number, hash }) => hashes.get(number) !== hash);
}

// The hash of each block of the chain of `client`'s node up to its finalized block: number -> hash. By the
// old JSON-RPC, which also knows blocks that are long final.
export async function finalChain(client) {
	const { number } = await client.getFinalizedBlock();
	const numbers = Array.from({ length: number + 1 }, (_, at) => at);
	const hashes = await client._request('chain_getBlockHash', [numbers]);
	return new Map(numbers.map((number) => [number, hashes[number]]));
}
