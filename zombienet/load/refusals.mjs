// The meaning of a node's response to a transaction.

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

// The messages with code 1010 (sp-runtime, transaction_validity.rs).
const OUTDATED = 'Transaction is outdated';
const BAD_SIGNATURE = 'Transaction has a bad signature';

// The kinds of responses:
//   taken        in the pool
//   present      was in the pool already
//   full         the pool has no room: wait, then send again
//   priority     the pool has another transaction with this nonce and at least the same priority
//   banned       the pool rejects these bytes for half an hour
//   used         the nonce is already used, by this transaction or another one
//   signature    signed for another runtime than the node's current one
//   invalid      rejected; the text has the reason
//   unreachable  no response: send again
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

// Returns { kind, text } for an error of author_submitExtrinsic.
export function meaningOf(error) {
	const text = [error?.message, error?.data].filter((part) => typeof part === 'string' && part !== '').join(': ').split('\n')[0];
	if (error?.code !== INVALID) return { kind: BY_CODE[error?.code] ?? 'unreachable', text };
	if (error.data === OUTDATED) return { kind: 'used', text };
	return { kind: error.data === BAD_SIGNATURE ? 'signature' : 'invalid', text };
}
