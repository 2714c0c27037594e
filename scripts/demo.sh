#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows offline, in a directory that is removed afterwards, what `aggbootstrap init` makes for one control plane.
# Usage: demo.sh AGGBOOTSTRAP
set -euo pipefail
program=$(realpath "$1")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || title() { printf '\n== %s\n' "$*"; }

title 'aggbootstrap init --root out     (offline: no node is touched, and no spec is needed)'
"$program" init --root out

title 'What it made'
find out -mindepth 1 -printf '%M  %p\n' | LC_ALL=C sort -k2

title 'The drop-in with the API server'"'"'s flags'
dropin=$(find out -name zz-aggregation.conf | head -1)
echo "# ${dropin#out/}"
cat "$dropin"

title 'The certificates, as openssl sees them'
certificates=$(dirname "$(find out -name aggregator-ca.pem | head -1)")
for name in aggregator-ca.pem aggregator.pem; do
    echo "$name"
    openssl x509 -noout -subject -issuer -enddate -in "$certificates/$name" | sed 's/^/    /'
done
echo '$ openssl verify -x509_strict -purpose sslclient -CAfile aggregator-ca.pem aggregator.pem'
(cd "$certificates" && openssl verify -x509_strict -purpose sslclient -CAfile aggregator-ca.pem aggregator.pem)

title 'aggbootstrap init --root out     (again: nothing is due)'
state() { find out -type f ! -name lock -printf '%p %m %T@ ' -exec sha256sum {} \; | LC_ALL=C sort; }
before=$(state)
"$program" init --root out
[ "$(state)" = "$before" ] || { echo "error: the second run changed something" >&2; exit 1; }
echo 'Not one byte, mode or time of change differs.'
