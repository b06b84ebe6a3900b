#!/usr/bin/env bash
# Sets up, builds, and runs the development chain in the foreground: one process, with a simulated relay
# chain. Ctrl-C stops it. Arguments go to `conveyor-node dev`; `scripts/dev.sh --help` lists them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# port_of ARGUMENTS...: the RPC port that the node will listen on, for the link.
port_of() {
	local port=9944 previous='' argument
	for argument in "$@"; do
		case $previous in
			--rpc-port) port="$argument" ;;
		esac
		case $argument in
			--rpc-port=*) port="${argument#--rpc-port=}" ;;
		esac
		previous="$argument"
	done
	printf '%s\n' "$port"
}

"$SCRIPTS/setup.sh" --without-networks
use_tools
build || fail "the build failed; the reason is above" "correct it and call scripts/dev.sh again"

endpoint="ws://127.0.0.1:$(port_of "$@")"
say ""
say "starting the development chain; Ctrl-C stops it"
say "  endpoint          $endpoint"
say "  polkadot.js Apps  https://polkadot.js.org/apps/?rpc=$endpoint"
say ""
exec "$BIN/conveyor-node" dev "$@"
