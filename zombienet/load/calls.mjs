// The calls that are sent, encoded by hand from what polkadot-api makes of the shortest of each.
import { CALL_INDEX, compact, hex, withLength } from './scale.mjs';

const NOBODY = new Uint8Array(32);
const NOBODY_ADDRESS = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

// { transfer(to, amount), create(to, amount), remark(bytes), upgradeAccounts(keys), all(calls) } of the
// chain behind `api`, each returning bytes. `to` and `keys` are public keys. Throws what polkadot-api
// throws if the runtime lacks one of the calls, and if one of them looks other than it should.
export async function learnCalls(api) {
	const dest = { type: 'Id', value: NOBODY_ADDRESS };
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
		[calls.transfer(NOBODY, amount), inner],
		[calls.create(NOBODY, amount), Balances.transfer_allow_death({ dest, value: amount })],
		[calls.upgradeAccounts([NOBODY, NOBODY]), Balances.upgrade_accounts({ who: [NOBODY_ADDRESS, NOBODY_ADDRESS] })],
		[calls.remark(Buffer.of(1, 2, 3)), System.remark({ remark: Uint8Array.of(1, 2, 3) })],
		[calls.all([calls.transfer(NOBODY, amount)]), Utility.batch_all({ calls: [inner.decodedCall] })],
	];
	for (const [made, tx] of expected) {
		const wanted = hex(await tx.getEncodedData());
		if (hex(made) !== wanted) throw new Error(`the call ${tx.decodedCall.type}.${tx.decodedCall.value.type} is encoded as ${wanted}, and not as ${hex(made)}`);
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
