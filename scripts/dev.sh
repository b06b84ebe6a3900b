#!/usr/bin/env bash
# Sets up, builds, and runs the development chain in the foreground: one process, with a simulated relay
# chain. Ctrl-C stops it. Arguments go to `conveyor-node dev`; `scripts/dev.sh --help` lists them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SCRIPTS/setup.sh" --without-networks
use_tools
build || fail "the build failed; the reason is above" "correct it and call scripts/dev.sh again"

say ""
say "starting the development chain; Ctrl-C stops it"
say ""
exec "$BIN/conveyor-node" dev "$@"
