// The events of a relay block that concern one parachain.
import { bytes } from './header.mjs';

// Events of the pallet ParaInclusion, and the kind of each.
const KINDS = { CandidateBacked: 'backed', CandidateIncluded: 'included', CandidateTimedOut: 'timedOut' };

// `records` are those of System.Events as polkadot-api decodes them, for any runtime. Returns
//   session      index of the session that begins in this block, or undefined
//   candidates   those of parachain `para`, in the order of the events:
//                [{ kind, core, relayParent, schedulingParent, pov, paraHead, head }], hashes and bytes in
//                hexadecimal; `schedulingParent` only of a descriptor of version 3
export function relayEvents(records, para) {
	let session;
	const candidates = [];
	for (const { event } of records) {
		const { type, value } = event.value;
		if (event.type === 'Session' && type === 'NewSession') session = Number(value.session_index);
		if (event.type !== 'ParaInclusion' || !(type in KINDS)) continue;
		const [{ descriptor }, head, core] = value;
		if (descriptor.para_id !== para) continue;
		candidates.push({
			kind: KINDS[type],
			core,
			relayParent: descriptor.relay_parent,
			schedulingParent: schedulingParentOf(descriptor),
			pov: descriptor.pov_hash,
			paraHead: descriptor.para_head,
			head: bytes.dec(head),
		});
	}
	return { session, candidates };
}

// Descriptors of version 1 have other fields in these places, which are hardly ever 16 zero bytes. Same rule as
// `CandidateDescriptorV2::version` of polkadot-primitives.
function schedulingParentOf({ version, reserved1, scheduling_parent }) {
	return version === 1 && /^0x0{32}/.test(reserved1) ? scheduling_parent : undefined;
}
