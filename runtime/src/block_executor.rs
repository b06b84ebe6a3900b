// SPDX-License-Identifier: Apache-2.0

//! The block executor of `validate_block`.

use crate::{Executive, Runtime};

/// Verifies the seal and executes the block.
pub type BlockExecutor = cumulus_pallet_aura_ext::BlockExecutor<Runtime, Executive>;
