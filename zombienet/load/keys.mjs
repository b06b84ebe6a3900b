// The accounts that send: all from one seed, so that another run finds them funded.
import { createPrivateKey, createPublicKey, sign as signNatively } from 'node:crypto';
import { sr25519CreateDerive } from '@polkadot-labs/hdkd';
import { DEV_PHRASE, createDerive, ed25519Derive, entropyToMiniSecret, mnemonicToEntropy, ss58Address } from '@polkadot-labs/hdkd-helpers';

const secret = entropyToMiniSecret(mnemonicToEntropy(DEV_PHRASE));

// A private key of Ed25519 as PKCS #8 wants it (RFC 8410): this, and the 32 bytes.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

// Ed25519 by Node.js itself. Its signatures take a twenty-fifth of the time that sr25519 takes in
// JavaScript, and that time would be taken from the chain on the same machine.
const imported = new Map();
function native(privateKey) {
	const name = Buffer.from(privateKey).toString('hex');
	if (!imported.has(name)) {
		imported.set(name, createPrivateKey({ key: Buffer.concat([PKCS8, privateKey]), format: 'der', type: 'pkcs8' }));
	}
	return imported.get(name);
}
const nativeEd25519 = {
	getPublicKey: (privateKey) => createPublicKey(native(privateKey)).export({ format: 'der', type: 'spki' }).subarray(-32),
	sign: (message, privateKey) => signNatively(null, message, native(privateKey)),
};

// Where the account `index` is. Ed25519 knows hard derivation only; in sr25519, soft derivation spares
// most of the time, and none of these keys is a secret.
const SCHEMES = {
	ed25519: { derive: createDerive({ seed: secret, curve: nativeEd25519, derive: ed25519Derive }), path: (seed, index) => `//load//${seed}//${index}` },
	sr25519: { derive: sr25519CreateDerive(secret), path: (seed, index) => `//load//${seed}/${index}` },
};
export const SCHEME_NAMES = Object.keys(SCHEMES);

// [{ publicKey, address, scheme, sign(payload) }], the same for the same arguments. `seed` is a word.
export function deriveAccounts({ count, scheme, seed }) {
	const { derive, path } = SCHEMES[scheme];
	return Array.from({ length: count }, (_, index) => asAccount(derive(path(seed, index)), scheme));
}

// The account at `path` of the development phrase, such as //Alice, in sr25519.
export function devAccount(path) {
	return asAccount(SCHEMES.sr25519.derive(path), 'sr25519');
}

function asAccount({ publicKey, sign }, scheme) {
	return { publicKey, address: ss58Address(publicKey), scheme, sign };
}

// Signatures per second that this machine makes at the moment, with the `accounts` in turn: at least
// `atLeast` of them, and for a fifth of a second.
export function signaturesPerSecond(accounts, payload, atLeast = 20) {
	const start = performance.now();
	const elapsed = () => performance.now() - start;
	let made = 0;
	// What a key costs once, for its import, belongs to the start.
	while (made < atLeast || elapsed() < 200) {
		accounts[made % accounts.length].sign(payload);
		made += 1;
	}
	return (made / elapsed()) * 1000;
}
