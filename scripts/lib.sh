#!/usr/bin/env bash
# Shared by all scripts: paths, messages, tools, the build. The scripts source it. It installs nothing.
# shellcheck disable=SC2034 # the scripts that source this one use most of these names

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
SCRIPTS="$ROOT/scripts"
NETWORKS="$ROOT/zombienet"
OBSERVER="$ROOT/observer"

[ -n "${HOME:-}" ] || {
	printf 'error: HOME is not set, and the build cache needs it\n  remedy: export HOME=...\n' >&2
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

# Every build selects the same packages with the same profile. With another selection, features would unify
# differently and cargo would build the dependencies again.
SELECTION=(--profile "$PROFILE" --workspace --locked)

# --- Messages -------------------------------------------------------------------------------------

say() {
	printf '%s\n' "$*"
}

# fail CAUSE REMEDY [STATUS]: prints both and exits.
fail() {
	printf 'error: %s\n' "$1" >&2
	printf '  remedy: %s\n' "$2" >&2
	exit "${3:-1}"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# usage: prints the comment at the top of the calling script.
usage() {
	sed -n '2,/^set -\|^# shellcheck/{/^set -\|^# shellcheck/d;s/^# \{0,1\}//;p;}' "$0"
}

# seconds SECONDS: prints a duration, for example `3 min 07 s`.
seconds() {
	if [ "$1" -lt 60 ]; then
		printf '%d s' "$1"
	else
		printf '%d min %02d s' "$(($1 / 60))" "$(($1 % 60))"
	fi
}

# timed WHAT COMMAND...: runs the command and prints its duration. Returns the command's status.
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

# Node.js from the npm registry, if the distribution's is too old.
NODE_HOME="$CACHE/node"
# Links to Debian's compiler. They come before rustup's proxies in PATH if Debian's compiler is used.
DEBIAN_RUST="$CACHE/debian-rust"
# One line that setup.sh writes: "rustup", or "debian LINKER".
TOOLCHAIN_RECORD="$CACHE/toolchain"

# toolchain: prints rustup or debian, or auto if nothing is chosen or recorded yet.
toolchain() {
	local choice="${CONVEYOR_TOOLCHAIN:-}" linker=
	if [ -z "$choice" ] && [ -r "$TOOLCHAIN_RECORD" ]; then
		read -r choice linker <"$TOOLCHAIN_RECORD" || true
	fi
	case "${choice:=auto}" in
		auto | rustup | debian) printf '%s\n' "$choice" ;;
		*)
			fail "CONVEYOR_TOOLCHAIN is '$choice', but must be auto, rustup or debian" \
				"unset CONVEYOR_TOOLCHAIN, or set it to one of these (and delete $TOOLCHAIN_RECORD if it contains another word)" 2
			;;
	esac
}

# first_in_path FOLDER: puts the folder first in PATH.
first_in_path() {
	case "$PATH:" in
		"$1:"*) ;;
		*) PATH="$1:$PATH" ;;
	esac
}

# use_tools: puts the tools that setup.sh chose into PATH, and prepares the checkout for cargo. Call it after
# setup.sh and before cargo or node.
use_tools() {
	local choice linker=
	if [ -d "$NODE_HOME/bin" ]; then
		first_in_path "$NODE_HOME/bin"
	fi
	# Node.js has a built-in list of certificate authorities, which lacks that of a proxy.
	if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r /etc/ssl/certs/ca-certificates.crt ]; then
		export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
	fi
	choice="$(toolchain)" || exit
	if [ "$choice" = debian ]; then
		first_in_path "$DEBIAN_RUST/bin"
		if [ -r "$TOOLCHAIN_RECORD" ]; then
			read -r _ linker <"$TOOLCHAIN_RECORD" || true
		fi
		# Debian has no rust-lld, rustc's default linker for Wasm.
		if [ -n "$linker" ]; then
			export CARGO_TARGET_WASM32V1_NONE_LINKER="$linker"
		fi
		unset RUSTUP_TOOLCHAIN RUSTC CARGO
	elif [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/rustup" ]; then
		# rustup's installer changes PATH only for new shells, and the system may have another cargo.
		first_in_path "${CARGO_HOME:-$HOME/.cargo}/bin"
	fi
	export PATH
	settle_patches
}

# --- Building -------------------------------------------------------------------------------------

# in_root COMMAND...: runs the command in the repository's root, where cargo finds .cargo/config.toml.
in_root() {
	(cd "$ROOT" && "$@")
}

# settle_patches: keeps the modification times of patches/ in a fresh clone. Cargo would otherwise build these
# crates again, and half of the dependencies after them. Changed files get the current time.
settle_patches() {
	local record="$CARGO_TARGET_DIR/patches.sha256" now
	mkdir -p "$CARGO_TARGET_DIR"
	now="$(in_root find patches -type f ! -name '*.md' -exec sha256sum {} + | sort -k 2)"
	if [ "$now" = "$(cat "$record" 2>/dev/null)" ]; then
		in_root find patches -type f -exec touch -r "$record" {} +
	else
		in_root find patches -type f -exec touch {} +
		printf '%s\n' "$now" >"$record"
	fi
}

# build: builds all programs.
build() {
	timed "building everything (cargo build ${SELECTION[*]})" \
		in_root cargo build "${SELECTION[@]}"
}
