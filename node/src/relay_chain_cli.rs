// SPDX-License-Identifier: GPL-3.0-only

//! The command line of the relay chain's part: the arguments after `--`.
//!
//! They are the arguments of a relay chain node, with defaults that do not collide with the parachain's part:
//! other ports, and a folder inside the parachain's.

use crate::{chain_spec::Extensions, cli::Cli};
use clap::{CommandFactory, FromArgMatches};
use sc_cli::{
	CliConfiguration, DefaultConfigurationValues, ImportParams, KeystoreParams, NetworkParams,
	RpcEndpoint, SharedParams, SubstrateCli,
};
use sc_service::{
	config::{PrometheusConfig, RpcBatchRequestConfig, TelemetryEndpoints},
	BasePath, ChainSpec, Configuration, TransactionPoolOptions,
};
use std::path::PathBuf;

/// Parses the arguments after `--`.
///
/// Called before the parachain's part starts, so that errors are reported first.
pub(crate) fn parse(args: &[String]) -> Result<polkadot_cli::RunCmd, clap::Error> {
	let help = color_print::cformat!(
		"Arguments of the relay chain's half of the node.\n\n\
		 <bold><underline>RELAY CHAIN ARGUMENTS:</></>\n\
		 {{options}}",
	);
	let command = polkadot_cli::RunCmd::command().no_binary_name(true).help_template(help);
	polkadot_cli::RunCmd::from_arg_matches(&command.try_get_matches_from(args)?)
}

/// Settings of the relay chain's part from the command line.
#[derive(Debug)]
pub(crate) struct RelayChainCli {
	/// Parsed arguments.
	base: polkadot_cli::RunCmd,
	/// Relay chain of the parachain's specification, used without `--chain`.
	chain_id: Option<String>,
	/// Folder of the relay chain's data, used without `--base-path`.
	base_path: PathBuf,
}

impl RelayChainCli {
	/// Adds the settings to `base` that follow from the configuration of the parachain's part.
	pub(crate) fn new(parachain: &Configuration, base: polkadot_cli::RunCmd) -> Self {
		Self {
			base,
			chain_id: Extensions::try_get(&*parachain.chain_spec)
				.map(|extensions| extensions.relay_chain.clone()),
			base_path: parachain.base_path.path().join("polkadot"),
		}
	}

	/// Whether the operator chose the relay chain part's listen addresses.
	pub(crate) fn chose_addresses(&self) -> bool {
		let network = &self.base.base.network_params;
		network.force_enable_webrtc || !network.listen_addr.is_empty()
	}
}

impl SubstrateCli for RelayChainCli {
	fn impl_name() -> String {
		Cli::impl_name()
	}

	fn impl_version() -> String {
		Cli::impl_version()
	}

	fn description() -> String {
		Cli::description()
	}

	fn author() -> String {
		Cli::author()
	}

	fn support_url() -> String {
		Cli::support_url()
	}

	fn copyright_start_year() -> i32 {
		Cli::copyright_start_year()
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
		polkadot_cli::Cli::from_iter([Self::executable_name()].iter()).load_spec(id).map_err(
			|error| {
				format!(
					"cannot load the relay chain `{id}`: {error}. This node has no \
					 embedded relay chain runtime. Pass the specification of the relay chain's \
					 validators with `-- --chain FILE`, also with `--relay-chain-rpc-urls`.",
				)
			},
		)
	}
}

impl DefaultConfigurationValues for RelayChainCli {
	fn p2p_listen_port() -> u16 {
		30334
	}

	fn rpc_listen_port() -> u16 {
		9945
	}

	fn prometheus_listen_port() -> u16 {
		9616
	}
}

impl CliConfiguration<Self> for RelayChainCli {
	fn shared_params(&self) -> &SharedParams {
		self.base.base.shared_params()
	}

	fn import_params(&self) -> Option<&ImportParams> {
		self.base.base.import_params()
	}

	fn network_params(&self) -> Option<&NetworkParams> {
		self.base.base.network_params()
	}

	fn keystore_params(&self) -> Option<&KeystoreParams> {
		self.base.base.keystore_params()
	}

	fn base_path(&self) -> sc_cli::Result<Option<BasePath>> {
		Ok(self
			.shared_params()
			.base_path()?
			.or_else(|| Some(BasePath::from(self.base_path.clone()))))
	}

	fn chain_id(&self, is_dev: bool) -> sc_cli::Result<String> {
		let given = self.base.base.chain_id(is_dev)?;
		Ok(if given.is_empty() { self.chain_id.clone().unwrap_or_default() } else { given })
	}

	fn role(&self, is_dev: bool) -> sc_cli::Result<sc_service::Role> {
		self.base.base.role(is_dev)
	}

	fn init<F>(
		&self,
		_support_url: &String,
		_impl_version: &String,
		_logger_hook: F,
	) -> sc_cli::Result<()>
	where
		F: FnOnce(&mut sc_cli::LoggerBuilder),
	{
		Err("the logger belongs to the parachain's half and is set up there: the relay chain's \
		     half must not initialise it once more"
			.into())
	}

