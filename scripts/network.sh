#!/usr/bin/env bash
# Sets up, builds what is needed, and runs the network zombienet/NAME.toml, relay chain included, until
# Ctrl-C.
#
#   scripts/network.sh NAME        run it; it prints endpoints, links to polkadot.js Apps, log files and
#                                  the observer's command
#   scripts/network.sh --env NAME  write its chain specifications and print the environment variables it
#                                  refers to, for a zombie-cli of your own
#   scripts/network.sh --list      the names
#
# CONVEYOR_POLKADOT=/path/to/polkadot takes an installed polkadot of the right version for the relay chain.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Before anything is installed or built: a mistyped name should not cost half an hour.
names="$(cd "$NETWORKS" && for file in *.toml; do printf '%s ' "${file%.toml}"; done)"
known() {
	case " $names" in
		*" $1 "*) [ -n "$1" ] ;;
		*) return 1 ;;
	esac
}
case "${1:-}" in
	-h | --help)
		sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
		exit 0
		;;
	--list)
		printf '%s\n' "$names" | tr -s ' ' '\n' | sed '/^$/d'
		exit 0
		;;
	--env) wanted="${2:-}" ;;
	*) wanted="${1:-}" ;;
esac
known "$wanted" || fail "there is no network '$wanted'" "name one of: $names" 2
if [ "$#" -gt 1 ] && [ "$1" != --env ] || [ "$#" -gt 2 ]; then
	fail "one network at a time, not '$*'" "name one of: $names" 2
fi

"$SCRIPTS/setup.sh" >&2
use_tools
build >&2 || fail "the build failed; the reason is above" "correct it and call scripts/network.sh again"
# A chain of a variant of the runtime (runtime-variants/). These are dependencies of a test of the node.
if grep -q '{{PARA_SPEC_' "$NETWORKS/$wanted.toml"; then
	timed "building the variants of the runtime (cargo build ${SELECTION[*]} --test wasm)" \
		in_root cargo build "${SELECTION[@]}" --test wasm >&2 ||
		fail "the build failed; the reason is above" "correct it and call scripts/network.sh again"
fi
exec node "$NETWORKS/launch.mjs" "$@"
