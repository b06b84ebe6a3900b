// Which account sends next, and with which nonce. Nonces are given out here and not asked for, so that an
// account can have several transactions under way.

// `first` are the nonces that the accounts begin with.
export function nonceBook(first) {
	const following = [...first];
	// Nonces that were given out and never used. All that the account has sent after such a hole waits for
	// it, so holes are filled first.
	const holes = new Map();
	// Until when an account rests.
	const resting = new Map();
	let turn = 0;

	const rests = (account, now) => (resting.get(account) ?? 0) > now;
	const fromHole = (now) => {
		for (const [account, nonces] of holes) {
			if (rests(account, now)) continue;
			const nonce = Math.min(...nonces);
			nonces.delete(nonce);
			if (nonces.size === 0) holes.delete(account);
			return { account, nonce };
		}
		return undefined;
	};

	return {
		// { account, nonce }, the accounts in turn; undefined while all of them rest.
		next(now) {
			const hole = fromHole(now);
			if (hole) return hole;
			for (let tried = 0; tried < following.length; tried += 1) {
				const account = turn;
				turn = (turn + 1) % following.length;
				if (rests(account, now)) continue;
				following[account] += 1;
				return { account, nonce: following[account] - 1 };
			}
			return undefined;
		},
		// `nonce` was not used after all.
		giveBack(account, nonce) {
			if (!holes.has(account)) holes.set(account, new Set());
			holes.get(account).add(nonce);
		},
		// The account gives no nonces until then; `until` in the past ends its rest.
		rest(account, until) {
			resting.set(account, until);
		},
		isFree: (now) => following.some((_, account) => !rests(account, now)),
		// The chain's nonces are these: none below them is of any use.
		atLeast(chain) {
			for (const [account, nonce] of chain.entries()) {
				following[account] = Math.max(following[account], nonce);
				const left = [...(holes.get(account) ?? [])].filter((hole) => hole >= nonce);
				if (left.length > 0) holes.set(account, new Set(left));
				else holes.delete(account);
			}
		},
		// When the first of the accounts that rest goes on; Infinity if none does.
		wakes(now) {
			let first = Infinity;
			for (const [account, until] of resting) {
				if (until > now) first = Math.min(first, until);
				else resting.delete(account);
			}
			return first;
		},
	};
}
