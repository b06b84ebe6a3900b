#!/usr/bin/env bash
# Installs everything that is needed to build, run and test Conveyor: system packages, a Rust toolchain with the
# Wasm target, and the Node.js packages of observer/ and zombienet/. Every other script calls it first. If nothing is
# missing it takes less than a second.
#
#   scripts/setup.sh                      installs missing software
#   scripts/setup.sh --check              only reports missing software; status 1 if any is missing
#   scripts/setup.sh --without-networks   leaves out Node.js and its packages (used by scripts/dev.sh)
#
# CONVEYOR_TOOLCHAIN=rustup|debian|auto selects the source of Rust. auto, the default, uses rustup, or Debian's
# compiler if rustup fails. The result is recorded in the cache directory and used from then on.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check_only=no
networks=yes
for argument in "$@"; do
	case $argument in
		--check) check_only=yes ;;
		--without-networks) networks=no ;;
		-h | --help)
			usage
			exit 0
			;;
		*) fail "setup.sh: unknown argument '$argument'" "use --check, --without-networks, or no argument" 2 ;;
	esac
done

LOG="$LOGS/setup.log"
# Tests of this script set another file.
OS_RELEASE="${CONVEYOR_OS_RELEASE:-/etc/os-release}"

missing=()

# --- The system -----------------------------------------------------------------------------------

PACKAGES=(
	build-essential ca-certificates clang cmake curl git jq libclang-dev libssl-dev mold pkg-config
	procps protobuf-compiler shellcheck
)

# present PACKAGE: whether the package's programs or libraries exist, from any source.
present() {
	case $1 in
		build-essential) have cc && have c++ && have make ;;
		ca-certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] ;;
		libclang-dev) compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null ||
			compgen -G '/usr/lib/*-linux-gnu/libclang*.so*' >/dev/null ;;
		libssl-dev) pkg-config --exists openssl 2>/dev/null ;;
		procps) have ps ;;
		protobuf-compiler) have protoc ;;
		*) have "$1" ;;
	esac
}

# supported_system: fails unless this is a supported Debian or Ubuntu.
supported_system() {
	local id='' version='' like=''
	if [ -r "$OS_RELEASE" ]; then
		id="$(sed -n 's/^ID=//p' "$OS_RELEASE" | tr -d '"')"
		version="$(sed -n 's/^VERSION_ID=//p' "$OS_RELEASE" | tr -d '"')"
		like="$(sed -n 's/^ID_LIKE=//p' "$OS_RELEASE" | tr -d '"')"
	fi
	local oldest
	case $id in
		debian) oldest=12 ;;
		ubuntu) oldest=22.04 ;;
		*)
			case " $like " in
				*' debian '* | *' ubuntu '*) return 0 ;;
			esac
			fail "missing: ${missing[*]}. setup.sh installs only on Debian and Ubuntu, and this is '${id:-unknown}' (from $OS_RELEASE)" \
				"install these and call setup.sh again: it accepts programs from any source"
			;;
	esac
	# Testing and sid have no VERSION_ID; they are newer than the limits.
	if [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$oldest" "$version" | sort -V | head -n 1)" != "$oldest" ]; then
		fail "$id $version is older than $id $oldest, the oldest supported release" \
			"use a newer release, or install these: ${missing[*]}"
	fi
}

# can_be_root: whether as_root works.
can_be_root() {
	[ "$(id -u)" -eq 0 ] || { have sudo && sudo -n true 2>/dev/null; }
}

# as_root COMMAND...: runs the command as root, without a password prompt, which would block an unattended build.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif can_be_root; then
		sudo -n "$@"
	else
		fail "missing: ${missing[*]}. Installing them needs root, but user '$(id -un)' has no sudo without a password" \
			"run once as root: $ROOT/scripts/setup.sh"
	fi
}

updated=no
# apt_update: runs once. An unreachable source is not an error here; the installation reports it.
apt_update() {
	if [ "$updated" = no ]; then
		updated=yes
		timed "updating the lists of packages (apt-get update)" apt_lists || true
	fi
}

apt_lists() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 >>"$LOG" 2>&1
}

