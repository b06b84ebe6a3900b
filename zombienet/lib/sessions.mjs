// The relay chain's position in its session.

// Returns the number of relay blocks from the last change of session to the last of the observer's `lines`, or
// undefined if no change was seen.
export function intoSession(lines) {
	const change = lines.findLast(({ session }) => session !== null);
	return change && lines.at(-1).number - change.number;
}
