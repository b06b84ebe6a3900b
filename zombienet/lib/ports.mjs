// Free TCP ports on loopback.
import { once } from 'node:events';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
const LAST = 65535;

// Holds `port` (0: any that is free); null if it is taken.
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

// `count` different free ports. With `from`, the lowest that are free from there on, so that a network
// started twice has the same addresses; without, whichever the system gives. All are held until the
// last is found, then released for those who will listen there.
export async function freePorts(count, from) {
	const held = [];
	try {
		for (let port = from ?? 0; held.length < count; port += from === undefined ? 0 : 1) {
			if (port > LAST) {
				throw new Error(`found ${held.length} of ${count} free ports from ${from} to ${LAST}; stop what listens there, or start elsewhere`);
			}
			const server = await hold(port);
			if (server) held.push(server);
		}
		return held.map((server) => server.address().port);
	} finally {
		await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
	}
}