apt_install() {
	as_root true
	have apt-get || fail "missing: ${missing[*]}, and there is no apt-get" "install them and call setup.sh again"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 "$@" >>"$LOG" 2>&1
}

# apt_candidate PACKAGE: prints the version that apt would install, or nothing.
apt_candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '^(none)$' || true
}

# log_tail: prints the end of the log.
log_tail() {
	printf -- '--- last lines of %s ---\n' "$LOG" >&2
	tail -n 15 "$LOG" >&2 || true
	printf -- '---\n' >&2
}

ensure_packages() {
	local package
	for package in "${PACKAGES[@]}"; do
		present "$package" || missing+=("$package")
	done
	[ "${#missing[@]}" -eq 0 ] && return 0
	[ "$check_only" = yes ] && return 0
	supported_system
	as_root true
	apt_update
	timed "installing packages: ${missing[*]}" apt_install "${missing[@]}" || {
		log_tail
		fail "apt-get could not install: ${missing[*]}" \
			"connect this machine to its Debian or Ubuntu mirror, if there is no network; the reason is above"
	}
	for package in "${missing[@]}"; do
		present "$package" || fail "$package is installed, but its programs or libraries are not found" \
			"check whether another installation hides it in PATH ($PATH)"
	done
	missing=()
}

# --- Node.js --------------------------------------------------------------------------------------

NODE_OLDEST=20
# Older versions cannot read a lock file with an overridden git dependency.
NPM_OLDEST=10
# Versions from the npm registry, if the distribution's are too old.
NODE_FROM_NPM=22.23.3
NPM_FROM_NPM=10.9.9
# By default npm waits minutes for a missing network.
NPM_OPTIONS=(
	--ignore-scripts --no-audit --no-fund --loglevel=error
	--fetch-retries=2 --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=5000
)

# at_least MAJOR COMMAND...: whether the command prints at least this version.
at_least() {
	local version
	version="$("${@:2}" 2>/dev/null)" || return 1
	version="${version#v}"
	[ "${version%%.*}" -ge "$1" ] 2>/dev/null
}

node_present() {
	have node && at_least "$NODE_OLDEST" node --version
}

npm_present() {
	have npm && at_least "$NPM_OLDEST" npm --version
}

# from_npm PACKAGE...: installs node-linux-* or npm into NODE_HOME, with any npm.
from_npm() {
	local program
	mkdir -p "$NODE_HOME/bin"
	npm install --prefix "$NODE_HOME" "${NPM_OPTIONS[@]}" "$@" >>"$LOG" 2>&1 || return
	for program in "$NODE_HOME"/node_modules/{node-linux-*/bin/node,npm/bin/npm-cli.js,npm/bin/npx-cli.js}; do
		[ ! -e "$program" ] || ln -sfn "$program" "$NODE_HOME/bin/$(basename "$program" -cli.js)"
	done
	first_in_path "$NODE_HOME/bin"
	hash -r
}

# any_npm: provides an npm of any version, which can fetch a newer one.
any_npm() {
	have npm && return 0
	supported_system
	as_root true
	apt_update
	timed "installing npm" apt_install npm || return
	hash -r
	have npm
}

ensure_node() {
	node_present && return 0
	missing+=("Node.js (at least $NODE_OLDEST)")
	[ "$check_only" = yes ] && return 0
	local candidate processor
	case "$(uname -m)" in
		x86_64) processor=x64 ;;
		aarch64) processor=arm64 ;;
		*) fail "there is no Node.js package for the processor '$(uname -m)'" "install Node.js $NODE_OLDEST or newer" ;;
	esac
	candidate="$(apt_candidate nodejs | sed 's/^[0-9]*://;s/\..*//')"
	if ! have node && [ "${candidate:-0}" -ge "$NODE_OLDEST" ]; then
		supported_system
		as_root true
		timed "installing Node.js $candidate" apt_install nodejs || true
		hash -r
	fi
	if ! node_present && any_npm; then
		timed "installing Node.js $NODE_FROM_NPM from the npm registry into $NODE_HOME (the system has ${candidate:-none})" \
			from_npm "node-linux-$processor@$NODE_FROM_NPM" "npm@$NPM_FROM_NPM" || true
	fi
	node_present || {
		log_tail
		fail "Node.js $NODE_OLDEST or newer is missing: installed is $(node --version 2>/dev/null || echo none), apt has ${candidate:-none}, and $NODE_FROM_NPM could not be fetched from the npm registry" \
			"connect this machine to the npm registry, or put a Node.js $NODE_OLDEST or newer into PATH"
	}
	missing=()
}

