// A token bucket: keeps a rate, and limits the burst after a pause.

// Creates a bucket for `rate` tokens per second that stores at most `burst`. It starts with one. Times are in
// milliseconds, and `now` never decreases.
export function tokenBucket({ rate, burst = Math.max(1, rate), now }) {
	let tokens = 1;
	let filled = now;
	const fill = (now) => {
		tokens = Math.min(burst, tokens + ((now - filled) * rate) / 1000);
		filled = now;
	};
	return {
		// Takes a token, if there is one, and returns whether it did.
		take(now) {
			fill(now);
			if (tokens < 1 - EPSILON) return false;
			tokens = Math.max(0, tokens - 1);
			return true;
		},
		// Returns the time of the next token, or `now` if there is one.
		next(now) {
			fill(now);
			return tokens >= 1 - EPSILON ? now : now + ((1 - tokens) * 1000) / rate;
		},
	};
}

// Tokens are sums of many small fractions, which are not exact.
const EPSILON = 1e-6;
