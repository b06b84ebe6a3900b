#!/usr/bin/env bash
# Runs the network zombienet/NAME.toml, with its relay chain, until Ctrl-C. Installs and builds what is missing.
#
#   scripts/network.sh NAME        runs it and prints endpoints, links to polkadot.js Apps, log files and the
#                                  observer's command
#   scripts/network.sh --env NAME  writes its chain specifications and prints the environment variables that its
#                                  TOML refers to, for use with zombie-cli
#   scripts/network.sh --list      prints the names
#
# CONVEYOR_POLKADOT=/path/to/polkadot selects an installed polkadot of the right version for the relay chain.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Checked before the installation and the build, so that a wrong name does not take half an hour to report.
names="$(cd "$NETWORKS" && for file in *.toml; do printf '%s ' "${file%.toml}"; done)"
known() {
	case " $names" in
		*" $1 "*) return 0 ;;
		*) return 1 ;;
	esac
}
case "${1:-}" in
	-h | --help)
		usage
		exit 0
		;;
	--list)
		printf '%s\n' "$names" | tr -s ' ' '\n' | sed '/^$/d'
		exit 0
		;;
	--env) wanted="${2:-}" ;;
	*) wanted="${1:-}" ;;
esac
[ -n "$wanted" ] || fail "the name of the network is missing" "use one of: $names" 2
known "$wanted" || fail "there is no network '$wanted'" "use one of: $names" 2
if [ "$#" -gt 1 ] && [ "$1" != --env ] || [ "$#" -gt 2 ]; then
	fail "'$*' has too many arguments" "run one network at a time: $names" 2
fi

"$SCRIPTS/setup.sh" >&2
use_tools
build >&2 || fail "the build failed; the reason is above" "fix it and call scripts/network.sh again"
# A chain with a runtime variant (runtime-variants/). The variants are dependencies of the node's test `wasm`.
if grep -q '{{PARA_SPEC_' "$NETWORKS/$wanted.toml"; then
	timed "building the variants of the runtime (cargo build ${SELECTION[*]} --test wasm)" \
		in_root cargo build "${SELECTION[@]}" --test wasm >&2 ||
		fail "the build failed; the reason is above" "fix it and call scripts/network.sh again"
fi
exec node "$NETWORKS/launch.mjs" "$@"
