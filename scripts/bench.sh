#!/usr/bin/env bash
# Measures what a block costs with pallet-velocity beside one with the SDK's consensus hook, and prints
# tables in Markdown, as pallets/velocity/README.md has them.
#
#   scripts/bench.sh                  100 pairs of samples for each block, about a minute
#   scripts/bench.sh --samples N      as many as you like
#
# Builds with the cargo profile bench-host: the host code that executes blocks is optimised as in a release, without
# LTO. Only this script uses the profile. It builds in the build directory of everything else, but shares nothing with
# the profile local. A cold build takes about 12 minutes on 2 idle cores (estimated from 23 minutes of CPU time; it
# took 19 min 23 s at the lowest priority beside other work). After a change of the runtime it takes 2 to 4 minutes.
# What is compared, and how, is said in testing/benches/velocity_hook/main.rs. Times are CPU times, so other work on
# the machine affects both hooks alike. An idle machine gives narrower quartiles.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
		exit 0
		;;
esac

HOST_PROFILE=bench-host
BENCHMARK=(cargo bench --profile "$HOST_PROFILE" --workspace --locked --bench velocity_hook)

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
	"load average $before before and $(load) after, host code built with the profile $HOST_PROFILE."
