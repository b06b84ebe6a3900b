// Processes that leave nothing behind: each starts a group of its own, which can be ended as a whole.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

// Runs `command` to its end and returns what it printed. The error names the command and the end of
// what it had to say.
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

// Starts `command` as the leader of a new process group, with what it prints in the file `log`, behind what
// is there with `append`.
//
// It gets SIGTERM when the thread that started it dies, whatever that dies of: `setpriv` asks the
// kernel for it. So not even a killed test run leaves a network behind.
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
		// Resolves, never rejects, with how it ended.
		ended,
		logTail: async (lines = 30) => lastLines(await readFile(log, 'utf8').catch(() => ''), lines),
		stop: (patience = 5) => stopGroup(child.pid, patience),
	};
}

// The process ids of a group whose members still run. A signal to the group would also find the dead
// whose parent has not asked for their status yet, and in a container nobody may ever ask.
export async function members(group) {
	const found = [];
	for (const entry of await readdir('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
		// "pid (name) state parent group ...", where the name may hold anything.
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

// Asks the whole group to end, and makes it after `patience` seconds. There is no event for the end of
// a group, only for that of its leader, which may be the first to go; so it is asked, within limits.
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
		throw new Error(`processes ${left.join(' ')} are still there ${patience} s after SIGKILL; see: ps ${left.join(' ')}`);
	}
}
