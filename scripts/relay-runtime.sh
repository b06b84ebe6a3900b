#!/usr/bin/env bash
# Builds the runtime of the networks' relay chain, or checks the one in the repository.
#
#   scripts/relay-runtime.sh            builds it and writes it into the repository, with its record
#   scripts/relay-runtime.sh --check    builds it and compares it with the one in the repository
#   scripts/relay-runtime.sh --quick    compares record, sources and Wasm file without a build
#
# It changes once per SDK release and takes minutes to build, so the Wasm file is in the repository.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

crate="$ROOT/zombienet/relay-runtime"
blob="$crate/westend-fast.compact.compressed.wasm"
record="$crate/westend-fast.record"

# Hashes the sources of the Wasm file.
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
		fail "zombienet/relay-runtime: the Wasm file, its sources and its record do not match:
$difference" "run scripts/relay-runtime.sh and commit the changed files"
	fi
}

build_runtime() {
	"$SCRIPTS/setup.sh"
	use_tools
	# Panic messages contain paths. The same paths on every machine give the same file.
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
-h | --help)
	usage
	;;
"")
	build_runtime
	cp "$built" "$blob"
	describe "$blob" | tee "$record"
	;;
--quick)
	quick
	say "the relay chain's runtime matches its record"
	;;
--check)
	quick
	build_runtime
	cmp "$built" "$blob" ||
		fail "zombienet/relay-runtime: a build on this machine gives another Wasm file than the one in the repository" \
			"compare the record's toolchain with $(rustc --version); if they are the \
same, run scripts/relay-runtime.sh and commit the changed files"
	say "the relay chain's runtime is reproducible"
	;;
*)
	fail "scripts/relay-runtime.sh: unknown option '$1'" "use --check, --quick, or no option" 2
	;;
esac
