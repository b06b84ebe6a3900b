//! Names the build for the workers' version text.
//!
//! polkadot uses the commit. A commit of this repository would link these programs again each time,
//! and says nothing about their code. At its start the node compares polkadot's release, which is
//! not set here.

fn main() {
	println!("cargo:rustc-env=SUBSTRATE_CLI_COMMIT_HASH=conveyor");
	println!("cargo:rerun-if-changed=build.rs");
}
