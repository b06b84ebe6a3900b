// Connections to a node with polkadot-api, development accounts, transactions.
import { sr25519CreateDerive } from '@polkadot-labs/hdkd';
import { DEV_PHRASE, entropyToMiniSecret, mnemonicToEntropy, ss58Address } from '@polkadot-labs/hdkd-helpers';
import { firstOf } from 'conveyor-observer/bounded';
import { open } from 'conveyor-observer/endpoint';
import { getPolkadotSigner } from 'polkadot-api/signer';

// Returns { client, api, close }.
export function connect(url, descriptor) {
	const { client, close } = open(url);
	return { client, api: client.getTypedApi(descriptor), close };
}

const derive = sr25519CreateDerive(entropyToMiniSecret(mnemonicToEntropy(DEV_PHRASE)));

// Returns { address, signer } of the well-known development account with that name.
export function devAccount(name) {
	const { publicKey, sign } = derive(`//${name}`);
	return { address: ss58Address(publicKey), signer: getPolkadotSigner(publicKey, 'Sr25519', sign) };
}

// Signs and submits `tx` and waits until it is finalized:
//   { ok, dispatchError, events, block, secondsToBlock, secondsToFinalized }
// `block` is the finalized block with the transaction. Seconds count from the submission to the first best block
// with it, and to its finalization. A dispatch error is a result, not an exception.
export async function submit(tx, signer, { what, seconds }) {
	const start = Date.now();
	const since = () => (Date.now() - start) / 1000;
	let secondsToBlock;
	let state = 'not sent yet';
	const found = await firstOf(
		seconds,
		`${what} to be finalized`,
		tx.signSubmitAndWatch(signer),
		(event) => {
			state = event.type;
			if (event.type === 'txBestBlocksState' && event.found) {
				state = `in block #${event.block.number}`;
				secondsToBlock ??= since();
			}
			return event.type === 'finalized' ? event : undefined;
		},
		() => state,
	);
	const { ok, dispatchError, events, block } = found;
	const secondsToFinalized = since();
	return { ok, dispatchError, events, block, secondsToBlock: secondsToBlock ?? secondsToFinalized, secondsToFinalized };
}

// Calls `step` with each new finalized block, one at a time. The node keeps a block until its step is done: a fast
// parachain finalizes a dozen at once and would unpin them too early. `fail` gets the first error, and the end of
// the connection. Returns the subscription.
export function eachFinalized(client, step, fail) {
	let queue = Promise.resolve();
	return client.finalizedBlock$.subscribe({
		next: (block) => {
			const release = client.hodlBlock(block.hash);
			queue = queue.then(() => step(block)).catch(fail).finally(release);
		},
		error: fail,
	});
}
