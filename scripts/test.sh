#!/usr/bin/env bash
# Runs the tests: all stages, or the named ones. Installs and builds what is missing.
#
#   scripts/test.sh                 runs all stages except e2e-all
#   scripts/test.sh STAGE...        runs only these
#   scripts/test.sh --list          lists the stages
#
# A failed stage does not stop the others. The output ends with a table and the line "N passed, N failed".
# Status 0 without failures, 1 with failures, 2 if a stage is unknown.
# shellcheck disable=SC2317 # shellcheck does not see the calls "stage_$stage"
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STAGES=(lint unit wasm features dev e2e)
# Run only when named: the networks that are not in SHORT_NETWORKS.
STAGES_ON_DEMAND=(e2e-all)

describe() {
	case $1 in
		lint) say "formatting, clippy, shell scripts, JavaScript, expressions of scripts/words.txt" ;;
		unit) say "tests of crates, observer, zombienet/{lib,load} and scripts that need neither Wasm nor a node" ;;
		wasm) say "tests that execute the runtime's Wasm (integration tests named wasm*)" ;;
		features) say "the runtime compiles to Wasm with runtime-benchmarks and with try-runtime" ;;
		dev) say "tests that run conveyor-node dev (integration tests named dev*)" ;;
		e2e) say "the two shortest networks on a real relay chain (zombienet/tests): basic and elastic" ;;
		e2e-all) say "the other networks on a real relay chain; runs only when named" ;;
	esac
}

# --- Arguments ------------------------------------------------------------------------------------

chosen=()
for argument in "$@"; do
	case $argument in
		--list)
			for stage in "${STAGES[@]}" "${STAGES_ON_DEMAND[@]}"; do
				printf '%-10s%s\n' "$stage" "$(describe "$stage")"
			done
			exit 0
			;;
		-h | --help)
			usage
			exit 0
			;;
	esac
	case " ${STAGES[*]} ${STAGES_ON_DEMAND[*]} " in
		*" $argument "*) chosen+=("$argument") ;;
		*) fail "there is no stage '$argument'" "use one or more of: ${STAGES[*]} ${STAGES_ON_DEMAND[*]}" 2 ;;
	esac
done
[ "${#chosen[@]}" -gt 0 ] || chosen=("${STAGES[@]}")

is_chosen() {
	case " ${chosen[*]} " in
		*" $1 "*) return 0 ;;
		*) return 1 ;;
	esac
}

# --- Counting -------------------------------------------------------------------------------------

# Of the current stage.
passed=0
failed=0
log=

# Output of a single command, before it goes to the log. Separate for each run of this script.
SCRATCH="$(mktemp -d)"
trap 'rm -rf "$SCRATCH"' EXIT
output="$SCRATCH/output"
tap="$SCRATCH/tap"

# Time limits in seconds of a test program and of a network's test.
PROGRAM_LIMIT=1200
NETWORK_LIMIT=3600

# show_tail FILE LINES: prints the last lines of an output, indented.
show_tail() {
	tail -n "$2" "$1" | sed 's/^/    | /'
	say "    the whole output: $log"
}

# count PASSED FAILED WHAT SECONDS OUTPUT: adds the numbers to the stage and prints them, and the end of a failed output.
count() {
	passed=$((passed + $1))
	failed=$((failed + $2))
	if [ "$2" -eq 0 ]; then
		say "  ok      $3: $1 passed ($(seconds "$4"))"
	else
		say "  FAILED  $3: $1 passed, $2 failed ($(seconds "$4"))"
		show_tail "$5" 60
	fi
}

# check WHAT COMMAND...: runs a command as one test.
check() {
	local what="$1" start=$SECONDS status=0
	shift
	say "  ...     $what"
	in_root "$@" >"$output" 2>&1 || status=$?
	{
		printf '=== %s: %s\n' "$what" "$*"
		cat "$output"
	} >>"$log"
	if [ "$status" -eq 0 ]; then
		count 1 0 "$what" $((SECONDS - start)) "$output"
	else
		count 0 1 "$what" $((SECONDS - start)) "$output"
	fi
}

# sum_of PATTERN FILE: prints the sum of the numbers in the pattern's group.
sum_of() {
	sed -nE "s/$1/\\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'
}

