// Unit tests of ports.mjs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePorts } from './ports.mjs';

test('free ports are all different', async () => {
	const ports = await freePorts(8);
	assert.equal(new Set(ports).size, 8);
	assert.ok(ports.every((port) => port > 0 && port <= 65535), ports.join());
});

test('ports from a number on skip a port in use', async (t) => {
	const [start] = await freePorts(1);
	const server = createServer().listen(start, '127.0.0.1');
	t.after(() => server.close());
	await once(server, 'listening');
	const ports = await freePorts(2, start);
	assert.ok(ports[0] > start && ports[1] > ports[0], `${start}: ${ports.join()}`);
});

test('too few free ports are an error', async () => {
	await assert.rejects(freePorts(3, 65534), /of 3 free ports from 65534 to 65535/);
});
