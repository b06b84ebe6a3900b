// Free TCP ports on loopback.
import { once } from 'node:events';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
const LAST = 65535;

// Opens `port` (0: any free port), or returns null if it is in use.
async function hold(port) {
	const server = createServer();
	server.listen({ host: HOST, port, exclusive: true });
	try {
		await once(server, 'listening');
		return server;
	} catch (error) {
		if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return null;
		throw error;
	}
}

// Returns `count` different free ports. With `from`, the lowest free ports from there on, so that a restarted
// network has the same addresses. All are held open until the last one is found.
export async function freePorts(count, from) {
	const held = [];
	try {
		for (let port = from ?? 0; held.length < count; port += from === undefined ? 0 : 1) {
			if (port > LAST) {
				throw new Error(`found ${held.length} of ${count} free ports from ${from} to ${LAST}; stop the programs that use them, or start elsewhere`);
			}
			const server = await hold(port);
			if (server) held.push(server);
		}
		return held.map((server) => server.address().port);
	} finally {
		await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
	}
}
