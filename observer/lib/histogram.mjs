// Counts of values, to compute percentiles without storing every value.

// Creates an empty histogram { count, sum, tally }. Only `add` changes it.
export function histogram() {
	return { count: 0, sum: 0, tally: new Map() };
}

export function copy({ count, sum, tally }) {
	return { count, sum, tally: new Map(tally) };
}

// Adds `value`. `step` rounds the value for percentiles to the nearest multiple; the mean stays exact.
export function add(histogram, value, step = 1) {
	const rounded = Math.round(value / step) * step;
	histogram.count += 1;
	histogram.sum += value;
	histogram.tally.set(rounded, (histogram.tally.get(rounded) ?? 0) + 1);
}

// Returns null for an empty histogram.
export function mean({ count, sum }) {
	return count === 0 ? null : sum / count;
}

// Returns the smallest value that is not below `percent` of all values (nearest-rank percentile), or null for an
// empty histogram.
export function percentile({ count, tally }, percent) {
	let below = 0;
	for (const value of [...tally.keys()].sort((a, b) => a - b)) {
		below += tally.get(value);
		if (below * 100 >= count * percent) return value;
	}
	return null;
}
