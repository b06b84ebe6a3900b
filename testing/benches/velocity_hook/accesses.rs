// SPDX-License-Identifier: GPL-3.0-only

//! Counts a runtime's calls into storage.
//!
//! `sp-state-machine` traces each call. Reading a key again counts again.

use std::{
	fmt::Debug,
	sync::{Arc, Mutex},
};
use tracing::{
	field::{Field, Visit},
	span::{Attributes, Id, Record},
	subscriber::with_default,
	Event, Metadata, Subscriber,
};

/// Calls into storage.
#[derive(Clone, Copy, Default)]
pub(crate) struct Accesses {
	/// Reading calls.
	pub(crate) reads: usize,
	/// Writing calls.
	pub(crate) writes: usize,
}

/// Counts the calls of `execute`. Counting slows it down.
pub(crate) fn accesses(execute: impl FnOnce()) -> Accesses {
	let counter = Counter::default();
	with_default(counter.clone(), execute);
	let accesses = *counter.0.lock().expect("no thread panics while it holds the lock");
	accesses
}

#[derive(Clone, Default)]
struct Counter(Arc<Mutex<Accesses>>);

impl Subscriber for Counter {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		metadata.is_event() && metadata.target() == "state"
	}

	fn event(&self, event: &Event<'_>) {
		event.record(&mut Method(
			&mut self.0.lock().expect("no thread panics while it holds the lock"),
		));
	}

	// There are no spans.
	fn new_span(&self, _: &Attributes<'_>) -> Id {
		Id::from_u64(1)
	}

	fn record(&self, _: &Id, _: &Record<'_>) {}

	fn record_follows_from(&self, _: &Id, _: &Id) {}

	fn enter(&self, _: &Id) {}

	fn exit(&self, _: &Id) {}
}

/// Visits the field with the name of the call.
struct Method<'a>(&'a mut Accesses);

impl Visit for Method<'_> {
	fn record_str(&mut self, field: &Field, value: &str) {
		match (field.name(), value) {
			("method", "Get" | "Hash" | "Exists") => self.0.reads += 1,
			("method", "Put" | "Append" | "ClearPrefix") => self.0.writes += 1,
			// No pallet here has a child trie, and the root is computed once per block.
			_ => {},
		}
	}

	fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