ensure_npm() {
	npm_present && return 0
	missing+=("npm (at least $NPM_OLDEST)")
	if any_npm && ! npm_present; then
		timed "installing npm $NPM_FROM_NPM from the npm registry into $NODE_HOME (the system has $(npm --version))" \
			from_npm "npm@$NPM_FROM_NPM" || true
	fi
	npm_present || {
		log_tail
		fail "npm $NPM_OLDEST or newer is missing: installed is $(npm --version 2>/dev/null || echo none), and $NPM_FROM_NPM could not be fetched from the npm registry" \
			"connect this machine to the npm registry, or put an npm $NPM_OLDEST or newer into PATH"
	}
	missing=()
}

NODE_PACKAGES="$ROOT/node_modules"
# The lock file of the installed packages. Its modification time is not reliable after a checkout.
NODE_PACKAGES_OF="$NODE_PACKAGES/.conveyor-installed-from"

node_packages_present() {
	[ -r "$NODE_PACKAGES_OF" ] && cmp -s "$NODE_PACKAGES_OF" "$ROOT/package-lock.json"
}

node_packages_install() {
	# No package needs its install script; those of esbuild and protobufjs only print or check.
	(cd "$ROOT" && npm ci "${NPM_OPTIONS[@]}" >>"$LOG" 2>&1) || return
	cp "$ROOT/package-lock.json" "$NODE_PACKAGES_OF"
}

ensure_node_packages() {
	node_packages_present && return 0
	missing+=("the Node.js packages of package-lock.json")
	[ "$check_only" = yes ] && return 0
	ensure_npm
	timed "installing the Node.js packages (npm ci)" node_packages_install || {
		log_tail
		fail "npm ci failed in $ROOT" "connect this machine to the npm registry, if there is no network; the reason is above"
	}
	missing=()
}

# --- Rust -----------------------------------------------------------------------------------------

WASM_TARGET=wasm32v1-none
CHANNEL="$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$ROOT/rust-toolchain.toml")"

# rust_complete: whether the Rust in PATH has everything of rust-toolchain.toml. Checks files, because rustup is
# slower and its older versions install missing parts unasked. rust-lld links Wasm. Debian's compiler lacks it;
# rust_from_debian handles that.
rust_complete() {
	local sysroot
	if have rustup; then
		sysroot="${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$CHANNEL-$(uname -m)-unknown-linux-gnu"
	else
		have cargo && sysroot="$(rustc --print sysroot 2>/dev/null)" || return 1
	fi
	compgen -G "$sysroot/lib/rustlib/$WASM_TARGET/lib/libcore-*.rlib" >/dev/null &&
		compgen -G "$sysroot/lib/rustlib/*/bin/rust-lld" >/dev/null &&
		[ -d "$sysroot/lib/rustlib/src/rust/library/core" ] &&
		[ -x "$sysroot/bin/rustfmt" ] && [ -x "$sysroot/bin/clippy-driver" ]
}

# rustup_itself: installs rustup from the distribution, or from the Rust project's server, which needs no root.
rustup_itself() {
	if have apt-get && can_be_root; then
		apt_update
		if [ -n "$(apt_candidate rustup)" ]; then
			apt_install rustup && return 0
		fi
	fi
	local base installer
	base="https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu"
	installer="$(mktemp -d)"
	if curl -sSf --proto '=https' -m 300 -o "$installer/rustup-init" "$base/rustup-init" >>"$LOG" 2>&1 &&
		curl -sSf --proto '=https' -m 60 -o "$installer/sum" "$base/rustup-init.sha256" >>"$LOG" 2>&1 &&
		[ "$(cut -d ' ' -f 1 "$installer/sum")" = "$(sha256sum "$installer/rustup-init" | cut -d ' ' -f 1)" ]; then
		chmod +x "$installer/rustup-init"
		"$installer/rustup-init" -y --default-toolchain none --profile minimal --no-modify-path >>"$LOG" 2>&1 || true
	fi
	rm -rf "$installer"
	first_in_path "${CARGO_HOME:-$HOME/.cargo}/bin"
	hash -r
	have rustup
}

