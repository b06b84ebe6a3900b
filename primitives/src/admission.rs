// SPDX-License-Identifier: Apache-2.0

//! Admission of blocks: whether one more block may be built, and the reason if not.
//!
//! [`admission`] is called twice for a block:
//!
//! 1. Before the block, by the parent's state, when the collator calls the runtime API. The state
//!    assumes the number of cores at the relay slot: [`Next::after_bundle`].
//! 2. In the block, by the consensus hook. The block's digest contains the number of cores.

use crate::{plan::bundle_length, Limits};
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use sp_consensus_slots::Slot;

#[cfg(test)]
mod tests;

/// Blocks built at the latest relay slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct AuthoredInSlot {
	/// Relay slot of the latest block's relay parent.
	pub relay_slot: Slot,
	/// Number of blocks built at this relay slot.
	pub blocks: u32,
	/// Whether the latest block is for the last core that its collator uses at this relay slot.
	pub last_core: bool,
	/// Limits for further blocks at this relay slot.
	pub rest: RestOfSlot,
}

/// Limits for the rest of a relay slot.
///
/// A collator plans a relay slot once, with the limits at its start. A change of the limits within a
/// relay slot must not invalidate that plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum RestOfSlot {
	/// The current limits apply.
	#[default]
	Current,
	/// The limits changed after the last core: the previous limits apply.
	KeepPrevious(Limits),
	/// The limits changed before the last core: no more blocks are admitted. Bundles planned with the
	/// previous limits may not fit into a core under the new ones.
	Closed,
}

impl AuthoredInSlot {
	/// Returns the record after one more block at `relay_slot`. `last` is the record before it.
	///
	/// Does not check whether the block is admitted.
	pub fn with_one_more(last: Option<Self>, relay_slot: Slot, last_core: bool) -> Self {
		let (blocks, rest) = match last {
			Some(last) if last.relay_slot == relay_slot => (last.blocks, last.rest),
			_ => Default::default(),
		};
		Self { relay_slot, blocks: blocks.saturating_add(1), last_core, rest }
	}
}

/// Returns the limits for a block at `relay_slot`: `limits`, or the previous ones if the limits
/// changed at this relay slot.
pub fn limits_at(limits: &Limits, last: Option<AuthoredInSlot>, relay_slot: Slot) -> Limits {
	match last {
		Some(AuthoredInSlot {
			relay_slot: same, rest: RestOfSlot::KeepPrevious(previous), ..
		}) if same == relay_slot => previous,
		_ => *limits,
	}
}

/// What the next block starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
	/// No bundle: the block continues an admitted bundle or is a single block.
	Block,
	/// A bundle. A collator builds a bundle completely or not at all: it discards the blocks of a
	/// bundle if a later block is rejected.
	Bundle {
		/// Index of the bundle's core among the parachain's cores at the relay slot, from 0.
		core: u32,
		/// Number of the parachain's cores at the relay slot.
		cores: u32,
	},
}

impl Next {
	/// Returns what the state after the last block of a bundle assumes for the next block at
	/// `relay_slot`.
	///
	/// - `last`: blocks built at the latest relay slot.
	/// - `core`, `cores`: of the latest block, as in [`Next::Bundle`].
	///
	/// | latest block | assumed next |
	/// | --- | --- |
	/// | at this relay slot, not for its last core | the bundle of the next core |
	/// | at this relay slot, for its last core, target not reached | [`Next::Block`] |
	/// | at this relay slot, for its last core, target reached | the bundle of core 0: no collator plans a relay slot twice |
	/// | at an earlier relay slot | the bundle of core 0, on as many cores as before |
	///
	/// Second row: at a target block rate of 4 or more, a collator skips the last block of a para
	/// slot, so that the next author has time to import. It still calls `can_build_upon` for the
	/// skipped block, and discards the bundle if the result is `false`. The assumption of a single
	/// block avoids that.
	///
	/// Last row: only the collator knows the number of cores at a new relay slot.
	///
	/// - With fewer cores than assumed, bundles are longer. The first block of a bundle that does not
	///   fit is rejected in the block.
	/// - With more cores than assumed, or after a raised target block rate, more room is required than
	///   the bundle needs. Authoring waits at most until the segment is empty.
	pub fn after_bundle(
		limits: &Limits,
		last: Option<AuthoredInSlot>,
		relay_slot: Slot,
		core: u32,
		cores: u32,
	) -> Self {
		let rate = limits_at(limits, last, relay_slot).target_block_rate;
		match last {
			Some(last) if last.relay_slot != relay_slot => Self::Bundle { core: 0, cores },
			Some(last) if !last.last_core => Self::Bundle { core: core.saturating_add(1), cores },
			Some(last) if last.blocks < rate => Self::Block,
			_ => Self::Bundle { core: 0, cores },
		}
	}
}

