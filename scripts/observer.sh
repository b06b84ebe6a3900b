#!/usr/bin/env bash
# Sets up what is missing, and shows the block pipeline of a parachain while it happens.
#
#   scripts/observer.sh --relay ws://HOST:PORT --para ws://HOST:PORT [OPTIONS]
#
# Any parachain on any relay chain. scripts/observer.sh --help tells the options, observer/README.md how
# to read what it shows.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SCRIPTS/setup.sh" >&2
use_tools
exec node "$OBSERVER/cli.mjs" "$@"
