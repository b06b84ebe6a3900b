// SPDX-License-Identifier: Apache-2.0

//! How `validate_block` executes a block.

use crate::{Executive, Runtime};

/// Verifies the seal and executes the block.
pub type BlockExecutor = cumulus_pallet_aura_ext::BlockExecutor<Runtime, Executive>;
