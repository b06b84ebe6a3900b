// Unit tests of endpoint.mjs, with a WebSocket server that is not a node and sends no messages.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { WebSocketServer } from 'ws';
import { within } from './bounded.mjs';
import { Socket, open } from './endpoint.mjs';

// Time limit in seconds.
const LIMIT = 20;

async function connected(t, connect) {
	const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
	t.after(() => {
		server.clients.forEach((client) => client.terminate());
		server.close();
	});
	await once(server, 'listening');
	const url = `ws://127.0.0.1:${server.address().port}`;
	const [connection, [peer]] = await Promise.all([connect(url), once(server, 'connection')]);
	return { connection, peer };
}

it('a socket reports pings to a listener until it is removed', async (t) => {
	const { connection: socket, peer } = await connected(t, (url) => new Socket(url));
	const heard = [];
	const [listener, other] = ['listener', 'other'].map((name) => () => heard.push(name));
	socket.addEventListener('ping', listener);
	socket.addEventListener('ping', other);
	const pinged = async () => {
		peer.ping();
		await within(LIMIT, 'the answer to a ping', once(peer, 'pong'));
	};
	await pinged();
	socket.removeEventListener('ping', listener);
	await pinged();
	assert.deepEqual(heard, ['listener', 'other', 'other']);
});

it('a socket reports messages like any other', async (t) => {
	const { connection: socket, peer } = await connected(t, (url) => new Socket(url));
	const told = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }));
	peer.send('word');
	assert.equal(await within(LIMIT, 'the message', told), 'word');
});

it('polkadot-api listens to the pings of a node it is connected to', async (t) => {
	const listening = t.mock.method(Socket.prototype, 'addEventListener');
	const { connection: endpoint, peer } = await connected(t, open);
	t.after(() => endpoint.client.destroy());
	// polkadot-api sends its first request after it listens.
	endpoint.client.getChainSpecData().catch(() => {});
	await within(LIMIT, 'its first word', once(peer, 'message'));
	assert.ok(listening.mock.calls.some((call) => call.arguments[0] === 'ping'));
});
