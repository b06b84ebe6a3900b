#!/usr/bin/env bash
# Shows the block pipeline of a parachain live. Installs Node.js and its packages if they are missing.
#
#   scripts/observer.sh --relay ws://HOST:PORT --para ws://HOST:PORT [OPTIONS]
#
# Works with any parachain and its relay chain. observer/README.md explains the output.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		usage
		# The options come from the program, which needs no packages for them, but Node.js.
		use_tools
		if have node; then
			say ""
			exec node "$OBSERVER/cli.mjs" --help
		fi
		exit 0
		;;
esac

"$SCRIPTS/setup.sh" >&2
use_tools
exec node "$OBSERVER/cli.mjs" "$@"
