// The sending accounts: all derived from one seed, so that a later run finds them funded.
import { createPrivateKey, createPublicKey, sign as signNatively } from 'node:crypto';
import { sr25519CreateDerive } from '@polkadot-labs/hdkd';
import { DEV_PHRASE, createDerive, ed25519Derive, entropyToMiniSecret, mnemonicToEntropy, ss58Address } from '@polkadot-labs/hdkd-helpers';

const secret = entropyToMiniSecret(mnemonicToEntropy(DEV_PHRASE));

// The prefix of an Ed25519 private key in PKCS #8 (RFC 8410). The 32 bytes of the key follow.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

// Ed25519 by Node.js. Its signatures take a twenty-fifth of the time of sr25519 in JavaScript. Otherwise the chain
// on the same machine would lack that time.
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

// The path of account `index`. Ed25519 has hard derivation only. In sr25519 soft derivation saves most of the
// time, and none of these keys is secret.
const SCHEMES = {
	ed25519: { derive: createDerive({ seed: secret, curve: nativeEd25519, derive: ed25519Derive }), path: (seed, index) => `//load//${seed}//${index}` },
	sr25519: { derive: sr25519CreateDerive(secret), path: (seed, index) => `//load//${seed}/${index}` },
};
export const SCHEME_NAMES = Object.keys(SCHEMES);

// Returns [{ publicKey, address, scheme, sign(payload) }], the same for the same arguments. `seed` is a word.
export function deriveAccounts({ count, scheme, seed }) {
	const { derive, path } = SCHEMES[scheme];
	return Array.from({ length: count }, (_, index) => asAccount(derive(path(seed, index)), scheme));
}

// The account at `path` of the development phrase, for example //Alice, in sr25519.
export function devAccount(path) {
	return asAccount(SCHEMES.sr25519.derive(path), 'sr25519');
}

function asAccount({ publicKey, sign }, scheme) {
	return { publicKey, address: ss58Address(publicKey), scheme, sign };
}

// Measures the signatures per second on this machine, with the `accounts` in turn: at least `atLeast` signatures,
// and for at least a fifth of a second.
export function signaturesPerSecond(accounts, payload, atLeast = 20) {
	const start = performance.now();
	const elapsed = () => performance.now() - start;
	let made = 0;
	// Importing a key takes time once, which does not count.
	while (made < atLeast || elapsed() < 200) {
		accounts[made % accounts.length].sign(payload);
		made += 1;
	}
	return (made / elapsed()) * 1000;
}
