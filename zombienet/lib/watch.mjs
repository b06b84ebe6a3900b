// The observer, watching a network's parachain during a test: its lines to wait for and to count.
import { observe } from 'conveyor-observer/observe';
import { picture } from 'conveyor-observer/picture';
import { initial, reduce, summary } from 'conveyor-observer/pipeline';
import { waiting } from './waiting.mjs';

// Seconds for an endpoint's first answer, and for one that went away.
const WAITS = { first: 60, again: 600 };

// Keeps what the observer tells, and lets tests wait for it:
//   take(event)   the next event of observe.mjs
//   fail(error)   the observation is over
//   lines()       a line per complete relay block, as observer/README.md describes them, by number
//   now()         the number of the relay block that is not complete yet
//   summary()     the figures of all of them
//   until(seconds, what, find)   resolves with the first value of find(lines()) that is not undefined
// `say` gets each line and remark as text.
export function watched({ say = () => {} } = {}) {
	let state = initial();
	const lines = new Map();
	const show = picture();
	const sorted = () => [...lines.values()].sort((a, b) => a.number - b.number);
	const { look, fail, until } = waiting(() =>
		JSON.stringify(sorted().slice(-3).map(({ number, head, unincluded, finalized }) => ({ number, head, unincluded, finalized }))),
	);
	return {
		take(event) {
			try {
				state = reduce(state, event);
				for (const item of state.news) {
					say(show(item));
					if (item.type === 'relay') lines.set(item.number, item);
				}
			} catch (error) {
				return fail(error);
			}
			return look();
		},
		fail,
		lines: sorted,
		now: () => (sorted().at(-1)?.number ?? 0) + 1,
		summary: () => summary(state),
		until: (seconds, what, find) => until(seconds, what, () => find(sorted())),
	};
}

// Observes through the nodes with the addresses `relay` and `para`: what `watched` returns, and close().
export async function watchPipeline({ relay, para, say }) {
	const watch = watched({ say });
	const { close } = await observe({ urls: { relay, para }, waits: WAITS, emit: watch.take, fail: watch.fail });
	return { ...watch, close };
}
