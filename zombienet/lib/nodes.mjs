// The processes of a running network's nodes: stopped for a time, ended, and started again as they were.
//
// zombienet's native provider starts a node as a child of its own and tells nobody its process id. But each
// node has a base path that no other process has, below the network's folder: by this it is found.
import { readFile, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startGroup } from './processes.mjs';

// Seconds for a signal to show.
const PATIENCE = 60;
// Milliseconds between two looks: nobody tells of the processes of others.
const LOOK = 50;

const fileOf = (pid, name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
const entries = (text) => (text === '' ? [] : text.replace(/\0$/, '').split('\0'));

// { state, parent } as the kernel has them ('T' is stopped, 'Z' and 'X' are dead), undefined if there is no
// such process.
export async function statusOf(pid) {
	const stat = await fileOf(pid, 'stat');
	if (stat === '') return undefined;
	// "pid (name) state parent ...", where the name may hold anything.
	const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return { state, parent: Number(parent) };
}

// The process with the arguments `flag` and `value` one after the other, undefined if there is none. A child
// that it has just begun looks the same until it runs a program of its own.
export async function processWith(flag, value) {
	const found = new Map();
	for (const entry of await readdir('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		const args = entries(await fileOf(entry, 'cmdline'));
		if (!args.some((arg, at) => arg === flag && args[at + 1] === value)) continue;
		const status = await statusOf(entry);
		if (status && !'ZX'.includes(status.state)) found.set(Number(entry), status.parent);
	}
	const first = [...found].filter(([, parent]) => !found.has(parent));
	if (first.length > 1) throw new Error(`processes ${first.map(([pid]) => pid).join(', ')} all have ${flag} ${value}`);
	return first[0]?.[0];
}

// All it takes to start it again: { command, args, cwd, env }.
async function commandOf(pid) {
	const [command, ...args] = entries(await fileOf(pid, 'cmdline'));
	const pairs = entries(await fileOf(pid, 'environ')).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
	// Nothing of this process's own environment.
	const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
	return { command, args, cwd: await readlink(`/proc/${pid}/cwd`), env: { ...none, ...Object.fromEntries(pairs) } };
}

async function until(what, holds) {
	for (const last = Date.now() + PATIENCE * 1000; !(await holds()); await delay(LOOK)) {
		if (Date.now() > last) throw new Error(`waited ${PATIENCE} s for ${what}`);
	}
}

// The processes of `network`, which is what launch.mjs gives (of which this needs `node(name)` with its
// `log`). Returns
//   pid(name)          of a node that runs
//   stop(name)         lets it stand still until resume(name)
//   end(name, signal)  resolves when the process is gone
//   start(name)        starts what was ended with the same command line, folder and environment; what it
//                      prints goes to the same log
//   close()            nothing stands still any more, and nothing that was started here runs: for when
//                      the network is stopped, before that
export function nodeProcesses(network) {
	const stopped = new Set();
	const ended = new Map();
	const started = [];

	const pid = async (name) => {
		const base = join(dirname(network.node(name).log), name, 'data');
		const found = await processWith('--base-path', base);
		if (found === undefined) throw new Error(`node '${name}' does not run: no process has --base-path ${base}`);
		return found;
	};
	const resume = async (name) => {
		process.kill(await pid(name), 'SIGCONT');
		stopped.delete(name);
	};
	return {
		pid,
		async stop(name) {
			const its = await pid(name);
			stopped.add(name);
			process.kill(its, 'SIGSTOP');
			await until(`'${name}' to stand still`, async () => (await statusOf(its))?.state === 'T');
		},
		resume,
		async end(name, signal) {
			const its = await pid(name);
			ended.set(name, await commandOf(its));
			process.kill(its, signal);
			await until(`'${name}' to end by ${signal}`, async () => 'ZX'.includes((await statusOf(its))?.state ?? 'X'));
		},
		async start(name) {
			const known = ended.get(name);
			if (!known) throw new Error(`node '${name}' was not ended here, so it cannot be started again`);
			const { command, args, cwd, env } = known;
			started.push(await startGroup(command, args, { log: network.node(name).log, append: true, cwd, env }));
			ended.delete(name);
			await until(`'${name}' to run`, () => pid(name).then(() => true, () => false));
		},
		async close() {
			await Promise.all([...stopped].map((name) => resume(name).catch(() => {})));
			await Promise.all(started.map((group) => group.stop()));
		},
	};
}
