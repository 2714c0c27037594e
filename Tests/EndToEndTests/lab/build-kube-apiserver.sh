#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a real kube-apiserver (1.20.2) from Debian's source package `kubernetes` with Debian's Go: 4-8 minutes on 2 cores;
# or another program of the same source.
# The machine's apt set-up stays as it is: the source lists lie in a private directory.
#
# Usage: build-kube-apiserver.sh OUTPUT-FILE...    (builds those that are not there yet, from one source tree)
# An OUTPUT-FILE whose name starts with kube-scheduler or kubelet is that program, any other one a kube-apiserver.
# An OUTPUT-FILE whose name ends in -poll1s looks at its certificate files each second and not each minute: nothing else
# differs, so that a story about rotation need not wait for minutes.
# One whose name ends in -inotify watches its certificate files as kube-apiserver does from 1.23 on: the two files of
# k8s.io/apiserver that do it come from Debian's unstable (1.36), what they watch with (fsnotify 1.6) from bookworm, and it
# says that it is 1.23. All else is 1.20.2.
set -euo pipefail
VERSION=v1.20.2
INOTIFY_VERSION=v1.23.0
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

# private_apt SUITE: options of apt-get for that suite of this machine's Debian mirror alone.
private_apt() {
    local mirror place=$WORK/$1
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Label: Debian" | sed -n 1p)
    mkdir -p "$place/lists/partial" "$place/cache/archives/partial"
    : >"$place/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian/} $1 main" >"$place/sources"
    printf '%s\n' -o "Dir::Etc::sourcelist=$place/sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$place/lists" \
        -o "Dir::State::status=$place/status" -o "Dir::Cache=$place/cache" -o APT::Sandbox::User=root
}

# unpack SUITE PACKAGE: into the directory SUITE/tree.
unpack() {
    local options
    mapfile -t options < <(private_apt "$1")
    [ ${#options[@]} -gt 0 ] || { echo "error: apt's sources cannot be read here" >&2; exit 1; }
    (
        cd "$WORK/$1"
        { apt-get "${options[@]}" update -q && apt-get "${options[@]}" download -q "$2"; } >apt.log 2>&1 ||
            { tail -20 apt.log; echo "error: Debian's $2 cannot be fetched from its suite $1"; exit 1; }
        dpkg -x "$2"_*.deb tree
        ls "$2"_*.deb
    )
}

# watch_files: in the place of the timers that read certificate files, the watches of a later kube-apiserver.
watch_files() {
    local directory=staging/src/k8s.io/apiserver/pkg/server/dynamiccertificates name
    local later=$WORK/sid/tree/usr/share/gocode/src/k8s.io/apiserver/pkg/server/dynamiccertificates
    unpack sid golang-k8s-apiserver-dev
    unpack bookworm golang-github-fsnotify-fsnotify-dev
    cp -r $directory "$WORK/polling"
    cp -r vendor/github.com/fsnotify/fsnotify "$WORK/fsnotify"
    # Said by the earlier file, and by one of its own later on.
    { echo "package dynamiccertificates"; sed -n '/^\/\/ Listener is/,/^}/p; /^\/\/ Notifier is/,/^}/p' \
        $directory/dynamic_cafile_content.go; } >$directory/listener.go
    for name in dynamic_cafile_content.go dynamic_serving_content.go; do
        # What is called otherwise in 1.20; no line of the watches themselves is changed but for ctx.Done().
        sed -E -e 's/\bRunOnce\(ctx context\.Context\)/RunOnce()/; /^\t"context"$/d' \
            -e 's/\bRun\(ctx context\.Context, workers int\)/Run(workers int, stopCh <-chan struct{})/' \
            -e 's/ctx\.Done\(\)/stopCh/g; s/HandleCrashWithContext\(ctx\)/HandleCrash()/' \
            -e 's/workqueue\.TypedRateLimitingInterface\[string\]/workqueue.RateLimitingInterface/' \
            -e 's/workqueue\.NewTypedRateLimitingQueueWithConfig\(/workqueue.NewNamedRateLimitingQueue(/' \
            -e 's/DefaultTypedControllerRateLimiter\[string\]/DefaultControllerRateLimiter/' \
            -e 's/workqueue\.TypedRateLimitingQueueConfig\[string\]\{Name: (.*)\},$/\1,/' \
            "$later/$name" >$directory/$name
        grep -q 'fsnotify.NewWatcher()' $directory/$name || { echo "error: $name of k8s.io/apiserver is another one than expected"; exit 1; }
    done
    rm -r vendor/github.com/fsnotify/fsnotify
    cp -r "$WORK/bookworm/tree/usr/share/gocode/src/github.com/fsnotify/fsnotify" vendor/github.com/fsnotify/
}

# read_files_by_time: the tree as it was before watch_files.
read_files_by_time() {
    [ -d "$WORK/polling" ] || return 0
    rm -r staging/src/k8s.io/apiserver/pkg/server/dynamiccertificates vendor/github.com/fsnotify/fsnotify
    mv "$WORK/polling" staging/src/k8s.io/apiserver/pkg/server/dynamiccertificates
    mv "$WORK/fsnotify" vendor/github.com/fsnotify/fsnotify
}

# build OUTPUT-FILE PROGRAM VERSION: nothing from the network, as the tree holds all of its dependencies, and a newer Go would
# otherwise ask for one.
build() {
    local minor
    minor=$(cut -d. -f2 <<<"$3")
    printf "KUBE_GIT_COMMIT=debian\nKUBE_GIT_TREE_STATE=clean\nKUBE_GIT_VERSION=%s\nKUBE_GIT_MAJOR=1\nKUBE_GIT_MINOR=%s\n" \
        "$3" "$minor" >"$WORK/version"
    env GOCACHE="$WORK/gocache" GOFLAGS=-mod=vendor GOPROXY=off GOTOOLCHAIN=local PATH=/usr/bin:/bin:/usr/sbin:/sbin \
        KUBE_GIT_VERSION_FILE="$WORK/version" make all WHAT="cmd/$2" GOLDFLAGS="-s -w" >"$WORK/build.log" 2>&1 ||
        { tail -20 "$WORK/build.log"; exit 1; }
    install -D -m755 "_output/local/go/bin/$2" "$1.new"
    mv "$1.new" "$1"
}

mend_map_iteration
for file in "${missing[@]}"; do
    echo "building ${file##*/}: some minutes"
    version=$VERSION
    read_files_by_time
    case $file in
    *-poll1s) poll_every '1 * time.Second' ;;
    *-inotify)
        watch_files
        version=$INOTIFY_VERSION
        ;;
    *) poll_every '1 * time.Minute' ;;
    esac
    case ${file##*/} in
    kube-scheduler*) program=kube-scheduler ;;
    kubelet*) program=kubelet ;;
    *) program=kube-apiserver ;;
    esac
    build "$file" "$program" "$version"
    "$file" --version
done
