// Makes the bytes of transactions, signed ahead where that is asked for.
import { createHash } from 'node:crypto';

// `accounts` as keys.mjs derives them, `callOf(account, nonce)` gives the call as bytes, `compose` is what
// extrinsic.mjs learns.
export function transactions({ accounts, callOf, compose }) {
	// Signatures of transactions without a tip that were not asked for yet. They are small where calls are
	// large, so these are made again.
	let ahead = new Map();
	let current = { callOf, compose };
	const name = (account, nonce) => `${account}/${nonce}`;
	const prepare = ({ account, nonce, tip }) => current.compose({ call: current.callOf(account, nonce), nonce, tip });
	return {
		// The bytes of one. The same again gives the same bytes only in Ed25519, unless it was signed ahead.
		make({ account, nonce, tip }) {
			const { publicKey, scheme, sign } = accounts[account];
			const { payload, finish } = prepare({ account, nonce, tip });
			const known = tip === 0 ? ahead.get(name(account, nonce)) : undefined;
			return finish({ publicKey, scheme, signature: known ?? sign(payload) });
		},
		// Signs the transactions that the accounts begin with in turn, `count` in all.
		signAhead(firstNonces, count) {
			for (let made = 0; made < count; made += 1) {
				const account = made % accounts.length;
				const nonce = firstNonces[account] + Math.floor(made / accounts.length);
				ahead.set(name(account, nonce), accounts[account].sign(prepare({ account, nonce, tip: 0 }).payload));
			}
		},
		// The runtime is another: signatures for the last one are worth nothing.
		renew({ callOf, compose }) {
			current = { callOf, compose };
			ahead = new Map();
		},
	};
}

// --- What they call -------------------------------------------------------------------------------

// Each account sends `amount` to the next one, and the last to the first.
export function transfers({ calls, accounts, amount }) {
	const made = accounts.map((_, at) => calls.transfer(accounts[(at + 1) % accounts.length].publicKey, amount));
	return (account) => made[account];
}

// Calls that burn weight: `reads` other accounts of `state` are looked up, then the sender's own `repeats`
// times, and `payload` bytes are carried along. Calls that follow one another read other accounts, so that
// none of them finds in the proof what it needs.
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

// Public keys without a private one, spread over the state.
export function stateKeys(seed, count) {
	return Array.from({ length: count }, (_, index) => createHash('sha256').update(`conveyor load ${seed} ${index}`).digest());
}
