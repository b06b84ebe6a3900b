// SPDX-License-Identifier: Apache-2.0

//! Tests of the pallet, by subject.

mod against_the_sdk;
mod bundles;
mod call_sequences;
mod chain;
mod collator;
mod governance;
mod hook;
mod integrity;
mod migration;
mod relay_chain;
mod target_block_rate;
mod whole_blocks;
