// SPDX-License-Identifier: Apache-2.0

//! What things cost on the machine that has to be fast enough: a relay chain's validator.
//!
//! A pallet's calls have the weights that the pallet itself brings. The three constants here
//! belong to no pallet. The files bear the names that the node's `benchmark overhead` and
//! `benchmark storage` commands write, so that measured values can replace them.

pub mod block_weights;
pub mod extrinsic_weights;
pub mod inmemorydb_weights;

pub use block_weights::BlockExecutionWeight;
pub use extrinsic_weights::ExtrinsicBaseWeight;
pub use inmemorydb_weights::InMemoryDbWeight;
