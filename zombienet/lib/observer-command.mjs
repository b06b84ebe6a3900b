// The commands to observe a running network.
import { dirname, join, relative } from 'node:path';
import { networksFolder } from './binaries.mjs';

export const observerScript = join(dirname(networksFolder), 'scripts', 'observer.sh');

// Quotes `text` as one word of a shell command.
function word(text) {
	return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// Returns how to call `script` from the folder `from`. The shell would search a bare name in PATH.
function called(script, from) {
	const path = relative(from, script);
	return word(path.includes('/') ? path : `./${path}`);
}

// Returns the observer's command for each parachain among the `nodes` of a network (launch.mjs), as typed in the
// folder `from`. It uses the first node of the relay chain, and of the parachain its full node, which builds no
// blocks meanwhile, or otherwise the last collator.
export function observerCommands(nodes, script, from) {
	const relay = nodes.find(({ para }) => para === undefined);
	const paras = [...new Set(nodes.map(({ para }) => para))].filter((para) => para !== undefined);
	return paras.map((para) => {
		const own = nodes.filter((node) => node.para === para);
		const best = own.find(({ role }) => role === 'full node') ?? own.at(-1);
		return `${called(script, from)} --relay ${word(relay.ws)} --para ${word(best.ws)}`;
	});
}
