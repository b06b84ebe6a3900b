// Watches a node's best block number with one legacy JSON-RPC subscription. Needs no metadata, so any runtime
// works.
import WebSocket from 'ws';

// Calls `onNumber` with the number of each new best block until close(). Ends without an error if the node stops;
// the other connections report that.
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
