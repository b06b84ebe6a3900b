// SPDX-License-Identifier: GPL-3.0-only

use super::*;
use clap::Parser;
use sc_cli::CliConfiguration;
use sc_service::PruningMode;

fn parse(args: &[&str]) -> Result<DevCmd, String> {
	let dev = DevCmd::try_parse_from(["dev"].iter().chain(args));
	let dev = dev.and_then(|dev| dev.check().map(|()| dev));
	dev.map_err(|error| error.to_string())
}

#[test]
fn defaults_are_those_of_a_relay_chain() {
	let dev = parse(&[]).unwrap();
	assert_eq!((dev.relay_slot_ms, dev.inclusion_delay), (6_000, 2));
	let Settings { rules, cores, faults } = dev.relay_settings();
	assert_eq!((rules.lookahead, cores), (5, 1));
	assert_eq!((faults.seed, faults.miss_rate, faults.relay_fork_rate), (0, 0.0, 0.0));
	assert_eq!(dev.collators(), [Sr25519Keyring::Alice]);
	let run = dev.run_cmd();
	assert!(run.is_dev().unwrap());
	assert_eq!(run.chain_id(true).unwrap(), "dev");
	let cors = run.rpc_cors(true).unwrap().expect("an allow list");
	assert!(cors.contains(&"https://polkadot.js.org".to_string()));
	assert!(cors.contains(&"http://localhost:*".to_string()));
	assert_eq!(run.state_pruning().unwrap(), Some(PruningMode::ArchiveAll));
	assert_eq!(listen_addresses(&run), ["/ip4/127.0.0.1/tcp/30333"]);
}

fn listen_addresses(run: &NormalizedRunCmd) -> Vec<String> {
	let addresses = &run.base.network_params.listen_addr;
	addresses.iter().map(ToString::to_string).collect()
}

#[test]
fn options_set_the_configuration() {
	let dev = parse(&["--chain", "local", "--rpc-cors", "all", "--base-path", "/a"]).unwrap();
	let run = dev.run_cmd();
	assert_eq!(run.chain_id(true).unwrap(), "local");
	assert_eq!(run.rpc_cors(true).unwrap(), None);
	assert_eq!(run.base_path().unwrap().unwrap().path(), std::path::Path::new("/a"));
	let run = parse(&["--state-pruning", "300", "--port", "40000"]).unwrap().run_cmd();
	assert_eq!(run.state_pruning().unwrap(), Some(PruningMode::blocks_pruning(300)));
	assert_eq!(listen_addresses(&run), ["/ip4/127.0.0.1/tcp/40000"]);
	let address = "/ip4/0.0.0.0/tcp/40001";
	let run = parse(&["--listen-addr", address]).unwrap().run_cmd();
	assert_eq!(listen_addresses(&run), [address]);

	let options = "--miss-rate 0.25 --availability-miss-rate 0.5 --relay-fork-rate 1 --seed 7 \
	               --cores 3 --lookahead 4 --relay-session 20";
	let dev = parse(&options.split(' ').collect::<Vec<_>>()).unwrap();
	let Settings { rules, cores, faults } = dev.relay_settings();
	assert_eq!((rules.lookahead, rules.session, cores), (4, Some(20), 3));
	assert_eq!(faults.availability_miss_rate, 0.5);
	assert_eq!((faults.seed, faults.miss_rate, faults.relay_fork_rate), (7, 0.25, 1.0));
	let dev = parse(&["--collators", "3", "--chain", "dev"]).unwrap();
	assert_eq!(dev.collators().last(), Some(&Sr25519Keyring::Charlie));
}

#[test]
fn the_lookahead_is_long_enough_for_the_inclusion_delay() {
	let lookahead =
		|delay| parse(&["--inclusion-delay", delay]).unwrap().relay_settings().rules.lookahead;
	assert_eq!(["1", "5", "6", "32"].map(lookahead), [5, 5, 6, 32]);
	let error_of = |args: &[&str]| parse(args).unwrap_err();
	let error = error_of(&["--inclusion-delay", "6", "--lookahead", "5"]);
	assert!(error.contains("--lookahead 5 is too short for an inclusion delay of 6"), "{error}");
	assert!(error.contains("Set --lookahead to at least 6"), "{error}");
	assert!(parse(&["--inclusion-delay", "6", "--lookahead", "6"]).is_ok());
	let error = error_of(&["--lookahead", "1"]);
	assert!(error.contains("Set --lookahead to at least 2"), "{error}");
}

#[test]
fn the_upstream_collator_requires_relay_slots_of_6_s() {
	assert_eq!(parse(&[]).unwrap().collator, Collator::Own);
	let dev = parse(&["--collator", "upstream", "--relay-slot-ms", "6000"]).unwrap();
	assert_eq!(dev.collator, Collator::Upstream);
	for ms in ["1000", "6001"] {
		let error = parse(&["--collator", "upstream", "--relay-slot-ms", ms]).unwrap_err();
		let expected = format!("--relay-slot-ms {ms} is not possible with --collator upstream");
		assert!(error.contains(&expected), "{error}");
		assert!(error.contains("a relay slot takes 6000 ms. Remove one"), "{error}");
	}
}

#[test]
fn several_collators_require_the_chain_dev() {
	let error = parse(&["--collators", "2", "--chain", "local"]).unwrap_err();
	assert!(error.contains("--collators 2") && error.contains("--chain local"), "{error}");
	assert!(error.contains("Remove one of them"), "{error}");
	let error = parse(&["--collators", "7"]).unwrap_err();
	assert!(error.contains("7 is out of range, use a number from 1 to 6"), "{error}");
}

#[test]
fn values_out_of_range_are_rejected_with_the_range() {
	let error = parse(&["--relay-slot-ms", "5"]).unwrap_err();
	assert!(error.contains("5 is out of range, use a number from 50 to 60000"), "{error}");
	let error = parse(&["--inclusion-delay", "0"]).unwrap_err();
	assert!(error.contains("0 is out of range, use a number from 1 to 32"), "{error}");
	assert!(parse(&["--inclusion-delay", "some"]).is_err());
	for (option, value, range) in [
		("--miss-rate", "1.5", "0 to 1"),
		("--miss-rate", "-0.1", "0 to 1"),
		("--relay-fork-rate", "NaN", "0 to 1"),
		("--availability-miss-rate", "2", "0 to 1"),
		("--relay-session", "9", "10 to 14400"),
		("--cores", "0", "1 to 100"),
		("--lookahead", "0", "1 to 64"),
		("--lookahead", "65", "1 to 64"),
		("--collators", "0", "1 to 6"),
	] {
		let error = parse(&[&format!("{option}={value}")]).unwrap_err();
		let expected = format!("{value} is out of range, use a number from {range}");
		assert!(error.contains(&expected) && error.contains(option), "{error}");
	}
	assert!(parse(&["--seed", "-1"]).is_err());
}
