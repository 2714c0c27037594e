#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets and runs each for FUZZ_SECONDS (60), or for 4 with FUZZ=short; with FUZZ=corpus on the inputs of
# the repository alone, which is the same each time. New inputs stay in .build-fuzz.
# Usage: run.sh [TARGET...]; ends with status 1 at the first finding, and says where its input is.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=Tests/Fuzzing work=.build-fuzz
all=(spec cfssl unit command environment pem der key issue reply response request tar age text)
targets=("$@")
[ $# -gt 0 ] || targets=("${all[@]}")
seconds=${FUZZ_SECONDS:-60}
[ "${FUZZ:-}" != short ] || seconds=4

swift build --package-path "$here" --scratch-path "$work" -c release --sanitize fuzzer --product fuzz
program=$work/release/fuzz

"$here/seeds.sh" "$work/seeds"

# Swift keeps marks in pointers, so that the leak sanitizer does not see them; memory that grows ends a run. Where memory was
# allocated is not recorded, which takes a quarter of the time; a finding that is run again by hand has it.
export ASAN_OPTIONS=detect_leaks=0:malloc_context_size=0 SWIFT_BACKTRACE=enable=no
total=0
for target in "${targets[@]}"; do
    mkdir -p "$work/corpus/$target" "$work/findings"
    folders=("$work/corpus/$target")
    for folder in "$here/corpus/$target" "$work/seeds/$target"; do [ ! -d "$folder" ] || folders+=("$folder"); done
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix="$work/findings/$target-" -max_len=8192)
    if [ "${FUZZ:-}" = corpus ]; then
        options=("${options[@]/#-max_total_time=*/-runs=0}")
        folders=("${folders[@]:1}")
    fi
    [ ! -e "$here/dictionaries/$target.dict" ] || options+=(-dict="$here/dictionaries/$target.dict")
    log=$work/$target.log
    if ! FUZZ_TARGET=$target "$program" "${options[@]}" "${folders[@]}" >"$log" 2>&1; then
        grep -E 'PROPERTY|Fatal error|ERROR|SUMMARY|Test unit written' "$log" || tail -20 "$log"
        echo "error: $target: a finding; see $log. To run its input again: FUZZ_TARGET=$target $program FILE" >&2
        exit 1
    fi
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log")
    covered=$(grep -oE 'cov: [0-9]+' "$log" | tail -1)
    printf '%-12s %9d executions, %s, nothing found\n' "$target" "$runs" "${covered:-cov: 0}"
    total=$((total + runs))
done
echo "$total executions"