rustup_toolchain() {
	RUST_BACKTRACE=0 timeout 1800 rustup toolchain install "$CHANNEL" --profile minimal --no-self-update \
		--component rust-src --component rustfmt --component clippy --target "$WASM_TARGET" >>"$LOG" 2>&1
}

rust_from_rustup() {
	rust_complete && return 0
	if ! have rustup && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/rustup" ]; then
		first_in_path "${CARGO_HOME:-$HOME/.cargo}/bin"
	fi
	if ! have rustup; then
		timed "installing rustup" rustup_itself || return 1
	fi
	timed "installing Rust $CHANNEL with $WASM_TARGET, rust-src, rustfmt and clippy (rustup)" rustup_toolchain || return 1
	rust_complete
}

DEBIAN_RUST_PACKAGES=(rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web)
DEBIAN_WASM="/usr/lib/rustlib/$WASM_TARGET/lib"
# The compiler that built the files in this folder. Another one would reject them.
DEBIAN_WASM_OF="$DEBIAN_WASM/conveyor-built-with"

# debian_linker: prints the Wasm linker of the LLVM version of Debian's rustc, or nothing.
debian_linker() {
	local llvm
	llvm="$(/usr/bin/rustc -vV 2>/dev/null | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')"
	[ -n "$llvm" ] && printf 'wasm-ld-%s\n' "$llvm"
}

# debian_wasm_present: whether core and alloc exist, built with the current compiler.
debian_wasm_present() {
	[ "$(/usr/bin/rustc -vV)" = "$(cat "$DEBIAN_WASM_OF" 2>/dev/null)" ]
}

debian_complete() {
	local tool
	for tool in cargo rustc rustdoc rustfmt cargo-fmt clippy-driver; do
		[ -x "/usr/bin/$tool" ] && [ -x "$DEBIAN_RUST/bin/$tool" ] || return 1
	done
	have "$(debian_linker)" && debian_wasm_present
}

# debian_wasm: builds core and alloc for the Wasm target, which Debian does not package, and installs them in the
# compiler's folder. The bitcode is for link-time optimization of the runtimes.
debian_wasm() {
	local work linker status=0
	work="$(mktemp -d)"
	linker="$(debian_linker)"
	mkdir -p "$work/src"
	cat >"$work/Cargo.toml" <<-'TOML'
		[package]
		name = "empty"
		version = "0.0.0"
		edition = "2021"
		[lib]
		crate-type = ["cdylib"]
		[profile.release]
		panic = "abort"
		[workspace]
	TOML
	cat >"$work/src/lib.rs" <<-'RUST'
		#![no_std]
		extern crate alloc;
		#[panic_handler]
		fn panic(_: &core::panic::PanicInfo) -> ! {
			core::arch::wasm32::unreachable()
		}
		struct Never;
		unsafe impl core::alloc::GlobalAlloc for Never {
			unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 {
				core::ptr::null_mut()
			}
			unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
		}
		#[global_allocator]
		static NEVER: Never = Never;
	RUST
	(
		unset RUSTC RUSTUP_TOOLCHAIN CARGO
		cd "$work"
		env PATH="$DEBIAN_RUST/bin:$PATH" CARGO_TARGET_DIR="$work/target" RUSTC_BOOTSTRAP=1 \
			RUSTFLAGS="-C embed-bitcode=yes" CARGO_TARGET_WASM32V1_NONE_LINKER="$linker" \
			/usr/bin/cargo build --release --target "$WASM_TARGET" -Z build-std=core,alloc
	) >>"$LOG" 2>&1 || status=$?
	if [ "$status" -eq 0 ]; then
		/usr/bin/rustc -vV >"$work/conveyor-built-with"
		as_root rm -rf "$DEBIAN_WASM"
		as_root mkdir -p "$DEBIAN_WASM"
		as_root cp "$work/target/$WASM_TARGET/release/deps/"lib{core,alloc,compiler_builtins}-*.rlib \
			"$work/conveyor-built-with" "$DEBIAN_WASM/" || status=$?
	fi
	rm -rf "$work"
	return "$status"
}

