//! Names the build for the workers' version text.
//!
//! polkadot puts the commit there. Our commits say nothing about the relay chain's code, and would
//! only have these programs linked again with each of them. What the node compares at its start is
//! the release of polkadot, which does not come from here.

fn main() {
	println!("cargo:rustc-env=SUBSTRATE_CLI_COMMIT_HASH=conveyor");
	println!("cargo:rerun-if-changed=build.rs");
}