/// One more block may be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct Admission {
	/// Blocks that may still be built at this relay slot if no block is included meanwhile: at least
	/// 1, and at the start of a bundle at least the length of the bundle.
	pub room: u32,
}

/// Reason why no block may be built now. Every reason ends when blocks are included or when the next
/// relay slot starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub enum Refusal {
	/// The unincluded segment is full. A block must be included first.
	SegmentFull {
		/// Length of the unincluded segment, in blocks.
		length: u32,
		/// Capacity, in blocks.
		capacity: u32,
	},
	/// The velocity is reached. Wait for the next relay slot.
	VelocityReached {
		/// Relay slot.
		relay_slot: Slot,
		/// Number of blocks built at the relay slot.
		authored: u32,
		/// Velocity, in blocks per relay slot. One block more than this is admitted.
		velocity: u32,
	},
	/// The relay parent is older than that of an earlier block. Build on a newer relay parent.
	RelaySlotMovedBackwards {
		/// Latest relay slot of the chain.
		last: Slot,
		/// Relay slot of the new relay parent.
		new: Slot,
	},
	/// The bundle does not fit. Wait until blocks are included or the next relay slot starts.
	BundleDoesNotFit {
		/// Length of the bundle, in blocks.
		needed: u32,
		/// Number of blocks that capacity and velocity allow.
		room: u32,
	},
	/// The limits changed at this relay slot before its last core. Wait for the next relay slot.
	LimitsChanged {
		/// Relay slot.
		relay_slot: Slot,
	},
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::SegmentFull { length, capacity } => write!(
				f,
				"the unincluded segment is full: it has {length} blocks, the capacity is {capacity}. \
				 A block must be included first",
			),
			Self::VelocityReached { relay_slot, authored, velocity } => write!(
				f,
				"the velocity is reached: {authored} blocks were built at relay slot {relay_slot}, \
				 the velocity is {velocity} (one more block is allowed). Wait for the next relay slot",
				relay_slot = **relay_slot,
			),
			Self::RelaySlotMovedBackwards { last, new } => write!(
				f,
				"the relay slot moved backwards: the last block was built at relay slot {last}, this \
				 block at {new}. Build on a newer relay parent",
				last = **last,
				new = **new,
			),
			Self::BundleDoesNotFit { needed, room } => write!(
				f,
				"the bundle does not fit: it has {needed} blocks, there is room for {room}. Wait \
				 until blocks are included or the next relay slot starts",
			),
			Self::LimitsChanged { relay_slot } => write!(
				f,
				"the limits changed at relay slot {relay_slot}, before its last core. Wait for the \
				 next relay slot",
				relay_slot = **relay_slot,
			),
		}
	}
}

/// Returns the number of blocks built at `relay_slot`, or the reason why the relay slot admits no more
/// blocks. Does not check the unincluded segment.
///
/// `last`: blocks built at the latest relay slot, `None` before the first block.
fn authored_at(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	relay_slot: Slot,
) -> Result<u32, Refusal> {
	let authored = match last {
		Some(last) if last.relay_slot > relay_slot => {
			return Err(Refusal::RelaySlotMovedBackwards { last: last.relay_slot, new: relay_slot })
		},
		Some(AuthoredInSlot { relay_slot: same, rest: RestOfSlot::Closed, .. })
			if same == relay_slot =>
		{
			return Err(Refusal::LimitsChanged { relay_slot })
		},
		Some(last) if last.relay_slot == relay_slot => last.blocks,
		_ => 0,
	};
	// One block more than the velocity is admitted: see `Limits::velocity`.
	if authored > limits.velocity {
		return Err(Refusal::VelocityReached { relay_slot, authored, velocity: limits.velocity });
	}
	Ok(authored)
}

