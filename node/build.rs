// SPDX-License-Identifier: GPL-3.0-only

//! Gives the node and its two workers the same version text, which the node compares at its start.

fn main() {
	substrate_build_script_utils::generate_cargo_keys();
	substrate_build_script_utils::rerun_if_git_head_changed();
}
