// SPDX-License-Identifier: Apache-2.0

//! What the pallet does, by what is asked of it.

mod against_the_sdk;
mod bundles;
mod chain;
mod collator;
mod governance;
mod hook;
mod integrity;
mod migration;
mod rate;
mod whole_blocks;
