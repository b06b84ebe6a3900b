// The best block's number of a node, as it changes: one subscription of the old JSON-RPC, without
// metadata, for nodes of any runtime.
import WebSocket from 'ws';

// Calls `onNumber` with each new best block's number until close(). A node that goes away ends it
// silently: whoever needs the node will notice.
export function watchHeads(url, onNumber) {
	const socket = new WebSocket(url);
	socket.on('open', () => {
		socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_subscribeNewHeads', params: [] }));
	});
	socket.on('message', (message) => {
		const number = JSON.parse(message).params?.result?.number;
		if (number !== undefined) onNumber(Number(number));
	});
	socket.on('error', () => {});
	return { close: () => socket.terminate() };
}
