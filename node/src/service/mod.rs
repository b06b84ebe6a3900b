// SPDX-License-Identifier: GPL-3.0-only

//! The running node.
//!
//! - [`types`]: which client, backend, pool and block import the node has, and its host functions.
//! - [`partial`]: everything that needs no network: enough for commands on the database.
//! - [`import_queue`]: which blocks are accepted.
//! - [`node`]: the whole node, put together.
//! - [`network`]: the parachain's network, for either network backend.
//! - [`discovery`]: connections that collators keep open to one another.
//! - [`hardware`]: what to do with a measurement of the hardware.
//! - [`collator`]: how blocks are authored.
//! - [`requirements`]: what the collator needs of the runtime, checked before it starts.
//! - [`para_id`](mod@para_id): which parachain this is.

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
