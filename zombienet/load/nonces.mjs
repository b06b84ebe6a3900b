// Chooses the account and the nonce of the next transaction. Nonces are counted here, not requested, so that an
// account can have several transactions in flight.

// `first` are the accounts' first nonces.
export function nonceBook(first) {
	const following = [...first];
	// Nonces that were given back unused. All later transactions of the account wait for such a gap, so gaps are
	// filled first.
	const holes = new Map();
	// Until when an account pauses.
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
		// Returns { account, nonce }, the accounts in turn, or undefined while all of them pause.
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
		// Gives back an unused `nonce`.
		giveBack(account, nonce) {
			if (!holes.has(account)) holes.set(account, new Set());
			holes.get(account).add(nonce);
		},
		// The account gets no nonces until then; `until` in the past ends its pause.
		rest(account, until) {
			resting.set(account, until);
		},
		isFree: (now) => following.some((_, account) => !rests(account, now)),
		// Skips nonces that the chain has used.
		atLeast(chain) {
			for (const [account, nonce] of chain.entries()) {
				following[account] = Math.max(following[account], nonce);
				const left = [...(holes.get(account) ?? [])].filter((hole) => hole >= nonce);
				if (left.length > 0) holes.set(account, new Set(left));
				else holes.delete(account);
			}
		},
		// Returns when the first of the paused accounts continues; Infinity if none does.
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
