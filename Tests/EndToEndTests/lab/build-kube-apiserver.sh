#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a real kube-apiserver (1.20.2) from Debian's source package `kubernetes` with Debian's Go: 4-8 minutes on 2 cores;
# or another program of the same source.
# The machine's apt set-up stays as it is: the source lists lie in a private directory.
#
# Usage: build-kube-apiserver.sh OUTPUT-FILE...    (builds those that are not there yet, from one source tree)
# An OUTPUT-FILE whose name starts with kube-scheduler is that program, any other one a kube-apiserver.
# An OUTPUT-FILE whose name ends in -poll1s looks at its certificate files each second and not each minute: nothing else
# differs, so that a story about rotation need not wait for minutes.
set -euo pipefail
VERSION=v1.20.2
missing=()
for file in "$@"; do [ -x "$file" ] || missing+=("$(realpath -m "$file")"); done
[ ${#missing[@]} -gt 0 ] || exit 0
WORK=$(mktemp -d)
trap 'chmod -R u+w "$WORK"; rm -rf "$WORK"' EXIT
cd "$WORK"
mkdir -p lists/partial cache/archives/partial

# This machine's own Debian sources, as deb-src: in deb822 form, in one-line form, or both.
: >src.sources
for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && { sed -E 's/^Types:.*$/Types: deb-src/' "$file"; echo; } >>src.sources
done
: >src.list
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -nE 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" >>src.list
done
mkdir parts
[ -s src.sources ] && mv src.sources parts/
[ -s src.list ] && mv src.list parts/
if [ -z "$(ls parts)" ]; then
    echo "error: apt has no sources here: name a Debian mirror in /etc/apt/sources.list, or set KUBE_APISERVER=/path" >&2
    exit 1
fi
APT=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$WORK/parts" -o Dir::State::Lists="$WORK/lists"
    -o Dir::Cache="$WORK/cache" -o APT::Sandbox::User=root)

echo "fetching Debian's source of kubernetes ${VERSION#v}"
# Sources of other vendors may have no deb-src: what counts is that the package is found afterwards.
apt-get "${APT[@]}" update -q >apt.log 2>&1 || true
apt-get "${APT[@]}" source -q --download-only kubernetes >>apt.log 2>&1 || { tail -20 apt.log; exit 1; }
# Debian's version of it reads 1.20.5+really1.20.2.
tar xzf kubernetes_*"${VERSION#v}".orig.tar.gz
cd kubernetes-*/

# poll_every 'GO DURATION': how often the certificate files are looked at.
poll_every() {
    local file=staging/src/k8s.io/apiserver/pkg/server/dynamiccertificates/dynamic_cafile_content.go
    sed -i -E "s/^(var FileRefreshDuration = ).*/\\1$1/" "$file"
    grep -qxF "var FileRefreshDuration = $1" "$file" || { echo "error: $file sets FileRefreshDuration otherwise"; exit 1; }
}

# mend_map_iteration: what the tree holds of reflect2 (1.0.1) calls Go's map iteration as Go had it before 1.18; built with
# a newer one, each JSON text that is written writes somewhere into memory, and kube-apiserver dies of it now and then. As
# in reflect2 1.0.2.
mend_map_iteration() {
    local directory=vendor/github.com/modern-go/reflect2
    sed -i -e 's/^func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer) \*hiter$/func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer, it *hiter)/' \
        -e 's|^\t// rest fields are ignored$|\tt, h, buckets, bptr, overflow, oldoverflow unsafe.Pointer\n\tstartBucket uintptr\n\toffset uint8\n\twrapped bool\n\tb, i uint8\n\tbucket, checkBucket uintptr|' \
        $directory/unsafe_link.go
    sed -i -e 's/^\treturn &UnsafeMapIterator{$/\tvar it hiter\n\tmapiterinit(type2.rtype, *(*unsafe.Pointer)(obj), \&it)\n&/' \
        -e 's/^\t\thiter: .*mapiterinit(.*$/\t\thiter:      \&it,/' $directory/unsafe_map.go
    grep -q 'it \*hiter)$' $directory/unsafe_link.go && grep -q 'checkBucket uintptr' $directory/unsafe_link.go &&
        grep -q 'hiter: *&it,' $directory/unsafe_map.go || { echo "error: $directory is another one than expected"; exit 1; }
}

# build OUTPUT-FILE PROGRAM: nothing from the network, as the tree holds all of its dependencies, and a newer Go would
# otherwise ask for one.
build() {
    env GOCACHE="$WORK/gocache" GOFLAGS=-mod=vendor GOPROXY=off GOTOOLCHAIN=local PATH=/usr/bin:/bin:/usr/sbin:/sbin \
        KUBE_GIT_VERSION=$VERSION KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=clean KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 \
        make all WHAT="cmd/$2" GOLDFLAGS="-s -w" >"$WORK/build.log" 2>&1 ||
        { tail -20 "$WORK/build.log"; exit 1; }
    install -D -m755 "_output/local/go/bin/$2" "$1.new"
    mv "$1.new" "$1"
}

mend_map_iteration
for file in "${missing[@]}"; do
    echo "building ${file##*/} $VERSION: some minutes"
    case $file in *-poll1s) poll_every '1 * time.Second' ;; *) poll_every '1 * time.Minute' ;; esac
    case ${file##*/} in kube-scheduler*) program=kube-scheduler ;; *) program=kube-apiserver ;; esac
    build "$file" "$program"
    "$file" --version
done
