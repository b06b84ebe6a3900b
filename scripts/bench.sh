#!/usr/bin/env bash
# Measures the cost of a block with pallet-velocity, compared with the SDK's consensus hook. Prints Markdown tables for
# pallets/velocity/README.md.
#
#   scripts/bench.sh                  100 pairs of samples per kind of block, about a minute
#   scripts/bench.sh --samples N      N pairs
#
# Builds with the cargo profile bench-host: the host code that executes blocks is optimized as in a release, without
# LTO. A cold build takes about 12 minutes on 2 idle cores (estimated from 23 minutes of CPU time), and 2 to 4 minutes
# after a change of the runtime. testing/benches/velocity_hook/main.rs describes the method. Times are CPU times, so
# other work on the machine affects both hooks equally. An idle machine gives narrower quartiles.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		usage
		exit 0
		;;
esac

HOST_PROFILE=bench-host
BENCHMARK=(cargo bench --profile "$HOST_PROFILE" --workspace --locked --bench velocity_hook)

# load: prints the load average of the last minute.
load() {
	cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || say unknown
}

processor() {
	sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 | grep . || uname -m
}

revision() {
	in_root git describe --always --dirty 2>/dev/null || say unknown
}

"$SCRIPTS/setup.sh" --without-networks
use_tools
timed "building the benchmark (${BENCHMARK[*]})" in_root "${BENCHMARK[@]}" --no-run

before="$(load)"
say ""
in_root "${BENCHMARK[@]}" --quiet -- "$@"
say "Measured on $(date +%F), $(nproc) cores of $(processor), revision $(revision)," \
	"load average $before before and $(load) after, host code built with the profile $HOST_PROFILE."
