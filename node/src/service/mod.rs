// SPDX-License-Identifier: GPL-3.0-only

//! The running node.
//!
//! - [`types`]: the types of client, backend, pool and block import, and the host functions.
//! - [`partial`]: everything that needs no network, for commands on the database.
//! - [`import_queue`]: verification of imported blocks.
//! - [`node`]: the complete node.
//! - [`network`]: the parachain's network, for either network backend.
//! - [`discovery`]: connections between collators.
//! - [`hardware`]: reports a measurement of the hardware.
//! - [`collator`]: starts the slot-based collator.
//! - [`requirements`]: runtime APIs that the collator needs, checked before it starts.
//! - [`para_id`](mod@para_id): the parachain's id.

pub(crate) mod collator;
pub(crate) mod discovery;
pub(crate) mod hardware;
pub(crate) mod import_queue;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod para_id;
pub(crate) mod partial;
pub(crate) mod requirements;
pub(crate) mod types;

pub(crate) use node::{start_node, NodeOptions};
pub(crate) use para_id::para_id;
pub(crate) use partial::{new_partial, Service};
pub(crate) use types::{Block, ParachainBackend, ParachainBlockImport, ParachainClient};
