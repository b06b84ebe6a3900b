// Makes the bytes of transactions. Can sign them in advance.
import { createHash } from 'node:crypto';

// `accounts`: see keys.mjs. `callOf(account, nonce)` returns the call as bytes. `compose`: see extrinsic.mjs.
export function transactions({ accounts, callOf, compose }) {
	// Unused signatures of transactions without a tip. Calls can be large, so they are made again.
	let ahead = new Map();
	let current = { callOf, compose };
	const name = (account, nonce) => `${account}/${nonce}`;
	const prepare = ({ account, nonce, tip }) => current.compose({ call: current.callOf(account, nonce), nonce, tip });
	return {
		// Returns the bytes of one transaction. Only Ed25519, or signing in advance, gives the same bytes again.
		make({ account, nonce, tip }) {
			const { publicKey, scheme, sign } = accounts[account];
			const { payload, finish } = prepare({ account, nonce, tip });
			const known = tip === 0 ? ahead.get(name(account, nonce)) : undefined;
			return finish({ publicKey, scheme, signature: known ?? sign(payload) });
		},
		// Signs the first `count` transactions of the accounts in turn.
		signAhead(firstNonces, count) {
			for (let made = 0; made < count; made += 1) {
				const account = made % accounts.length;
				const nonce = firstNonces[account] + Math.floor(made / accounts.length);
				ahead.set(name(account, nonce), accounts[account].sign(prepare({ account, nonce, tip: 0 }).payload));
			}
		},
		// The runtime changed: signatures for the previous one are invalid.
		renew({ callOf, compose }) {
			current = { callOf, compose };
			ahead = new Map();
		},
	};
}

// --- Calls ----------------------------------------------------------------------------------------

// Each account sends `amount` to the next one, the last to the first.
export function transfers({ calls, accounts, amount }) {
	const made = accounts.map((_, at) => calls.transfer(accounts[(at + 1) % accounts.length].publicKey, amount));
	return (account) => made[account];
}

// Calls that use weight: each reads `reads` other accounts of `state`, then the sender's account `repeats` times,
// and has `payload` bytes. Consecutive calls read different accounts, so that each one adds to the proof.
export function burning({ calls, accounts, state, reads, repeats, payload }) {
	const freight = payload > 0 ? calls.remark(Buffer.alloc(payload)) : undefined;
	return (account, nonce) => {
		const first = (nonce * accounts.length + account) * reads;
		const keys = Array.from({ length: reads }, (_, at) => state[(first + at) % state.length]);
		for (let at = 0; at < repeats; at += 1) keys.push(accounts[account].publicKey);
		const look = keys.length > 0 ? calls.upgradeAccounts(keys) : undefined;
		if (look && freight) return calls.all([look, freight]);
		return look ?? freight ?? calls.remark(Buffer.alloc(0));
	};
}

// Public keys without private keys, spread over the state.
export function stateKeys(seed, count) {
	return Array.from({ length: count }, (_, index) => createHash('sha256').update(`conveyor load ${seed} ${index}`).digest());
}
