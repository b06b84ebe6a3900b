// The environment variables that a network's TOML refers to.

// "{{NAME}}", as both versions of zombienet write it. What a comment says is no reference, but both
// would replace it as well, so it counts.
const PLACEHOLDER = /\{\{\s*([^}]*?)\s*\}\}/g;
const PORT = /_PORT$/;

// What `toml` refers to, each name once, in order: { ports, others }.
export function placeholders(toml) {
	const names = new Set();
	for (const [whole, name] of toml.matchAll(PLACEHOLDER)) {
		if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
			throw new Error(`'${whole}' is no name of an environment variable; use capitals, digits and _`);
		}
		names.add(name);
	}
	return { ports: [...names].filter((name) => PORT.test(name)), others: [...names].filter((name) => !PORT.test(name)) };
}

// The variables for `toml`: those it names with `_PORT` at the end from `ports`, in that order, the
// others from `known`. A name that nobody sets is an error, where zombienet would put nothing there.
export function variables(toml, ports, known) {
	const { ports: names, others } = placeholders(toml);
	const unknown = others.filter((name) => !(name in known));
	if (unknown.length > 0) {
		throw new Error(`nobody sets ${unknown.join(', ')}; a network may refer to ${Object.keys(known).join(', ')}, and to names that end in _PORT`);
	}
	if (ports.length < names.length) throw new Error(`${names.length} ports are needed, ${ports.length} were given`);
	return {
		...Object.fromEntries(others.map((name) => [name, known[name]])),
		...Object.fromEntries(names.map((name, at) => [name, String(ports[at])])),
	};
}
