// Waits for a condition on data that arrives step by step.
import { within } from 'conveyor-observer/bounded';

// Returns
//   look()        checks the conditions; called after each change
//   fail(error)   rejects all current and future waits
//   until(seconds, what, find)   resolves with the first value of find() that is not undefined
// `progress` returns the current state for the error of a wait that times out.
export function waiting(progress) {
	const looks = new Set();
	let failure;
	const look = () => looks.forEach((one) => one());
	return {
		look,
		fail(error) {
			failure ??= error;
			look();
		},
		until(seconds, what, find) {
			let one;
			const found = new Promise((resolve, reject) => {
				one = () => {
					if (failure) return reject(failure);
					try {
						const value = find();
						return value === undefined ? undefined : resolve(value);
					} catch (error) {
						return reject(error);
					}
				};
				looks.add(one);
				one();
			});
			return within(seconds, what, found, progress).finally(() => looks.delete(one));
		},
	};
}
