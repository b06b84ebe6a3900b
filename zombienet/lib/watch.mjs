// Runs the observer during a test and keeps its lines.
import { observe } from 'conveyor-observer/observe';
import { display } from 'conveyor-observer/display';
import { initial, reduce, summary } from 'conveyor-observer/pipeline';
import { waiting } from './waiting.mjs';

// Time limits in seconds for the first connection, and for reconnecting.
const WAITS = { first: 60, again: 600 };

// Keeps the observer's lines and lets tests wait for them:
//   take(event)   the next event of observe.mjs
//   fail(error)   ends the observation
//   lines()       one line per complete relay block, as described in observer/README.md, by number
//   now()         the number of the incomplete relay block
//   summary()     the figures of all relay blocks
//   until(seconds, what, find)   resolves with the first value of find(lines()) that is not undefined
// `say` gets each line and remark as text.
export function watched({ say = () => {} } = {}) {
	let state = initial();
	const lines = new Map();
	const show = display();
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

// Observes through the nodes at the addresses `relay` and `para`. Returns the same as `watched`, and close().
export async function watchPipeline({ relay, para, say }) {
	const watch = watched({ say });
	const { close } = await observe({ urls: { relay, para }, waits: WAITS, emit: watch.take, fail: watch.fail });
	return { ...watch, close };
}
