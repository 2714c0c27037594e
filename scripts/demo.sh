#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows the main job offline: init with the embedded one-node spec, what it made, and that a second run changes nothing.
# Usage: demo.sh AGGBOOTSTRAP
set -euo pipefail
program=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

step() { printf '\n\033[1m$ %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
run() { step "$*"; "$@"; }
ssl=$directory/out/cp1/etc/kubernetes/ssl

run "$program" init --root "$directory/out"
step "what it made (mode, size, path)"
(cd "$directory/out" && find . -type f -printf '%M %6s  %P\n' | sort -k3)
for certificate in aggregator-ca.pem aggregator.pem; do
    run openssl x509 -noout -subject -issuer -enddate -ext basicConstraints,extendedKeyUsage -in "$ssl/$certificate" 2>/dev/null
done
run openssl verify -x509_strict -purpose sslclient -CAfile "$ssl/aggregator-ca.pem" "$ssl/aggregator.pem"
step "again: nothing to change"
"$program" init --root "$directory/out" | tail -n 1
