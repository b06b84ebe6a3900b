// Waiting for something to be found in what is told bit by bit.
import { within } from 'conveyor-observer/bounded';

// Returns
//   look()        there is more to be looked at
//   fail(error)   no more will come: all who wait are told, and all who will
//   until(seconds, what, find)   resolves with the first value of find() that is not undefined
// `progress` says how far it has come, for those who wait in vain.
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
