// Connections to nodes, with polkadot-api.
import { createClient } from 'polkadot-api';
import { WsEvent, getWsProvider } from 'polkadot-api/ws';
import WebSocket from 'ws';
import { within } from './bounded.mjs';

// Time limit in seconds for a node to send its first block before the connection is closed.
const CLOSING = 5;

// polkadot-api treats a connection as dead after 40 s without a message. The node of a stalled chain sends no
// messages, only pings. polkadot-api listens for `ping` events, which `ws` does not pass to listeners added with
// `addEventListener`.
export class Socket extends WebSocket {
	addEventListener(type, listener, options) {
		if (type === 'ping') this.on(type, listener);
		else super.addEventListener(type, listener, options);
	}

	removeEventListener(type, listener) {
		if (type === 'ping') this.off(type, listener);
		else super.removeEventListener(type, listener);
	}
}

// Connects to the node at `url` and returns { client, close }. polkadot-api reconnects without limit. `onStatus`
// is called with 'up' and 'down', alternately.
//
// `ws` is needed because Node.js has a built-in WebSocket only since version 22.
export function open(url, { onStatus = () => {} } = {}) {
	let up;
	const onStatusChanged = ({ type }) => {
		// A failed attempt to connect does not change the status, and a new attempt is not a connection yet.
		if (type === WsEvent.CONNECTING || up === (type === WsEvent.CONNECTED)) return;
		const first = up === undefined;
		up = type === WsEvent.CONNECTED;
		if (up || !first) onStatus(up ? 'up' : 'down');
	};
	const client = createClient(getWsProvider(url, { websocketClass: Socket, onStatusChanged }));
	return {
		client,
		// Resolves when the connection is closed. polkadot-api 2.2 throws from a timer, where it cannot be caught,
		// if the client is destroyed while the node sends its first messages about the chain.
		close: async () => {
			if (up) await within(CLOSING, 'the node to be ready', client.getFinalizedBlock()).catch(() => {});
			client.destroy();
		},
	};
}
