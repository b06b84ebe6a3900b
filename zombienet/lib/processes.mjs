// Starts processes in process groups that can be ended as a whole.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

// Runs `command` and returns its output. The error names the command and the end of its output.
export async function output(command, args, { seconds = 120, cwd, signal } = {}) {
	try {
		const { stdout } = await promisify(execFile)(command, args, {
			cwd,
			signal,
			timeout: seconds * 1000,
			maxBuffer: 256 * 1024 * 1024,
		});
		return stdout;
	} catch (error) {
		signal?.throwIfAborted();
		const said = lastLines(error.stderr || error.stdout || error.message, 8);
		const why = error.killed ? `did not end within ${seconds} s` : `failed (${error.code ?? error.signal})`;
		throw new Error(`${command} ${args.join(' ')} ${why}:\n${said}`);
	}
}

export function lastLines(text, count) {
	return text.trimEnd().split('\n').slice(-count).join('\n');
}

// Starts `command` as the leader of a new process group. Its output goes to the file `log`, which is overwritten
// unless `append` is set.
//
// The process gets SIGTERM when the thread that started it dies: `setpriv` sets this up in the kernel. So even a
// killed test run stops its network.
export async function startGroup(command, args, { log, append = false, env, cwd }) {
	const file = createWriteStream(log, { flags: append ? 'a' : 'w' });
	await once(file, 'open');
	const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
		cwd,
		detached: true,
		env: { ...process.env, ...env },
		stdio: ['ignore', file, file],
	});
	const ended = new Promise((resolve) => {
		child.once('error', (error) => resolve(`could not be started: ${error.message}`));
		child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with status ${code}`));
	});
	await Promise.race([once(child, 'spawn'), ended]);
	file.close();
	return {
		pid: child.pid,
		// Resolves with how it ended; never rejects.
		ended,
		logTail: async (lines = 30) => lastLines(await readFile(log, 'utf8').catch(() => ''), lines),
		stop: (patience = 5) => stopGroup(child.pid, patience),
	};
}

// Returns the process ids of a group that still run, without zombies. In a container it may happen that no process
// ever reaps them.
export async function members(group) {
	const found = [];
	for (const entry of await readdir('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
		// "pid (name) state parent group ...". The name may contain any characters.
		const [state, , its] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		if (Number(its) === group && state !== 'Z' && state !== 'X') found.push(Number(entry));
	}
	return found;
}

function signalGroup(group, signal) {
	try {
		process.kill(-group, signal);
	} catch (error) {
		if (error.code !== 'ESRCH') throw error;
	}
}

// Sends SIGTERM to the whole group, and SIGKILL after `patience` seconds. The system reports only the end of the
// group's leader, which may come first, so the group is polled.
async function stopGroup(group, patience) {
	if (group === undefined) return;
	let left = await members(group);
	for (const signal of ['SIGTERM', 'SIGKILL']) {
		if (left.length === 0) return;
		signalGroup(group, signal);
		for (const last = Date.now() + patience * 1000; left.length > 0 && Date.now() < last; ) {
			await delay(50);
			left = await members(group);
		}
	}
	if (left.length > 0) {
		throw new Error(`processes ${left.join(' ')} still run ${patience} s after SIGKILL; see: ps ${left.join(' ')}`);
	}
}
