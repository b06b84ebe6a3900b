// The environment variables in a network's TOML.

// "{{NAME}}", as both versions of zombienet write it. Both also replace it in comments.
const PLACEHOLDER = /\{\{\s*([^}]*?)\s*\}\}/g;
const PORT = /_PORT$/;

// Returns the names in `toml`, each once, in order: { ports, others }.
export function placeholders(toml) {
	const names = new Set();
	for (const [whole, name] of toml.matchAll(PLACEHOLDER)) {
		if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
			throw new Error(`'${whole}' is not a valid name of an environment variable; use capitals, digits and _`);
		}
		names.add(name);
	}
	return { ports: [...names].filter((name) => PORT.test(name)), others: [...names].filter((name) => !PORT.test(name)) };
}

// Returns the variables for `toml`: names that end in `_PORT` get `ports` in order, the others their value in
// `known`. An unknown name is an error; zombienet would replace it by an empty text.
export function variables(toml, ports, known) {
	const { ports: names, others } = placeholders(toml);
	const unknown = others.filter((name) => !(name in known));
	if (unknown.length > 0) {
		throw new Error(`unknown variables ${unknown.join(', ')}; a network may refer to ${Object.keys(known).join(', ')}, and to names that end in _PORT`);
	}
	if (ports.length < names.length) throw new Error(`${names.length} ports are needed, but only ${ports.length} were passed`);
	return {
		...Object.fromEntries(others.map((name) => [name, known[name]])),
		...Object.fromEntries(names.map((name, at) => [name, String(ports[at])])),
	};
}
