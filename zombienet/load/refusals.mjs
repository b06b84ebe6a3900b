// What a node's answer to a transaction means for those who want it in a block.

// Codes of `author_submitExtrinsic` (sc-rpc-api, author/error.rs).
const BAD_FORMAT = 1001;
const VERIFICATION = 1002;
const INVALID = 1010;
const UNKNOWN_VALIDITY = 1011;
const BANNED = 1012;
const THERE_ALREADY = 1013;
const LOW_PRIORITY = 1014;
const CYCLE = 1015;
const DROPPED_AT_ONCE = 1016;
const UNACTIONABLE = 1018;

// What the code 1010 comes with (sp-runtime, transaction_validity.rs).
const OUTDATED = 'Transaction is outdated';
const BAD_SIGNATURE = 'Transaction has a bad signature';

// The kinds of answers:
//   taken        it is in the pool
//   present      it was in the pool already
//   full         the pool has no room now: wait, send again
//   priority     the pool has another transaction with this nonce, which pays as much
//   banned       the pool knows these very bytes, and will not have them for half an hour
//   used         the account's nonce is beyond this one: it is in a block, or another is
//   signature    not signed for the runtime that the node has now
//   invalid      it will not be had, and the text says why
//   unreachable  no answer of the pool: send again
export const KINDS = ['taken', 'present', 'full', 'priority', 'banned', 'used', 'signature', 'invalid', 'unreachable'];

const BY_CODE = {
	[BAD_FORMAT]: 'invalid',
	[VERIFICATION]: 'unreachable',
	[UNKNOWN_VALIDITY]: 'unreachable',
	[BANNED]: 'banned',
	[THERE_ALREADY]: 'present',
	[LOW_PRIORITY]: 'priority',
	[CYCLE]: 'priority',
	[DROPPED_AT_ONCE]: 'full',
	[UNACTIONABLE]: 'invalid',
};

// { kind, text } of what author_submitExtrinsic failed with.
export function meaningOf(error) {
	const text = [error?.message, error?.data].filter((part) => typeof part === 'string' && part !== '').join(': ').split('\n')[0];
	if (error?.code !== INVALID) return { kind: BY_CODE[error?.code] ?? 'unreachable', text };
	if (error.data === OUTDATED) return { kind: 'used', text };
	return { kind: error.data === BAD_SIGNATURE ? 'signature' : 'invalid', text };
}
