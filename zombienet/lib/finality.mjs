// Compares the blocks that nodes reported as final with the chain at the end.

// Follows the finalized blocks that each of `nodes` ([{ name, client }]) reports, also after a restart of the
// node. Returns { reported, stop }; `reported` grows, [{ name, number, hash }]. `fail` gets the error that ends
// it.
export function watchFinality(nodes, fail) {
	const reported = [];
	const subscriptions = nodes.map(({ name, client }) =>
		client.finalizedBlock$.subscribe({
			next: ({ number, hash }) => reported.push({ name, number, hash }),
			error: fail,
		}),
	);
	return { reported, stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()) };
}

// Returns those of `reported` that are not on the chain. `hashes` maps each number to the chain's hash.
export function lostOf(reported, hashes) {
	return reported.filter(({ number, hash }) => hashes.get(number) !== hash);
}

// Returns the hash of each block up to the finalized one of `client`'s node: number -> hash. Uses the legacy
// JSON-RPC, which also returns blocks that were finalized long ago.
export async function finalChain(client) {
	const { number } = await client.getFinalizedBlock();
	const numbers = Array.from({ length: number + 1 }, (_, at) => at);
	const hashes = await client._request('chain_getBlockHash', [numbers]);
	return new Map(numbers.map((number) => [number, hashes[number]]));
}