	fn transaction_pool(&self, is_dev: bool) -> sc_cli::Result<TransactionPoolOptions> {
		self.base.base.transaction_pool(is_dev)
	}

	fn trie_cache_maximum_size(&self) -> sc_cli::Result<Option<usize>> {
		self.base.base.trie_cache_maximum_size()
	}

	fn rpc_addr(&self, default_listen_port: u16) -> sc_cli::Result<Option<Vec<RpcEndpoint>>> {
		self.base.base.rpc_addr(default_listen_port)
	}

	fn rpc_methods(&self) -> sc_cli::Result<sc_service::config::RpcMethods> {
		self.base.base.rpc_methods()
	}

	fn rpc_max_connections(&self) -> sc_cli::Result<u32> {
		self.base.base.rpc_max_connections()
	}

	fn rpc_max_request_size(&self) -> sc_cli::Result<u32> {
		self.base.base.rpc_max_request_size()
	}

	fn rpc_max_response_size(&self) -> sc_cli::Result<u32> {
		self.base.base.rpc_max_response_size()
	}

	fn rpc_max_subscriptions_per_connection(&self) -> sc_cli::Result<u32> {
		self.base.base.rpc_max_subscriptions_per_connection()
	}

	fn rpc_batch_config(&self) -> sc_cli::Result<RpcBatchRequestConfig> {
		self.base.base.rpc_batch_config()
	}

	fn rpc_cors(&self, is_dev: bool) -> sc_cli::Result<Option<Vec<String>>> {
		self.base.base.rpc_cors(is_dev)
	}

	fn prometheus_config(
		&self,
		default_listen_port: u16,
		chain_spec: &Box<dyn ChainSpec>,
	) -> sc_cli::Result<Option<PrometheusConfig>> {
		self.base.base.prometheus_config(default_listen_port, chain_spec)
	}

	fn telemetry_endpoints(
		&self,
		chain_spec: &Box<dyn ChainSpec>,
	) -> sc_cli::Result<Option<TelemetryEndpoints>> {
		self.base.base.telemetry_endpoints(chain_spec)
	}

	fn default_heap_pages(&self) -> sc_cli::Result<Option<u64>> {
		self.base.base.default_heap_pages()
	}

	fn force_authoring(&self) -> sc_cli::Result<bool> {
		self.base.base.force_authoring()
	}

	fn disable_grandpa(&self) -> sc_cli::Result<bool> {
		self.base.base.disable_grandpa()
	}

	fn max_runtime_instances(&self) -> sc_cli::Result<Option<usize>> {
		self.base.base.max_runtime_instances()
	}

	fn runtime_cache_size(&self) -> sc_cli::Result<u8> {
		self.base.base.runtime_cache_size()
	}

	fn announce_block(&self) -> sc_cli::Result<bool> {
		self.base.base.announce_block()
	}

	fn node_name(&self) -> sc_cli::Result<String> {
		self.base.base.node_name()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parsed(args: &[&str]) -> RelayChainCli {
		let args = args.iter().map(ToString::to_string).collect::<Vec<_>>();
		RelayChainCli {
			base: parse(&args).unwrap_or_else(|error| panic!("{args:?}: {error}")),
			chain_id: Some("named-by-the-parachain".into()),
			base_path: "parachain/polkadot".into(),
		}
	}

	#[test]
	fn the_command_line_is_consistent() {
		polkadot_cli::RunCmd::command().debug_assert();
	}

	#[test]
	fn a_wrong_argument_is_an_error_and_not_an_exit() {
		let error = parse(&["--no-such-argument".into()]).unwrap_err().to_string();
		assert!(error.contains("--no-such-argument"), "{error}");
	}

	#[test]
	fn arguments_of_zombienet_are_accepted() {
		let cli = parsed(&[
			"--base-path",
			"relay-data",
			"--chain",
			"relay.json",
			"--execution",
			"wasm",
			"--port",
			"30400",
			"--prometheus-port",
			"9700",
		]);
		assert_eq!(cli.chain_id(false).unwrap(), "relay.json");
		assert_eq!(
			cli.base_path().unwrap().map(|path| path.path().to_path_buf()),
			Some("relay-data".into()),
		);
	}

	#[test]
	fn defaults_come_from_the_parachain_s_part() {
		let cli = parsed(&[]);
		assert_eq!(cli.chain_id(false).unwrap(), "named-by-the-parachain");
		assert_eq!(
			cli.base_path().unwrap().map(|path| path.path().to_path_buf()),
			Some("parachain/polkadot".into()),
		);
		assert!(!cli.chose_addresses());
	}

	#[test]
	fn a_relay_chain_without_a_specification_is_rejected_with_the_remedy() {
		for id in ["westend-local", "rococo-local", "dev", "no-such-file.json"] {
			let error = parsed(&[]).load_spec(id).expect_err("there is no such chain");
			assert!(error.contains(&format!("`{id}`")), "{error}");
			assert!(error.contains("-- --chain FILE"), "{error}");
		}
	}
}