# cargo_result WHAT SECONDS STATUS OUTPUT: counts the "test result:" lines of Rust's test harness.
cargo_result() {
	local good bad
	good="$(sum_of '^test result: .* ([0-9]+) passed;.*' "$4")"
	bad="$(sum_of '^test result: .* ([0-9]+) failed;.*' "$4")"
	# A killed program has no result line.
	[ "$3" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$3" -ne 124 ] || say "  (ended: it ran longer than $(seconds "$PROGRAM_LIMIT"))"
	# A test program without tests gets no line.
	[ $((good + bad)) -eq 0 ] || count "$good" "$bad" "$1" "$2" "$4"
}

# node_result WHAT SECONDS STATUS TAP OUTPUT: counts the summary of node:test.
node_result() {
	local good bad
	good="$(sum_of '^# pass ([0-9]+)$' "$4")"
	bad="$(($(sum_of '^# fail ([0-9]+)$' "$4") + $(sum_of '^# cancelled ([0-9]+)$' "$4")))"
	[ "$3" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$3" -ne 124 ] || say "  (ended: it ran longer than its limit)"
	count "$good" "$bad" "$1" "$2" "$5"
}

# --- Building -------------------------------------------------------------------------------------

# yes or no after the first attempt. TEST_PROGRAMS lists the test programs.
tests_built=
TEST_PROGRAMS="$SCRATCH/test-programs"

# build_tests: builds all test programs, also those that will not run. Cargo's messages contain their paths.
build_tests() {
	local messages="$SCRATCH/test-build.json" errors="$LOGS/test-build.log"
	if [ -z "$tests_built" ]; then
		tests_built=no
		if timed "building the tests (cargo test ${SELECTION[*]} --no-run)" compile_tests "$messages" "$errors"; then
			# Kind, name, folder of the crate, program.
			jq -r 'select(.reason == "compiler-artifact" and .profile.test and .executable != null)
				| [.target.kind[0], .target.name, (.manifest_path | sub("/Cargo.toml$"; "")), .executable]
				| @tsv' "$messages" >"$TEST_PROGRAMS" && tests_built=yes
		fi
	fi
	[ "$tests_built" = yes ] || {
		cat "$errors" >>"$log"
		count 0 1 "building the tests" 0 "$errors"
		return 1
	}
}

compile_tests() {
	in_root cargo test "${SELECTION[@]}" --no-run --message-format=json-render-diagnostics 2>&1 >"$1" | tee "$2"
}

# stage_of KIND NAME FOLDER: prints the stage of a test program, by its crate's folder and its name.
stage_of() {
	case ${3#"$ROOT"/}:$1:$2 in
		runtime:test:wasm* | node:test:wasm*) say wasm ;;
		node:test:dev*) say dev ;;
		*) say unit ;;
	esac
}

# cargo_programs STAGE: runs the test programs of a stage, each in the folder of its crate, as cargo does.
cargo_programs() {
	local kind name folder program start status what
	build_tests || return 0
	while IFS=$'\t' read -r kind name folder program <&3; do
		[ "$(stage_of "$kind" "$name" "$folder")" = "$1" ] || continue
		what="${folder#"$ROOT"/} ($kind $name)"
		start=$SECONDS
		status=0
		(cd "$folder" && CARGO_MANIFEST_DIR="$folder" timeout -k 30 "$PROGRAM_LIMIT" "$program") >"$output" 2>&1 || status=$?
		{
			printf '=== %s: %s\n' "$what" "$program"
			cat "$output"
		} >>"$log"
		cargo_result "$what" $((SECONDS - start)) "$status" "$output"
	done 3<"$TEST_PROGRAMS"
}

# --- The stages -----------------------------------------------------------------------------------

# clippy: builds with clippy as the compiler, which needs no second compilation of the dependencies. Its output files
# have other names than rustc's. The Wasm of the runtime and of the benchmark's runtime is not built again.
clippy() {
	RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ \
		SKIP_CONVEYOR_RUNTIME_WASM_BUILD=1 SKIP_CONVEYOR_RUNTIME_SDK_HOOK_WASM_BUILD=1 \
		cargo build "${SELECTION[@]}" --all-targets --keep-going
}

