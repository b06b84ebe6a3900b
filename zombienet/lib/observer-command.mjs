// How to observe a network that runs: the command that a person types, or pastes.
import { dirname, join, relative } from 'node:path';
import { networksFolder } from './binaries.mjs';

export const observerScript = join(dirname(networksFolder), 'scripts', 'observer.sh');

// Text as one word of a shell's command line.
function word(text) {
	return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// How `script` is called from the folder `from`. A bare name would be looked for in PATH.
function called(script, from) {
	const path = relative(from, script);
	return word(path.includes('/') ? path : `./${path}`);
}

// The observer's command for each parachain among the `nodes` of a network (those of launch.mjs), as typed
// in the folder `from`. Of the relay chain it takes the first node; of the parachain its full node, which
// has no blocks to build while it answers, or where there is none the last collator.
export function observerCommands(nodes, script, from) {
	const relay = nodes.find(({ para }) => para === undefined);
	const paras = [...new Set(nodes.map(({ para }) => para))].filter((para) => para !== undefined);
	return paras.map((para) => {
		const own = nodes.filter((node) => node.para === para);
		const best = own.find(({ role }) => role === 'full node') ?? own.at(-1);
		return `${called(script, from)} --relay ${word(relay.ws)} --para ${word(best.ws)}`;
	});
}
