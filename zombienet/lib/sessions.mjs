// Where the relay chain is in its session.

// How many relay blocks the last one of the observer's `lines` is above the last change of session; undefined if none
// was seen.
export function intoSession(lines) {
	const change = lines.findLast(({ session }) => session !== null);
	return change && lines.at(-1).number - change.number;
}
