// How often each number came, for percentiles without keeping every number.

// An empty one: { count, sum, tally }, to be changed by `add` alone.
export function histogram() {
	return { count: 0, sum: 0, tally: new Map() };
}

export function copy({ count, sum, tally }) {
	return { count, sum, tally: new Map(tally) };
}

// Adds `value`. With `step` the percentiles know it only to the nearest multiple; the mean stays exact.
export function add(histogram, value, step = 1) {
	const rounded = Math.round(value / step) * step;
	histogram.count += 1;
	histogram.sum += value;
	histogram.tally.set(rounded, (histogram.tally.get(rounded) ?? 0) + 1);
}

// null if there is none.
export function mean({ count, sum }) {
	return count === 0 ? null : sum / count;
}

// The least value that at least `percent` of all values do not exceed (the nearest-rank percentile); null
// if there is none.
export function percentile({ count, tally }, percent) {
	let below = 0;
	for (const value of [...tally.keys()].sort((a, b) => a - b)) {
		below += tally.get(value);
		if (below * 100 >= count * percent) return value;
	}
	return null;
}
