// Waiting with a limit: nothing here waits for ever, and whoever waits in vain says for what.

// Resolves or rejects as `promise` does, or rejects after `seconds` with what was awaited. `progress`
// may tell how far it had come until then.
export async function within(seconds, what, promise, progress = () => '') {
	let timer;
	const limit = new Promise((_, reject) => {
		timer = setTimeout(() => {
			const came = progress();
			reject(new Error(`waited ${seconds} s for ${what}${came ? `; it came as far as: ${came}` : ''}`));
		}, seconds * 1000);
	});
	try {
		return await Promise.race([promise, limit]);
	} finally {
		clearTimeout(timer);
	}
}

// Subscribes to `observable` and feeds its items, one after the other, to `step`. Resolves with the
// first value of `step` that is not undefined. Unsubscribes in every case, also when the time is over.
export function firstOf(seconds, what, observable, step, progress) {
	let subscription;
	let queue = Promise.resolve();
	let settled = false;
	const found = new Promise((resolve, reject) => {
		const done = (settle) => (value) => {
			settled = true;
			settle(value);
		};
		subscription = observable.subscribe({
			next: (item) => {
				queue = queue
					.then(async () => {
						if (settled) return;
						const value = await step(item);
						if (value !== undefined) done(resolve)(value);
					})
					.catch(done(reject));
			},
			error: done(reject),
			complete: () => queue.then(() => done(reject)(new Error(`the stream ended before ${what}`))),
		});
	});
	return within(seconds, what, found, progress).finally(() => {
		settled = true;
		subscription.unsubscribe();
	});
}
