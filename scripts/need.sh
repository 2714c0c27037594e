#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of a purpose that are missing, and says which; checks that Swift is there.
# Usage: need.sh build|test|e2e|page|bench|matrix|secrets|package|package-check|kube-apiserver|fuzz|sanitize|faults|go
# Needs neither root nor the network where everything is there. Runs apt-get as root, or with sudo.
set -euo pipefail

packages() {
    case $1 in
    build) echo binutils ca-certificates chrpath gcc git libc6-dev libssl-dev libstdc++-12-dev libsystemd-dev pkg-config python3 ;;
    test)
        packages build
        echo openssl dbus python3-dbus python3-gi python3-jsonschema python3-venv golang-cfssl systemd strace diffutils faketime patch util-linux
        echo age fish gettext groff-base iproute2 openssh-client libwrap0 procps xz-utils zsh
        ;;
    fuzz)
        packages build
        echo openssl
        ;;
    sanitize)
        packages test
        echo libc6-dbg valgrind
        ;;
    e2e)
        packages build
        echo systemd-container debootstrap faketime iproute2 iptables openssh-client openssl etcd-server curl procps python3 python3-venv strace
        echo util-linux
        ;;
    faults)
        packages build
        echo mount openssl python3 strace util-linux
        ;;
    page)
        packages build
        echo chromium fonts-dejavu-core python3 python3-venv
        ;;
    matrix)
        packages build
        echo faketime gnutls-bin libnss3-tools openssl python3 python3-venv
        ;;
    secrets)
        packages build
        echo bash grep gzip iproute2 openssh-client openssl libwrap0 python3 strace util-linux xz-utils
        ;;
    package)
        packages build
        echo dpkg-dev openssl rpm tar xz-utils
        ;;
    package-check)
        packages package
        echo debootstrap diffutils lintian python3-venv rpmlint util-linux
        ;;
    bench)
        packages build
        echo coreutils golang-cfssl openssl python3 strace time
        ;;
    kube-apiserver) echo dpkg-dev golang-go jq make rsync ;;
    go) echo golang-go ;;
    *)
        echo "need.sh: no such purpose: $1" >&2
        exit 64
        ;;
    esac
}

need_swift() {
    local where="Swift 6.2 or newer is needed; get it from https://www.swift.org/install/linux/" said version
    command -v swift >/dev/null || { echo "error: there is no swift on the PATH. $where" >&2; exit 1; }
    said=$(swift --version 2>&1) || { printf '%s\nerror: swift does not run. %s\n' "$said" "$where" >&2; exit 1; }
    version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$said" | head -1)
    [ "$(printf '%s\n' 6.2 "$version" | sort -V | head -1)" = 6.2 ] ||
        { echo "error: this is Swift ${version:-of an unknown version}. $where" >&2; exit 1; }
}

# apt PART...: apt-get as root, shown only when it fails.
apt() {
    local as_root=() log
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            { echo "error: there is no sudo: install these packages as root, then run make again" >&2; exit 1; }
        as_root=(sudo)
    fi
    log=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null 2>&1) ||
        { printf '%s\nerror: apt-get %s failed\n' "$log" "$*" >&2; exit 1; }
}

# unpack PACKAGE: its files lie in the tests' own cache, and it is not installed.
unpack() {
    local place=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab/$1 work
    [ ! -d "$place" ] || return 0
    echo "unpacking Debian's $1 for the tests" >&2
    work=$(mktemp -d)
    (cd "$work" && chmod 755 . && { apt-get -q download "$1" >log 2>&1 || { apt update && apt-get -q download "$1" >log 2>&1; }; } &&
        dpkg -x "$1"_*.deb tree) || { cat "$work/log"; echo "error: $1 cannot be fetched" >&2; exit 1; }
    mkdir -p "$(dirname "$place")"
    mv "$work/tree" "$place"
    rm -rf "$work"
}

wanted=$(packages "$1")
need_swift
missing=()
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing Debian packages: ${missing[*]}" >&2
    apt update
    apt install -y --no-install-recommends "${missing[@]}"
fi
case $1 in
# Installed, sshd would listen for everybody, and so would Prometheus; promtool is its checker of metrics.
test | sanitize)
    [ -x /usr/sbin/sshd ] || unpack openssh-server
    command -v promtool >/dev/null || unpack prometheus
    ;;
secrets) [ -x /usr/sbin/sshd ] || unpack openssh-server ;;
# Two, whatever kubectl the machine may have: one as old as the lab's kube-apiserver, and a current one.
e2e)
    unpack kubernetes-client
    # Not installed, as they would start a service.
    unpack containerd
    unpack runc
    # With the libraries that it needs.
    for package in haproxy liblua5.3-0 libopentracing1 libopentracing-c-wrapper0; do unpack $package; done
    "$(dirname "$0")/fetch-kubectl.sh"
    ;;
esac
