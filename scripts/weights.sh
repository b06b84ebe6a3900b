#!/usr/bin/env bash
# Runs the benchmarks of this repository's pallets and writes their weights.rs.
#
#   scripts/weights.sh [PALLET...]    all pallets, or the named ones (pallet_velocity, ...)
#
# Builds the runtime's Wasm with benchmarks (a separate build, about 5 minutes the first time) and runs them in the
# node. Run it on an idle machine, because the weights contain the measured times.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -A OUTPUT=(
	[pallet_message_service]=pallets/message-service/src/weights.rs
	[pallet_unincluded_segment]=pallets/unincluded-segment/src/weights.rs
	[pallet_velocity]=pallets/velocity/src/weights.rs
)

case "${1:-}" in
	-h | --help)
		usage
		exit 0
		;;
esac

pallets=("$@")
[ "$#" -gt 0 ] || pallets=("${!OUTPUT[@]}")
for pallet in "${pallets[@]}"; do
	[ -n "${OUTPUT[$pallet]:-}" ] ||
		fail "there is no pallet '$pallet' in this repository" "use one of: ${!OUTPUT[*]}" 2
done

"$SCRIPTS/setup.sh"
use_tools
build

# The same command as in substrate-wasm-builder, which has no option for features.
wasm_target="$CARGO_TARGET_DIR/weights"
benchmark_wasm() {
	(
		cd "$ROOT"
		export CARGO_TARGET_DIR="$wasm_target"
		export RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base \
-C link-arg=--import-memory --cfg substrate_runtime"
		cargo rustc --locked --release --target wasm32v1-none -p conveyor-runtime \
			--no-default-features --features runtime-benchmarks --crate-type cdylib
	)
}
timed "building the runtime with its benchmarks" benchmark_wasm

for pallet in "${pallets[@]}"; do
	timed "measuring $pallet" "$BIN/conveyor-node" benchmark pallet \
		--runtime "$wasm_target/wasm32v1-none/release/conveyor_runtime.wasm" \
		--genesis-builder runtime \
		--genesis-builder-preset development \
		--pallet "$pallet" --extrinsic '*' \
		--log error \
		--steps 50 --repeat 20 \
		--template "$SCRIPTS/weights.hbs" \
		--output "$ROOT/${OUTPUT[$pallet]}" \
		--quiet
done
