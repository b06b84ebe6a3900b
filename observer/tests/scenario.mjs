// Event streams for tests: relay blocks and parachain blocks with real headers and hashes.
import { blockHeader, compactNumber } from '@polkadot-api/substrate-bindings';
import { bytes, decodeHead } from '../lib/header.mjs';
import { display } from '../lib/display.mjs';
import { initial, reduce } from '../lib/pipeline.mjs';

export const PARA = 2000;

const hex = (...parts) => `0x${parts.map((part) => (typeof part === 'number' ? part.toString(16).padStart(2, '0') : part.slice(2))).join('')}`;
const hash = (text) => `0x${Buffer.from(text).toString('hex').padEnd(64, '0')}`;

// Returns an encoded parachain header. `bundle` is [index, last]; `relayParent` is a number (the digest then has a
// storage root), a hash, or undefined.
export function encodeHead({ number, parent, relayParent, bundle, salt = '' }) {
	const digests = [];
	if (bundle) digests.push({ type: 'preRuntime', value: { engine: 'CMLS', payload: hex(2, bundle[0], Number(bundle[1])) } });
	if (typeof relayParent === 'number') {
		const payload = hex(hash(`root ${relayParent}`), bytes.dec(compactNumber.enc(relayParent)));
		digests.push({ type: 'consensus', value: { engine: 'RPSR', payload } });
	} else if (relayParent) {
		digests.push({ type: 'consensus', value: { engine: 'CMLS', payload: hex(0, relayParent) } });
	}
	const state = hash(`state ${number} ${salt}`);
	return bytes.dec(blockHeader.enc({ parentHash: parent, number, stateRoot: state, extrinsicRoot: state, digests }));
}

// `relayParentOffset`: the parachain's offset, unknown by default.
export function scenario({ first = 1, head, relayParentOffset } = {}) {
	const events = [];
	let t = 1_000_000;
	let relayBest;
	let paraBest;
	let forks = 0;
	const emit = (from, type, rest) => events.push({ t, from, type, ...rest });
	const candidate = (kind) => (entry) => {
		const [block, core = 0, relayParent = 'relay parent', pov = block.head, schedulingParent] = [entry].flat();
		return { kind, core, relayParent: hash(relayParent), schedulingParent: schedulingParent?.hash, pov: pov.slice(0, 66), paraHead: block.hash, head: block.head };
	};
	const genesisHead = head ?? encodeHead({ number: 0, parent: hash('none') });

	const it = {
		events,
		genesis: { ...decodeHead(genesisHead), head: genesisHead },
		// Advances the time, in milliseconds.
		wait(milliseconds) {
			t += milliseconds;
		},
		start() {
			emit('observer', 'start', { para: PARA, relayParentOffset });
		},
		// A relay block on `on`; it becomes the best one unless `best` is false. `backs`, `includes`, `timesOut`:
		// lists of parachain blocks (the last of their bundle), or of [block, core, relay parent, PoV, scheduling
		// parent], the last element being a relay block.
		r({ on = relayBest, number, backs = [], includes = [], timesOut = [], session, next, best = true, root = on === undefined, head, unread, slot } = {}) {
			const own = number ?? (on ? on.number + 1 : first);
			forks += 1;
			const block = { hash: hash(`relay ${own} ${forks}`), number: own, parent: on && !root ? on.hash : hash(`before ${own}`) };
			const candidates = [
				...timesOut.map(candidate('timedOut')),
				...includes.map(candidate('included')),
				...backs.map(candidate('backed')),
			];
			emit('relay', 'block', {
				...block,
				session,
				candidates,
				next: next ?? null,
				...(root && { root: true, head: head?.head ?? genesisHead }),
				unread,
				slot,
			});
			if (best) it.best(block);
			return block;
		},
		best(block) {
			relayBest = block;
			emit('relay', 'best', { hash: block.hash });
		},
		finalize(block) {
			emit('relay', 'finalized', { hash: block.hash });
		},
		// A parachain block on `on` with that relay parent. It becomes the best one unless `best` is false, and
		// the observer sees it unless `seen` is false.
		p({ on = paraBest ?? it.genesis, relayParent, bundle, salt, best = true, seen = true } = {}) {
			const head = encodeHead({ number: on.number + 1, parent: on.hash, relayParent, bundle, salt });
			const { hash, number, parent, digests } = decodeHead(head);
			const block = { hash, number, parent, digests, head };
			if (best) paraBest = block;
			if (seen) it.show(block, best);
			return block;
		},
		show(block, best = true) {
			const { head, ...shown } = block;
			emit('para', 'block', shown);
			if (best) emit('para', 'best', { hash: block.hash });
		},
		// `count` blocks in one bundle.
		bundle({ count, on, ...rest }) {
			let last = on;
			for (let index = 0; index < count; index += 1) last = it.p({ ...rest, on: last, bundle: [index, index === count - 1] });
			return last;
		},
		finalizePara(block) {
			emit('para', 'finalized', { hash: block.hash });
		},
		down: (from) => emit(from, 'down'),
		up: (from) => emit(from, 'up'),
		// The results of the runtime APIs after that relay block; `limits` as [velocity, capacity, rate].
		runtime(block, { limits, ...rest }) {
			const [velocity, capacity, rate] = limits ?? [];
			emit('para', 'runtime', { relay: block.hash, limits: limits && { velocity, capacity, target_block_rate: rate }, ...rest });
		},
		// { state, lines, text }: the final state, and all printed lines.
		run: () => run(events),
	};
	it.start();
	// The parachain's endpoint starts with the existing blocks.
	if (it.genesis.hash) it.show(it.genesis);
	return it;
}

export function run(events) {
	let state = initial();
	const lines = [];
	const show = display();
	const text = [];
	for (const event of events) {
		state = reduce(state, event);
		for (const item of state.news) {
			lines.push(item);
			text.push(show(item));
		}
	}
	return { state, lines, text };
}

// A parachain on one core with one block per relay block: built on the relay block before the best one, backed in
// the next and included in the one after. Returns the relay blocks and the parachain blocks by number.
export function steady(s, count, { from = 1 } = {}) {
	const [relay, para] = [{}, {}];
	for (let number = from; number < from + count; number += 1) {
		const backs = para[number - 1] ? [para[number - 1]] : [];
		const includes = para[number - 2] ? [para[number - 2]] : [];
		relay[number] = s.r({ backs, includes });
		para[number] = s.p({ relayParent: number - 1 });
		s.wait(6000);
	}
	return { relay, para };
}
