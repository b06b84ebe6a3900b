#!/usr/bin/env bash
# What the scripts share: where things are, how everything is built, and how to speak and to fail.
# Sourced by the others, never run. Nothing here installs or changes anything.
# shellcheck disable=SC2034 # most of these names are used by the scripts that source this one

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
SCRIPTS="$ROOT/scripts"
NETWORKS="$ROOT/zombienet"
OBSERVER="$ROOT/observer"

[ -n "${HOME:-}" ] || {
	printf 'error: HOME is not set, so there is no place for the build cache\n  remedy: export HOME=...\n' >&2
	exit 1
}
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/conveyor"

# Outside the checkout, so that a fresh clone finds the dependencies already built.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"
case $CARGO_TARGET_DIR in
	/*) ;;
	*) CARGO_TARGET_DIR="$PWD/$CARGO_TARGET_DIR" ;;
esac
PROFILE=local
BIN="$CARGO_TARGET_DIR/$PROFILE"
LOGS="$(dirname "$CARGO_TARGET_DIR")/logs"

# Every build selects the same packages with the same profile. Another selection would mean other
# features, and cargo would build the dependencies once more.
SELECTION=(--profile "$PROFILE" --workspace --locked)

# --- Speaking and failing -------------------------------------------------------------------------

say() {
	printf '%s\n' "$*"
}

# fail WHAT REMEDY [EXIT-CODE]: what is missing or wrong, and what helps.
fail() {
	printf 'error: %s\n' "$1" >&2
	printf '  remedy: %s\n' "$2" >&2
	exit "${3:-1}"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# seconds SECONDS: for people.
seconds() {
	if [ "$1" -lt 60 ]; then
		printf '%d s' "$1"
	else
		printf '%d min %02d s' "$(($1 / 60))" "$(($1 % 60))"
	fi
}

# timed WHAT COMMAND...: says what begins, runs it, says how long it took. Its status is the command's.
timed() {
	local what="$1" start=$SECONDS status=0
	shift
	say "... $what"
	"$@" || status=$?
	if [ "$status" -eq 0 ]; then
		say "    done: $what ($(seconds $((SECONDS - start))))"
	else
		say "    failed with status $status: $what ($(seconds $((SECONDS - start))))"
	fi
	return "$status"
}

# --- Tools ----------------------------------------------------------------------------------------

# The Node.js that setup.sh took from the npm registry, where the distribution's is too old.
NODE_HOME="$CACHE/node"
# Links to Debian's compiler, in front of rustup's proxies when Debian's is the one to use.
DEBIAN_RUST="$CACHE/debian-rust"
# One line that setup.sh writes: "rustup", or "debian LINKER".
TOOLCHAIN_RECORD="$CACHE/toolchain"

# toolchain: rustup, debian, or auto where nothing was chosen and nothing was recorded yet.
toolchain() {
	local choice="${CONVEYOR_TOOLCHAIN:-}" linker=
	if [ -z "$choice" ] && [ -r "$TOOLCHAIN_RECORD" ]; then
		read -r choice linker <"$TOOLCHAIN_RECORD" || true
	fi
	case "${choice:=auto}" in
		auto | rustup | debian) printf '%s\n' "$choice" ;;
		*)
			fail "CONVEYOR_TOOLCHAIN is '$choice', which is none of auto, rustup, debian" \
				"unset CONVEYOR_TOOLCHAIN, or set it to one of them (and delete $TOOLCHAIN_RECORD if it holds another word)" 2
			;;
	esac
}

# first_in_path FOLDER: unless it is first already.
first_in_path() {
	case "$PATH:" in
		"$1:"*) ;;
		*) PATH="$1:$PATH" ;;
	esac
}

# Puts the tools that setup.sh chose into PATH, and the checkout into the state that cargo needs. After
# setup.sh, before the first use of cargo or node.
use_tools() {
	local choice linker=
	if [ -d "$NODE_HOME/bin" ]; then
		first_in_path "$NODE_HOME/bin"
	fi
	# Node.js trusts the authorities it was built with; behind a proxy that is not enough.
	if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r /etc/ssl/certs/ca-certificates.crt ]; then
		export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
	fi
	choice="$(toolchain)" || exit
	if [ "$choice" = debian ]; then
		first_in_path "$DEBIAN_RUST/bin"
		if [ -r "$TOOLCHAIN_RECORD" ]; then
			read -r _ linker <"$TOOLCHAIN_RECORD" || true
		fi
		# Debian has no rust-lld, which is what rustc links Wasm with unless told otherwise.
		if [ -n "$linker" ]; then
			export CARGO_TARGET_WASM32V1_NONE_LINKER="$linker"
		fi
		unset RUSTUP_TOOLCHAIN RUSTC CARGO
	elif [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/rustup" ]; then
		# rustup's installer only changes the shells that start after it, and the system may have
		# another cargo.
		first_in_path "${CARGO_HOME:-$HOME/.cargo}/bin"
	fi
	export PATH
	settle_patches
}

# --- Building -------------------------------------------------------------------------------------

# From the root, because cargo looks for .cargo/config.toml upwards from where it is started.
in_root() {
	(cd "$ROOT" && "$@")
}

# A fresh clone's files are newer than everything that was built before, and cargo goes by that: it would
# build the crates in patches/ again and, on top of them, half of the dependencies. Where they are what
# the target directory was last built with, they get the date of that; otherwise they are new.
settle_patches() {
	local record="$CARGO_TARGET_DIR/patches.sha256" now
	mkdir -p "$CARGO_TARGET_DIR"
	now="$(in_root find patches -type f -exec sha256sum {} + | sort -k 2)"
	if [ "$now" = "$(cat "$record" 2>/dev/null)" ]; then
		in_root find patches -type f -exec touch -r "$record" {} +
	else
		in_root find patches -type f -exec touch {} +
		printf '%s\n' "$now" >"$record"
	fi
}

build() {
	timed "building everything (cargo build ${SELECTION[*]})" \
		in_root cargo build "${SELECTION[@]}"
}
