// Waiting with a time limit. A timeout error names what was awaited.

// Settles as `promise` does, or rejects after `seconds`. The error names `what`, and the last state from
// `progress`.
export async function within(seconds, what, promise, progress = () => '') {
	let timer;
	const limit = new Promise((_, reject) => {
		timer = setTimeout(() => {
			const came = progress();
			reject(new Error(`waited ${seconds} s for ${what}${came ? `; last state: ${came}` : ''}`));
		}, seconds * 1000);
	});
	try {
		return await Promise.race([promise, limit]);
	} finally {
		clearTimeout(timer);
	}
}

// Subscribes to `observable` and passes its items to `step`, one at a time. Resolves with the first result of
// `step` that is not undefined. Always unsubscribes, also after a timeout.
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
