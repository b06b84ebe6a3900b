#!/usr/bin/env bash
# Measures what a block costs with pallet-velocity beside one with the SDK's consensus hook, and prints
# tables in Markdown, as pallets/velocity/README.md has them.
#
#   scripts/bench.sh                  100 pairs of samples for each block, about 5 minutes
#   scripts/bench.sh --samples N      as many as you like
#
# Builds in the build directory of everything else; the runtime with the SDK's hook is another Wasm, which
# takes about 2 minutes more. What is compared and how is told in testing/benches/velocity_hook/main.rs.
# Other work on the machine does not spoil the figures, but a machine with nothing else to do tells more.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
		exit 0
		;;
esac

BENCHMARK=(cargo bench "${SELECTION[@]}" --bench velocity_hook)

# load: the processes that wanted to be executed, on average of the last minute.
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
	"load average $before before and $(load) after, host code built with the profile $PROFILE."
