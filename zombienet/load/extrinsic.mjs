// Encodes signed transactions, thousands in the time in which polkadot-api encodes a few: polkadot-api decodes all
// of the metadata for each. Samples are compared with polkadot-api.
import { blake2b256 } from '@polkadot-labs/hdkd-helpers';
import { getPolkadotSigner } from 'polkadot-api/signer';
import { compact, hex, signedTransaction } from './scale.mjs';

// Longer payloads are hashed before they are signed.
const LONGEST_PAYLOAD = 256;
const ZERO_KEY = new Uint8Array(32);
const NO_SIGNATURE = new Uint8Array(64);
// Samples whose compact numbers have different lengths.
const SAMPLES = [
	{ nonce: 0, tip: 0n },
	{ nonce: 77, tip: 200n },
	{ nonce: 70_000, tip: 1n << 40n },
];

export class UnknownExtensions extends Error {}

// Returns { transaction, payload } of a call that does nothing, as polkadot-api encodes it.
async function sample(api, at, { nonce, tip }) {
	let payload;
	const signer = getPolkadotSigner(ZERO_KEY, 'Sr25519', (signed) => {
		payload = Buffer.from(signed);
		return NO_SIGNATURE;
	});
	const call = api.tx.System.remark({ remark: new Uint8Array() });
	const transaction = await call.sign(signer, { nonce, tip, mortality: { mortal: false }, at });
	return { transaction: Buffer.from(transaction), payload, call: Buffer.from(await call.getEncodedData()) };
}

// Learns the format of transactions at block `at` from polkadot-api and returns `compose`:
//   compose({ call, nonce, tip }) -> { payload, finish({ publicKey, scheme, signature }) -> bytes }
// Transactions are immortal, so they can be sent again after any time. Throws UnknownExtensions if the chain's
// transactions contain more than a nonce, a tip and constants. `take` makes the samples.
export async function learn(api, at, take = sample) {
	const made = [];
	for (const figures of SAMPLES) made.push({ ...figures, ...(await take(api, at, figures)) });
	const [first] = made;
	// The payload is the call, the explicit part of the extensions, and their implicit part.
	const rest = first.payload.subarray(first.call.length);
	const bare = signedTransaction({ publicKey: ZERO_KEY, scheme: 'sr25519', signature: NO_SIGNATURE, extra: Buffer.alloc(0), call: first.call });
	// Both lengths must be known in full, so the length prefix is left out.
	const inner = (transaction) => transaction.subarray(1 << (transaction[0] & 3));
	const extraLength = inner(first.transaction).length - inner(bare).length;
	const [extra, additional] = [rest.subarray(0, extraLength), rest.subarray(extraLength)];

	for (let nonceAt = 0; nonceAt < extra.length; nonceAt += 1) {
		for (let tipAt = nonceAt + 1; tipAt < extra.length; tipAt += 1) {
			if (extra[nonceAt] !== 0 || extra[tipAt] !== 0) continue;
			const parts = [extra.subarray(0, nonceAt), extra.subarray(nonceAt + 1, tipAt), extra.subarray(tipAt + 1)];
			const compose = composer(parts, additional);
			if (made.every((one) => isSame(compose, one))) return compose;
		}
	}
	throw new UnknownExtensions('its transactions have an unknown extension with a value');
}

function composer([beforeNonce, beforeTip, afterTip], additional) {
	return ({ call, nonce, tip }) => {
		const extra = Buffer.concat([beforeNonce, compact(nonce), beforeTip, compact(tip), afterTip]);
		const whole = Buffer.concat([call, extra, additional]);
		return {
			payload: whole.length > LONGEST_PAYLOAD ? blake2b256(whole) : whole,
			finish: ({ publicKey, scheme, signature }) => signedTransaction({ publicKey, scheme, signature, extra, call }),
		};
	};
}

function isSame(compose, { call, nonce, tip, payload, transaction }) {
	const made = compose({ call, nonce, tip });
	const whole = made.finish({ publicKey: ZERO_KEY, scheme: 'sr25519', signature: NO_SIGNATURE });
	return hex(made.payload) === hex(payload) && hex(whole) === hex(transaction);
}
