// A fake node: a WebSocket server for the part of the new JSON-RPC that polkadot-api uses. The test makes its
// blocks. It can drop its connections and accept them again.
import { once } from 'node:events';
import { Blake2256, Bytes, Option, Vector, blockHeader, u32 } from '@polkadot-api/substrate-bindings';
import { WebSocketServer } from 'ws';
import { bytes } from '../lib/header.mjs';

const METHODS = [
	...['body', 'call', 'continue', 'follow', 'header', 'stopOperation', 'storage', 'unfollow', 'unpin'].map((name) => `chainHead_v1_${name}`),
	...['body', 'call', 'finalizedHeight', 'genesisHash', 'hashByHeight', 'header', 'stopStorage', 'storage'].map((name) => `archive_v1_${name}`),
	...['chainName', 'genesisHash', 'properties'].map((name) => `chainSpec_v1_${name}`),
	'rpc_methods',
];

const CODE = '0x3a636f6465';
const ZERO = `0x${'00'.repeat(32)}`;

// Starts a node with a `runtime` of fake-runtime.mjs. Its chain starts with block `number`:
//   { url, genesis, block(...), best(block), finalize(block), followed(), silent(yes),
//   forgetsOld(), drop(), refuse(yes), stop() }; best() sets the best block
export async function fakeNode({ metadata, number = 0, storage, calls, port = 0 }) {
	const blocks = new Map();
	const followers = new Map();
	let [best, finalized] = [];
	let serial = 0;
	let refusing = false;
	let silent = false;
	// Resolves when a client follows the chain.
	let followed;
	const following = new Promise((resolve) => (followed = resolve));
	// Whether finalized blocks below the follower's window are available.
	let archive = true;

	const tell = (event) => {
		for (const [id, socket] of followers) socket.send(notification('chainHead_v1_followEvent', id, event));
	};
	const make = ({ on, number, digests = [], storage = {}, calls = {} }) => {
		serial += 1;
		const root = `0x${serial.toString(16).padStart(64, '0')}`;
		const header = blockHeader.enc({ parentHash: on?.hash ?? ZERO, number, stateRoot: root, extrinsicRoot: root, digests });
		const block = { hash: bytes.dec(Blake2256(header)), number, parent: on?.hash, header: bytes.dec(header), storage, calls };
		blocks.set(block.hash, block);
		return block;
	};

	const genesis = make({ number, storage, calls });
	best = finalized = genesis;

	const results = {
		rpc_methods: () => ({ methods: METHODS }),
		chainSpec_v1_chainName: () => 'fake',
		chainSpec_v1_genesisHash: () => genesis.hash,
		chainSpec_v1_properties: () => ({}),
		chainHead_v1_follow: (socket) => {
			const id = `follow ${(serial += 1)}`;
			queueMicrotask(() => begin(id, socket));
			return id;
		},
		chainHead_v1_header: (_, [, hash]) => at(hash).header,
		chainHead_v1_storage: (socket, [id, hash, items]) => {
			const found = items.map((item) => read(at(hash), item)).filter(Boolean);
			const operationId = operation(socket, id, [...(found.length > 0 ? [{ event: 'operationStorageItems', items: found }] : []), { event: 'operationStorageDone' }]);
			return { result: 'started', operationId, discardedItems: 0 };
		},
		chainHead_v1_call: (socket, [id, hash, name, args]) => {
			const output = call(at(hash), name, args);
			const done = output ? { event: 'operationCallDone', output } : { event: 'operationError', error: `no ${name}` };
			return { result: 'started', operationId: operation(socket, id, [done]) };
		},
		chainHead_v1_unpin: () => null,
		chainHead_v1_unfollow: (_, [id]) => {
			followers.delete(id);
			return null;
		},
		archive_v1_header: (_, [hash]) => (archive ? at(hash).header : null),
		archive_v1_call: (_, [hash, name, args]) => ({ success: true, value: call(at(hash), name, args) }),
		archive_v1_storage: (socket, [hash, items]) => {
			const id = `storage ${(serial += 1)}`;
			const found = items.map((item) => read(at(hash), item)).filter(Boolean);
			queueMicrotask(() => {
				for (const item of found) socket.send(notification('archive_v1_storageEvent', id, { event: 'storage', ...item }));
				socket.send(notification('archive_v1_storageEvent', id, { event: 'storageDone' }));
			});
			return id;
		},
	};

	// The finalized block and all its descendants.
	function begin(id, socket) {
		const send = (event) => socket.send(notification('chainHead_v1_followEvent', id, event));
		const runtime = { type: 'valid', spec: { specName: 'fake', implName: 'fake', specVersion: 1, implVersion: 1, transactionVersion: 1, apis: {} } };
		send({ event: 'initialized', finalizedBlockHashes: [finalized.hash], finalizedBlockRuntime: runtime });
		const shown = new Set([finalized.hash]);
		for (const { hash, parent } of blocks.values()) {
			if (!shown.has(parent)) continue;
			shown.add(hash);
			send({ event: 'newBlock', blockHash: hash, parentBlockHash: parent, newRuntime: null });
		}
		send({ event: 'bestBlockChanged', bestBlockHash: best.hash });
		followers.set(id, socket);
		followed();
	}

	function at(hash) {
		const block = blocks.get(hash);
		if (!block) throw new Error(`no block ${hash}`);
		return block;
	}

	function read(block, { key, type }) {
		if (key === CODE && type === 'hash') return { key, hash: ZERO };
		return block.storage[key] && { key, value: block.storage[key] };
	}

	function call(block, name, args) {
		if (name === 'Metadata_metadata_versions') return bytes.dec(Vector(u32).enc([15]));
		if (name === 'Metadata_metadata_at_version') return bytes.dec(Option(Bytes()).enc(metadata));
		return typeof block.calls[name] === 'function' ? block.calls[name](args) : block.calls[name];
	}

	function operation(socket, id, events) {
		const operationId = `operation ${(serial += 1)}`;
		if (silent) {
			silent();
			return operationId;
		}
		queueMicrotask(() => events.forEach((event) => socket.send(notification('chainHead_v1_followEvent', id, { ...event, operationId }))));
		return operationId;
	}

	const server = new WebSocketServer({ host: '127.0.0.1', port, verifyClient: () => !refusing });
	server.on('connection', (socket) => {
		socket.on('message', (message) => {
			const { id, method, params } = JSON.parse(message);
			try {
				if (!(method in results)) throw new Error(`no method ${method}`);
				socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: results[method](socket, params) }));
			} catch (error) {
				socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: error.message } }));
			}
		});
		socket.on('close', () => {
			for (const [id, its] of followers) if (its === socket) followers.delete(id);
		});
	});
	await once(server, 'listening');

	const node = {
		url: `ws://127.0.0.1:${server.address().port}`,
		genesis,
		// A block on `on` (default: the best one), with digests, storage (key -> value) and results of runtime
		// calls. Becomes the best block unless `best` is false.
		block({ on = best, best: isBest = true, ...rest } = {}) {
			const block = make({ on, number: on.number + 1, ...rest });
			tell({ event: 'newBlock', blockHash: block.hash, parentBlockHash: block.parent, newRuntime: null });
			if (isBest) node.best(block);
			return block;
		},
		best(block) {
			if (!block) return best;
			best = block;
			tell({ event: 'bestBlockChanged', bestBlockHash: block.hash });
			return block;
		},
		finalize(block) {
			const hashes = [];
			for (let at = block; at && at.hash !== finalized.hash; at = blocks.get(at.parent)) hashes.unshift(at.hash);
			finalized = block;
			tell({ event: 'finalized', finalizedBlockHashes: hashes, prunedBlockHashes: [] });
		},
		followed: () => following,
		// Whether reads get no response. Resolves at the first such read.
		silent(yes) {
			return new Promise((resolve) => (silent = yes && resolve));
		},
		forgetsOld() {
			archive = false;
		},
		drop() {
			followers.clear();
			server.clients.forEach((socket) => socket.terminate());
		},
		refuse(yes) {
			refusing = yes;
		},
		stop: () => {
			server.clients.forEach((socket) => socket.terminate());
			return new Promise((resolve) => server.close(resolve));
		},
	};
	return node;
}

function notification(method, subscription, result) {
	return JSON.stringify({ jsonrpc: '2.0', method, params: { subscription, result } });
}
