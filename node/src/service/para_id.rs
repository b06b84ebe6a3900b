// SPDX-License-Identifier: GPL-3.0-only

//! The parachain's id.

use super::types::{Block, ParachainClient};
use crate::chain_spec::Extensions;
use cumulus_primitives_core::{GetParachainInfo, ParaId};
use sc_service::ChainSpec;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;

/// Returns the parachain's id at the best block: from the runtime, or from `spec` if the runtime lacks
/// `GetParachainInfo`.
///
/// The runtime takes precedence, because the chain's blocks are built with it. A specification can be edited.
pub(crate) fn para_id(
	client: &ParachainClient,
	spec: Option<&dyn ChainSpec>,
) -> Result<ParaId, sc_service::Error> {
	let best = client.info().best_hash;
	let api = client.runtime_api();
	let has_api = api
		.has_api::<dyn GetParachainInfo<Block>>(best)
		.map_err(|error| format!("cannot ask the runtime of block {best:?}: {error}"))?;
	if has_api {
		return api
			.parachain_id(best)
			.map_err(|error| format!("the runtime does not return its para id: {error}").into());
	}
	spec.and_then(Extensions::try_get)
		.and_then(|extensions| extensions.para_id)
		.map(ParaId::from)
		.ok_or_else(|| {
			"which parachain is this? Its runtime has no runtime API `GetParachainInfo`, and its \
			 chain specification no field `para_id`. Add `\"para_id\": ID` to the specification, \
			 or the API to the runtime."
				.into()
		})
}
