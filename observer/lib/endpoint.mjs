// Connections to nodes, with polkadot-api.
import { createClient } from 'polkadot-api';
import { WsEvent, getWsProvider } from 'polkadot-api/ws';
import WebSocket from 'ws';
import { within } from './bounded.mjs';

// Seconds for a node to finish what it has begun to tell, before its connection is closed.
const CLOSING = 5;

// polkadot-api takes 40 s without a word for a dead connection. The node of a chain that stands still has
// nothing to say, but it pings, and polkadot-api listens for that. `ws` alone would not tell it: whoever
// listens as in a browser hears of no pings.
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

// Connects to the node at `url`: { client, close }. polkadot-api connects again by itself, for ever;
// `onStatus` gets 'up' and 'down' as it happens, each once until the other comes.
//
// Node.js has had a WebSocket of its own only since 22, so `ws` it is.
export function open(url, { onStatus = () => {} } = {}) {
	let up;
	const onStatusChanged = ({ type }) => {
		// A failure to connect is the state it is in already, and connecting again is none yet.
		if (type === WsEvent.CONNECTING || up === (type === WsEvent.CONNECTED)) return;
		const first = up === undefined;
		up = type === WsEvent.CONNECTED;
		if (up || !first) onStatus(up ? 'up' : 'down');
	};
	const client = createClient(getWsProvider(url, { websocketClass: Socket, onStatusChanged }));
	return {
		client,
		// Resolves once it is closed. polkadot-api 2.2 throws out of a timer, where nobody can catch it, if it is
		// destroyed between a node's first word of its chain and the last one.
		close: async () => {
			if (up) await within(CLOSING, 'the node to be ready', client.getFinalizedBlock()).catch(() => {});
			client.destroy();
		},
	};
}