javascript() {
	local file status=0
	for file in {"$OBSERVER","$NETWORKS"}/{,lib/,tests/}*.mjs "$NETWORKS"/load/*.mjs "$SCRIPTS"/*.mjs; do
		node --check "$file" || status=1
	done
	return "$status"
}

no_registry_in_lock_file() {
	# An address would tie the repository to one registry. Packages of this repository have a folder there.
	! grep -nE '"resolved": "[^"]*:' "$ROOT/package-lock.json"
}

stage_lint() {
	check "cargo fmt" cargo fmt --all -- --check
	if [ -e "$NETWORKS/relay-runtime/Cargo.toml" ]; then
		check "cargo fmt (zombienet/relay-runtime)" \
			cargo fmt --manifest-path "$NETWORKS/relay-runtime/Cargo.toml" -- --check
	fi
	check "clippy, warnings are errors" clippy
	# clippy has overwritten the programs with its own, which contain no Wasm.
	check "rebuilding the programs" cargo build "${SELECTION[@]}"
	check "shellcheck" shellcheck -x -P "$ROOT" "$SCRIPTS"/*.sh "$ROOT/.ci/run"
	check "node --check on every module" javascript
	check "package-lock.json names no registry" no_registry_in_lock_file
	check "no expression of scripts/words.txt" node "$SCRIPTS/words.mjs"
	check "the relay chain's runtime matches its record" "$SCRIPTS/relay-runtime.sh" --quick
}

stage_unit() {
	local start status=0
	cargo_programs unit
	start=$SECONDS
	say "  ...     documentation tests"
	in_root timeout -k 30 "$PROGRAM_LIMIT" cargo test "${SELECTION[@]}" --doc >"$output" 2>&1 || status=$?
	cat "$output" >>"$log"
	cargo_result "documentation tests" $((SECONDS - start)) "$status" "$output"
	node_tests observer "$OBSERVER"/lib/*.test.mjs "$OBSERVER"/tests/*.test.mjs
	node_tests zombienet/lib "$NETWORKS"/lib/*.test.mjs
	node_tests zombienet/load "$NETWORKS"/load/*.test.mjs
	node_tests scripts "$SCRIPTS"/*.test.mjs
}

# node_tests WHAT FILE...: runs test files of node:test that need no network.
node_tests() {
	local start=$SECONDS status=0
	: >"$tap"
	timeout -k 30 "$PROGRAM_LIMIT" node --test --test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination="$tap" "${@:2}" >"$output" 2>&1 || status=$?
	cat "$output" >>"$log"
	node_result "$1" $((SECONDS - start)) "$status" "$tap" "$output"
}

stage_wasm() {
	cargo_programs wasm
}

stage_features() {
	local feature
	for feature in runtime-benchmarks try-runtime; do
		# substrate-wasm-builder passes this flag, by which crates distinguish a runtime from a native build.
		check "conveyor-runtime with $feature" env CARGO_TARGET_WASM32V1_NONE_RUSTFLAGS="--cfg substrate_runtime" \
			cargo check --profile "$PROFILE" --locked -p conveyor-runtime --no-default-features \
			--features "$feature" --target wasm32v1-none
	done
}

stage_dev() {
	cargo_programs dev
}

# The networks of stage e2e: the two shortest.
SHORT_NETWORKS=(basic elastic)

stage_e2e() {
	local files=("${SHORT_NETWORKS[@]/#/$NETWORKS/tests/}")
	networks "${files[@]/%/.test.mjs}"
}

stage_e2e-all() {
	local file files=()
	# The tests' build contains the runtime that `upgrade` upgrades to.
	build_tests || return 0
	for file in "$NETWORKS"/tests/*.test.mjs; do
		case " ${SHORT_NETWORKS[*]} " in
			*" $(basename "$file" .test.mjs) "*) ;;
			*) files+=("$file") ;;
		esac
	done
	networks "${files[@]}"
}

# networks FILE...: runs tests of networks, one at a time.
networks() {
	local file start status
	if ! build >"$output" 2>&1; then
		cat "$output" >>"$log"
		count 0 1 "building the nodes" 0 "$output"
		return 0
	fi
	for file in "$@"; do
		start=$SECONDS
		status=0
		say "  ...     ${file#"$ROOT"/}"
		: >"$tap"
		timeout -k 60 "$NETWORK_LIMIT" node --test --test-reporter=spec --test-reporter-destination=stdout \
			--test-reporter=tap --test-reporter-destination="$tap" "$file" 2>&1 |
			tee "$output" | sed 's/^/    /' || status="${PIPESTATUS[0]}"
		cat "$output" >>"$log"
		node_result "${file#"$ROOT"/}" $((SECONDS - start)) "$status" "$tap" "$output"
	done
}

# --- Main -----------------------------------------------------------------------------------------

# A function, so that bash reads the whole file before it runs: the file may then be edited during the run.
main() {
	"$SCRIPTS/setup.sh"
	use_tools
	mkdir -p "$LOGS"

	local table=() all_passed=0 all_failed=0 begin=$SECONDS stage start result
	for stage in "${STAGES[@]}" "${STAGES_ON_DEMAND[@]}"; do
		is_chosen "$stage" || continue
		say ""
		say "== $stage: $(describe "$stage")"
		passed=0
		failed=0
		log="$LOGS/$stage.log"
		: >"$log"
		start=$SECONDS
		"stage_$stage"
		if [ $((passed + failed)) -eq 0 ]; then
			say "  FAILED  no test ran"
			failed=1
		fi
		result=ok
		if [ "$failed" -gt 0 ]; then
			result=FAILED
			say "  log of the stage: $log"
		fi
		table+=("$(printf '%-10s %-7s %7d %7d   %s' "$stage" "$result" "$passed" "$failed" "$(seconds $((SECONDS - start)))")")
		all_passed=$((all_passed + passed))
		all_failed=$((all_failed + failed))
	done

	say ""
	printf '%-10s %-7s %7s %7s   %s\n' stage result passed failed time
	printf '%s\n' "${table[@]}"
	printf '%-10s %-7s %7s %7s   %s\n' all "" "$all_passed" "$all_failed" "$(seconds $((SECONDS - begin)))"
	say ""
	say "$all_passed passed, $all_failed failed"
	[ "$all_failed" -eq 0 ]
}

main; exit
