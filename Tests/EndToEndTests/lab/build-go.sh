#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the lab's own Go programs, with nothing but Go's standard library; what is built lies beside kube-apiserver under
# the hash of its source, so that Go is needed only once.
#
# Usage: build-go.sh [--check] [NAME...]    prints where each is; with --check it builds nothing and fails if one is missing
set -euo pipefail
HERE=$(dirname "$(readlink -f "$0")")
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab
check=""
[ "${1:-}" != --check ] || { check=1; shift; }
[ $# -gt 0 ] || set -- extension-server aggregated-load pause

for name in "$@"; do
    hash=$(cd "$HERE/$name" && cat go.mod ./*.go | sha256sum | cut -c1-16)
    program=$CACHE/$name-$hash
    if [ ! -x "$program" ]; then
        [ -z "$check" ] || exit 1
        PATH=$PATH:/usr/bin
        command -v go >/dev/null || { echo "error: $name is built with Go: run scripts/need.sh go" >&2; exit 1; }
        mkdir -p "$CACHE"
        new=$(mktemp "$CACHE/.$name-XXXXXX")
        (cd "$HERE/$name" && env CGO_ENABLED=0 GO111MODULE=on GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOWORK=off \
            go build -trimpath -ldflags '-s -w' -o "$new" . >&2) || { rm -f "$new"; exit 1; }
        chmod 755 "$new"
        mv "$new" "$program"
    fi
    echo "$program"
done