rust_from_debian() {
	debian_complete && return 0
	[ "$check_only" = yes ] && return 1
	missing=("${DEBIAN_RUST_PACKAGES[@]}")
	supported_system
	as_root true
	apt_update
	[ -n "$(apt_candidate rustc-web)" ] || {
		say "    apt has no package rustc-web: only Debian 12 and 13 with their security updates have it"
		return 1
	}
	timed "installing Debian's Rust: ${missing[*]}" apt_install "${missing[@]}" || return 1
	missing=("lld-$(debian_linker | sed 's/^wasm-ld-//')")
	timed "installing ${missing[*]}" apt_install "${missing[@]}" || return 1
	local tool
	mkdir -p "$DEBIAN_RUST/bin"
	for tool in cargo rustc rustdoc rustfmt cargo-fmt clippy-driver cargo-clippy; do
		ln -sfn "/usr/bin/$tool" "$DEBIAN_RUST/bin/$tool"
	done
	missing=("core and alloc for $WASM_TARGET")
	debian_wasm_present || timed "building ${missing[*]}" debian_wasm || return 1
	missing=()
	debian_complete
}

# record_toolchain LINE: records the choice for later scripts.
record_toolchain() {
	[ "$(cat "$TOOLCHAIN_RECORD" 2>/dev/null)" != "$1" ] || return 0
	[ "$check_only" = no ] || return 0
	mkdir -p "$CACHE"
	printf '%s\n' "$1" >"$TOOLCHAIN_RECORD.$$"
	mv "$TOOLCHAIN_RECORD.$$" "$TOOLCHAIN_RECORD"
}

no_rust() {
	missing=()
	log_tail
	fail "$1" "$2"
}

ensure_rust() {
	local choice
	choice="$(toolchain)" || exit
	if [ "$choice" = debian ] && debian_complete; then
		record_toolchain "debian $(debian_linker)"
		return 0
	elif [ "$choice" != debian ] && rust_complete; then
		record_toolchain rustup
		return 0
	fi
	missing+=("Rust $CHANNEL with $WASM_TARGET, rust-src, rustfmt and clippy (toolchain: $choice)")
	[ "$check_only" = yes ] && return 0
	if [ "$choice" != debian ]; then
		if rust_from_rustup; then
			record_toolchain rustup
			missing=()
			return 0
		fi
		[ "$choice" = rustup ] && no_rust \
			"rustup could not install Rust $CHANNEL with the target $WASM_TARGET" \
			"give this machine access to https://static.rust-lang.org, or set CONVEYOR_TOOLCHAIN=debian on Debian 12 or 13"
		say "    rustup could not install it; trying Debian's compiler"
	fi
	if rust_from_debian; then
		record_toolchain "debian $(debian_linker)"
		missing=()
		return 0
	fi
	no_rust "Rust $CHANNEL with the target $WASM_TARGET is missing: neither rustup nor Debian's packages could install it" \
		"give this machine access to https://static.rust-lang.org, or (on Debian 12 or 13) its Debian mirror with the security updates and the crate registry"
}

# --- Main ------------------------------------------------------------------------------------

mkdir -p "$LOGS"
: >"$LOG"
use_tools

if [ "$check_only" = no ]; then
	# Two concurrent scripts must not install at the same time.
	mkdir -p "$CACHE"
	exec 9>"$CACHE/setup.lock"
	flock 9 2>/dev/null || true
fi

start=$SECONDS
ensure_packages
ensure_rust
if [ "$networks" = yes ]; then
	ensure_node
	ensure_node_packages
fi

if [ "$check_only" = yes ]; then
	if [ "${#missing[@]}" -gt 0 ]; then
		say "missing:"
		printf '  %s\n' "${missing[@]}"
		say "remedy: $ROOT/scripts/setup.sh"
		exit 1
	fi
	say "nothing is missing"
elif [ $((SECONDS - start)) -gt 2 ]; then
	say "set-up took $(seconds $((SECONDS - start)))"
fi
