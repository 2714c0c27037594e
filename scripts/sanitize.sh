#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests with the address sanitizer and with the thread sanitizer, and the release program in valgrind.
# Usage: sanitize.sh [address|thread|valgrind...]; FILTER (a regular expression) runs some of the tests only.
set -euo pipefail
cd "$(dirname "$0")/.."
work=
trap 'rm -rf "$work"' EXIT
checks=("$@")
[ $# -gt 0 ] || checks=(address thread valgrind)

# Tests that no sanitizer can run, and why.
not_with_any=(
    # faketime puts a clock of its own before the sanitizer's, and the program waits for itself at its start.
    --skip 'TranscriptTests/'
    # It refuses each prlimit of the program, which a sanitizer needs at its start.
    --skip 'OfflineInitTests/hardeningThatIsRefused'
)
not_with_thread=(
    # They watch or fail the program's system calls, or limit the size of its files. The sanitizer writes a file in /tmp at
    # its start and reads it as memory.
    --skip 'DurabilityTests/'
    --skip 'FailedRunTests/'
    --skip 'OfflineInitTests/aSecondRunOpensOnlyItsLockForWriting'
)

# They wait at most 60 s for a program, in a task that gets a thread when another test lets one go. With a sanitizer, beside
# all others on two cores, that takes minutes. So they run first, alone.
alone='^OperationsTests\.(AdoptionTests|CertificateReloadTests|UnitVerifierTests)/|^NodeAccessTests\.CommandRunnerTests/'

run_tests() {
    ASAN_OPTIONS=malloc_context_size=100:log_path=$findings/address:include_if_exists=$options/%b \
        LSAN_OPTIONS=suppressions=$PWD/scripts/lsan.supp:print_suppressions=0 TSAN_OPTIONS=log_path=$findings/thread \
        swift test --skip-build --sanitize "$kind" --scratch-path "$scratch" "${skip[@]}" "$@" || status=$?
}

# What is found in the tests, and in each program that they start, is a file in `findings`.
sanitized() {
    local kind=$1 scratch=$PWD/$2 skip=("${not_with_any[@]}" "${@:3}") status=0
    local findings=$scratch/findings options=$scratch/options
    rm -rf "$findings" "$options"
    mkdir -p "$findings" "$options"
    "$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O1 -fPIC -Wall -Wextra -Werror -fsanitize="$kind" \
        -c scripts/sanitizer.c -o "$scratch/sanitizer.o"
    swift build --build-tests --sanitize "$kind" --scratch-path "$scratch" -Xlinker "$scratch/sanitizer.o"
    # Lost memory is looked for in the tests only: some programs run in strace, where the leak sanitizer cannot work.
    echo detect_leaks=1 >"$options/aggbootstrapPackageTests.xctest"
    if [ -n "${FILTER:-}" ]; then
        run_tests --filter "$FILTER"
    else
        run_tests --filter "$alone"
        run_tests --skip "$alone"
    fi
    if [ -n "$(ls "$findings")" ]; then
        grep -hE '^SUMMARY|^==.*ERROR|CHECK failed' "$findings"/* | sort | uniq -c
        echo "error: the $kind sanitizer found something; see $findings" >&2
        exit 1
    fi
    [ "$status" = 0 ] || { echo "error: the $kind sanitizer found nothing, but tests failed" >&2; exit "$status"; }
}

# swift-testing ends the first thread of its process, which valgrind does not survive, and valgrind cannot read the debug
# information of tests. So this runs the release program itself, offline: keys, certificates, requests, encrypted keys
# and archives, and damaged certificates.
in_valgrind() {
    local status=0
    valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
        --error-exitcode=99 --num-callers=100 --suppressions="$suppressions" --log-file="$work/log" "$program" "$@" \
        >"$work/said" 2>&1 </dev/null || status=$?
    runs=$((runs + 1))
    if [ "$status" = 99 ] || [ -s "$work/log" ]; then
        cat "$work/log"
        echo "error: valgrind found something in: aggbootstrap $*" >&2
        exit 1
    fi
    # 4: a proof failed, as it must for a damaged certificate.
    [ "$status" = 0 ] || [ "$status" = 4 ] || { cat "$work/said"; echo "error: aggbootstrap $* ended with status $status" >&2; exit 1; }
}

memory_of_certificates() {
    local program=$PWD/.build/release/aggbootstrap suppressions=$PWD/scripts/valgrind.supp runs=0 key state file line
    work=$(mktemp -d)
    (umask 077 && echo "a passphrase of the tests" >"$work/passphrase")
    for key in '"ecdsa", "size": 256' '"ecdsa", "size": 384' '"rsa", "size": 2048' '"ed25519"'; do
        state=$work/state-$runs
        printf '{ "apiVersion": "aggbootstrap/v1", "cluster": "c", "nodes": [{ "name": "n", "local": true }],
            "certificates": { "ca": { "key": { "algorithm": %s } },
                "proxyClient": { "key": { "algorithm": %s }, "hosts": ["127.0.0.1", "a.example"] } } }' "$key" "$key" >"$work/spec"
        for _ in first second; do
            in_valgrind init --spec "$work/spec" --root "$work/out" --state "$state" --passphrase-file "$work/passphrase"
        done
        in_valgrind verify --offline "$work/out"
        rm -rf "$work/out"
    done
    in_valgrind state export "$work/archive" --spec "$work/spec" --state "$state" --passphrase-file "$work/passphrase"
    in_valgrind state import "$work/archive" --spec "$work/spec" --state "$work/moved" --passphrase-file "$work/passphrase"
    in_valgrind init --spec "$work/spec" --root "$work/out" --state "$work/moved" --passphrase-file "$work/passphrase"
    file=$work/out/n/etc/kubernetes/ssl/aggregator.pem
    for line in 2 3 5 8; do
        sed "${line}s/[A-M]/Z/" "$file" >"$work/damaged.pem"
        in_valgrind verify --offline "$work/damaged.pem"
        head -n "$line" "$file" >"$work/damaged.pem"
        in_valgrind verify --offline "$work/damaged.pem"
    done
    echo "valgrind: $runs runs"
}

for check in "${checks[@]}"; do
    case $check in
    address) sanitized address .build-asan ;;
    thread) sanitized thread .build-tsan "${not_with_thread[@]}" ;;
    valgrind) memory_of_certificates ;;
    *)
        echo "sanitize.sh: no such check: $check" >&2
        exit 64
        ;;
    esac
    echo "$check: nothing found"
done