/// Returns whether one more block may be built at `relay_slot`, or the reason why not.
///
/// `segment_length`: length of the unincluded segment, in blocks.
///
/// If there are several reasons, a full segment comes first, as in the SDK's hook, and a bundle that
/// does not fit comes last.
pub fn admission(
	limits: &Limits,
	last: Option<AuthoredInSlot>,
	segment_length: u32,
	relay_slot: Slot,
	next: Next,
) -> Result<Admission, Refusal> {
	let limits = &limits_at(limits, last, relay_slot);
	if segment_length >= limits.capacity {
		return Err(Refusal::SegmentFull { length: segment_length, capacity: limits.capacity });
	}
	let authored = authored_at(limits, last, relay_slot)?;
	let room_in_segment = limits.capacity - segment_length;
	let room_in_slot = limits.velocity.saturating_add(1) - authored;
	let room = room_in_segment.min(room_in_slot);
	if let Next::Bundle { core, cores } = next {
		let needed = bundle_length(limits.target_block_rate, cores, core);
		if needed > room {
			return Err(Refusal::BundleDoesNotFit { needed, room });
		}
	}
	Ok(Admission { room })
}

/// Whether the next block may be built now. If not: the reason, and what must happen first.
///
/// "Now" is the state of the block that is queried: the relay slot of its relay parent, and the
/// blocks that this relay parent shows as included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(capture_docs = "always")]
pub struct NextBlock {
	/// Relay slot of the latest block. `None` before the first block.
	pub relay_slot: Option<Slot>,
	/// Number of blocks that may be built now. 0 if there is a refusal.
	pub room: u32,
	/// Reason why no block may be built now. `None` if a block may be built.
	pub refusal: Option<Refusal>,
	/// First relay slot at which a block may be built. `None` if this relay slot has room.
	pub wait_for_relay_slot: Option<Slot>,
	/// Number of blocks that must be included first.
	pub wait_for_inclusions: u32,
}

impl NextBlock {
	/// Returns the admission of the block after the latest one, at the same relay slot.
	///
	/// - `last`: blocks built at the latest relay slot, `None` before the first block.
	/// - `segment_length`: length of the unincluded segment, in blocks.
	/// - `bundle_continues`: whether the latest block is not the last of its bundle.
	/// - `core`, `cores`: of the latest block, as in [`Next::Bundle`].
	///
	/// Valid limits admit a block at the next relay slot once the segment is empty.
	pub fn after(
		limits: &Limits,
		last: Option<AuthoredInSlot>,
		segment_length: u32,
		bundle_continues: bool,
		core: u32,
		cores: u32,
	) -> Self {
		let now = last.map_or(Slot::default(), |last| last.relay_slot);
		let admit = |included: u32, relay_slot: Slot| {
			let next = if bundle_continues && relay_slot == now {
				Next::Block
			} else {
				Next::after_bundle(limits, last, relay_slot, core, cores)
			};
			admission(limits, last, segment_length.saturating_sub(included), relay_slot, next)
		};
		let verdict = admit(0, now);
		let (wait_for_relay_slot, wait_for_inclusions) = [now, now + 1]
			.into_iter()
			.flat_map(|slot| (0..=segment_length).map(move |included| (included, slot)))
			.find(|(included, slot)| admit(*included, *slot).is_ok())
			.map_or((Some(now + 1), segment_length), |(included, slot)| {
				((slot != now).then_some(slot), included)
			});
		Self {
			relay_slot: last.map(|last| last.relay_slot),
			room: verdict.map_or(0, |admission| admission.room),
			refusal: verdict.err(),
			wait_for_relay_slot,
			wait_for_inclusions,
		}
	}
}
