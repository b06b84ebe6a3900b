#!/usr/bin/env bash
# Runs the development chain: one process with a simulated relay chain. Installs and builds what is missing.
#
#   scripts/dev.sh [OPTIONS]   runs until Ctrl-C
#
# The options are those of `conveyor-node dev`. docs/development-chain.md explains them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		usage
		if [ -x "$BIN/conveyor-node" ]; then
			say ""
			exec "$BIN/conveyor-node" dev --help
		fi
		say "The list of options needs a build: call scripts/dev.sh once."
		exit 0
		;;
esac

"$SCRIPTS/setup.sh" --without-networks
use_tools
build || fail "the build failed; the reason is above" "fix it and call scripts/dev.sh again"

say ""
say "starting the development chain; Ctrl-C stops it"
say ""
exec "$BIN/conveyor-node" dev "$@"
