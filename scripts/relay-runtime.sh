#!/usr/bin/env bash
# Builds the relay chain's runtime that the networks use, or checks that the one in the repository is
# what its recipe says.
#
#   scripts/relay-runtime.sh            build it anew and keep it, with its record
#   scripts/relay-runtime.sh --check    build it anew and compare it with the one that is kept
#   scripts/relay-runtime.sh --quick    compare record, recipe and file without building
#
# It changes once per SDK release and takes minutes to build, so the file is kept in the repository
# and fresh machines do not build it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

crate="$ROOT/zombienet/relay-runtime"
blob="$crate/westend-fast.compact.compressed.wasm"
record="$crate/westend-fast.record"

# What the blob depends on: everything that the recipe pins.
recipe() {
	echo "recipe $(cat "$crate"/{Cargo.toml,Cargo.lock,build.rs,src/lib.rs} \
		"$ROOT"/patches/wasm-opt/src/lib.rs | sha256sum | cut -d' ' -f1)"
	echo "toolchain $(sed -n 's/^channel = "\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml")"
}

describe() {
	recipe
	echo "blob $(sha256sum <"$1" | cut -d' ' -f1)"
	echo "bytes $(stat -c %s "$1")"
}

quick() {
	if ! difference="$(diff <(describe "$blob") "$record")"; then
		fail "zombienet/relay-runtime: the kept runtime, its recipe and its record disagree:
$difference" "run scripts/relay-runtime.sh and commit what it changes"
	fi
}

build_runtime() {
	"$SCRIPTS/setup.sh"
	use_tools
	# File names go into panic messages: named alike on every machine, so that everybody builds the
	# same file.
	local cargo_home="${CARGO_HOME:-$HOME/.cargo}" target="$CARGO_TARGET_DIR/relay-runtime"
	(
		cd "$crate"
		export CARGO_TARGET_DIR="$target"
		export WASM_BUILD_RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo \
--remap-path-prefix=$target=/target --remap-path-prefix=$ROOT=/conveyor"
		timed "building the relay chain's runtime" cargo build --profile local --locked
	)
	built="$target/local/wbuild/conveyor-relay-runtime/conveyor_relay_runtime.compact.compressed.wasm"
}

case "${1:-}" in
"")
	build_runtime
	cp "$built" "$blob"
	describe "$blob" | tee "$record"
	;;
--quick)
	quick
	say "The kept relay chain runtime is the one of its record"
	;;
--check)
	quick
	build_runtime
	cmp "$built" "$blob" ||
		fail "zombienet/relay-runtime: what the recipe builds here is not the kept file" \
			"compare the record's toolchain with this one, $(rustc --version); if they are the \
same, run scripts/relay-runtime.sh and commit what it changes"
	say "The kept relay chain runtime is what its recipe builds"
	;;
*)
	fail "scripts/relay-runtime.sh: unknown option '$1'" "leave it out, or say --check or --quick" 2
	;;
esac
