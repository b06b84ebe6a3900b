// The few SCALE encodings that transactions consist of.

// The name of a call: the pallet's index and the call's index.
export const CALL_INDEX = 2;

// Encodes an integer below 2^536 in SCALE's compact form.
export function compact(value) {
	const number = BigInt(value);
	if (number < 0n) throw new RangeError(`${number} has no compact form`);
	if (number < 1n << 6n) return Buffer.of(Number(number << 2n));
	if (number < 1n << 14n) return littleEndian((number << 2n) | 1n, 2);
	if (number < 1n << 30n) return littleEndian((number << 2n) | 2n, 4);
	let length = 4;
	while (number >= 1n << BigInt(8 * length)) length += 1;
	if (length > 67) throw new RangeError(`${number} has no compact form`);
	return Buffer.concat([Buffer.of(((length - 4) << 2) | 3), littleEndian(number, length)]);
}

// Returns [value, end] of the compact number at `at`.
export function readCompact(buffer, at = 0) {
	const mode = buffer[at] & 3;
	if (mode === 3) {
		const length = (buffer[at] >> 2) + 4;
		return [fromLittleEndian(buffer, at + 1, length), at + 1 + length];
	}
	const length = 1 << mode;
	return [fromLittleEndian(buffer, at, length) >> 2n, at + length];
}

export function littleEndian(value, length) {
	const buffer = Buffer.alloc(length);
	for (let at = 0, left = BigInt(value); at < length; at += 1, left >>= 8n) buffer[at] = Number(left & 0xffn);
	return buffer;
}

export function fromLittleEndian(buffer, at, length) {
	if (at + length > buffer.length) throw new RangeError(`${at + length} bytes are needed, but there are ${buffer.length}`);
	let value = 0n;
	for (let last = at + length - 1; last >= at; last -= 1) value = (value << 8n) | BigInt(buffer[last]);
	return value;
}

// Prefixes bytes with their number.
export function withLength(...parts) {
	const all = Buffer.concat(parts);
	return Buffer.concat([compact(all.length), all]);
}

export function hex(bytes) {
	return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}

// --- Transactions ---------------------------------------------------------------------------------

// Version 4, signed.
const SIGNED = 0x84;
// MultiAddress::Id.
const ID = 0;
const PUBLIC_KEY = 32;
const SIGNATURE = 64;
// Indices of MultiSignature.
const SCHEMES = { ed25519: 0, sr25519: 1 };

export function signedTransaction({ publicKey, scheme, signature, extra, call }) {
	return withLength(Buffer.of(SIGNED, ID), publicKey, Buffer.of(SCHEMES[scheme]), signature, extra, call);
}

// Returns a transaction's signature in hexadecimal, by which it is found in blocks, or undefined if it is not
// signed in this form.
export function signatureOf(transaction) {
	const bytes = Buffer.from(transaction.buffer, transaction.byteOffset, transaction.length);
	const start = 1 << Math.min(bytes[0] & 3, 2);
	if ((bytes[0] & 3) === 3 || bytes[start] !== SIGNED || bytes[start + 1] !== ID) return undefined;
	const scheme = start + 2 + PUBLIC_KEY;
	if (!Object.values(SCHEMES).includes(bytes[scheme])) return undefined;
	const signature = bytes.subarray(scheme + 1, scheme + 1 + SIGNATURE);
	return signature.length === SIGNATURE ? signature.toString('hex') : undefined;
}
