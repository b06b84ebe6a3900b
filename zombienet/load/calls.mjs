// Encodes the calls of a load by hand, from samples that polkadot-api encodes.
import { CALL_INDEX, compact, hex, withLength } from './scale.mjs';

const ZERO_KEY = new Uint8Array(32);
const ZERO_ADDRESS = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

// Returns { transfer(to, amount), create(to, amount), remark(bytes), upgradeAccounts(keys), all(calls) } for the
// chain behind `api`. Each returns bytes. `to` and `keys` are public keys. Throws polkadot-api's error if the
// runtime lacks one of the calls, and an error if the encoding of one differs from the expected one.
export async function learnCalls(api) {
	const dest = { type: 'Id', value: ZERO_ADDRESS };
	const { Balances, System, Utility } = api.tx;
	const index = async (tx) => Buffer.from(await tx.getEncodedData()).subarray(0, CALL_INDEX);
	const indices = {
		transfer: await index(Balances.transfer_keep_alive({ dest, value: 0n })),
		create: await index(Balances.transfer_allow_death({ dest, value: 0n })),
		upgradeAccounts: await index(Balances.upgrade_accounts({ who: [] })),
		remark: await index(System.remark({ remark: new Uint8Array() })),
		all: await index(Utility.batch_all({ calls: [] })),
	};
	const calls = encoders(indices);

	const amount = 123_456_789n;
	const inner = Balances.transfer_keep_alive({ dest, value: amount });
	const expected = [
		[calls.transfer(ZERO_KEY, amount), inner],
		[calls.create(ZERO_KEY, amount), Balances.transfer_allow_death({ dest, value: amount })],
		[calls.upgradeAccounts([ZERO_KEY, ZERO_KEY]), Balances.upgrade_accounts({ who: [ZERO_ADDRESS, ZERO_ADDRESS] })],
		[calls.remark(Buffer.of(1, 2, 3)), System.remark({ remark: Uint8Array.of(1, 2, 3) })],
		[calls.all([calls.transfer(ZERO_KEY, amount)]), Utility.batch_all({ calls: [inner.decodedCall] })],
	];
	for (const [made, tx] of expected) {
		const wanted = hex(await tx.getEncodedData());
		if (hex(made) !== wanted) throw new Error(`the call ${tx.decodedCall.type}.${tx.decodedCall.value.type} is encoded as ${wanted}, but expected as ${hex(made)}`);
	}
	return calls;
}

export function encoders({ transfer, create, remark, upgradeAccounts, all }) {
	const transferOf = (index) => (to, amount) => Buffer.concat([index, Buffer.of(0), to, compact(amount)]);
	return {
		transfer: transferOf(transfer),
		create: transferOf(create),
		remark: (bytes) => Buffer.concat([remark, withLength(bytes)]),
		upgradeAccounts: (keys) => Buffer.concat([upgradeAccounts, compact(keys.length), ...keys]),
		all: (calls) => Buffer.concat([all, compact(calls.length), ...calls]),
	};
}
