// A token bucket: holds a rate without making up for long pauses all at once.

// `rate` tokens per second, at most `burst` saved up. It begins with one. Times are in milliseconds, and
// `now` never goes back.
export function tokenBucket({ rate, burst = Math.max(1, rate), now }) {
	let tokens = 1;
	let filled = now;
	const fill = (now) => {
		tokens = Math.min(burst, tokens + ((now - filled) * rate) / 1000);
		filled = now;
	};
	return {
		// Takes a token if there is one.
		take(now) {
			fill(now);
			if (tokens < 1 - EPSILON) return false;
			tokens = Math.max(0, tokens - 1);
			return true;
		},
		// When the next token is there, `now` if one is.
		next(now) {
			fill(now);
			return tokens >= 1 - EPSILON ? now : now + ((1 - tokens) * 1000) / rate;
		},
	};
}

// Tokens are sums of many small parts, which are not exact.
const EPSILON = 1e-6;
