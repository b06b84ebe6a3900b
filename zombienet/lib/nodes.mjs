// Stops, resumes, ends and restarts the processes of a running network's nodes.
//
// zombienet's native provider starts the nodes and does not report their process ids. Each node has a unique base
// path in the network's folder, which identifies its process.
import { readFile, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startGroup } from './processes.mjs';

// Time limit in seconds for a signal to take effect.
const PATIENCE = 60;
// Milliseconds between two polls. The system sends no events about other processes.
const LOOK = 50;

const fileOf = (pid, name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
const entries = (text) => (text === '' ? [] : text.replace(/\0$/, '').split('\0'));

// Returns { state, parent } of a process as the kernel reports them ('T' is stopped, 'Z' and 'X' are dead), or
// undefined if it does not exist.
export async function statusOf(pid) {
	const stat = await fileOf(pid, 'stat');
	if (stat === '') return undefined;
	// "pid (name) state parent ...". The name may contain any characters.
	const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return { state, parent: Number(parent) };
}

// Returns the process whose arguments contain `flag` followed by `value`, or undefined. A child between fork and
// exec has the same arguments as its parent and does not count.
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

// Returns what is needed to start it again: { command, args, cwd, env }.
async function commandOf(pid) {
	const [command, ...args] = entries(await fileOf(pid, 'cmdline'));
	const pairs = entries(await fileOf(pid, 'environ')).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
	// The environment of this process is not inherited.
	const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
	return { command, args, cwd: await readlink(`/proc/${pid}/cwd`), env: { ...none, ...Object.fromEntries(pairs) } };
}

async function until(what, holds) {
	for (const last = Date.now() + PATIENCE * 1000; !(await holds()); await delay(LOOK)) {
		if (Date.now() > last) throw new Error(`waited ${PATIENCE} s for ${what}`);
	}
}

// Controls the processes of `network`, a result of launch.mjs (of which it needs `node(name)` with its `log`).
// Returns
//   pid(name)          of a running node
//   stop(name)         pauses it with SIGSTOP until resume(name)
//   end(name, signal)  resolves when the process has ended
//   start(name)        starts an ended node with the same command line, folder, environment and log file
//   close()            resumes paused nodes and ends those started here; must be called before the network stops
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
			await until(`'${name}' to pause`, async () => (await statusOf(its))?.state === 'T');
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
