#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of a purpose that are missing. Usage: need.sh build|test|e2e|kube-apiserver
# Touches no network where everything is there. Runs apt-get as root, or with sudo.
set -euo pipefail

packages() {
    case $1 in
    build) echo libssl-dev libsystemd-dev pkg-config ;;
    test) packages build; echo openssl dbus python3-dbus python3-gi systemd strace diffutils patch util-linux ;;
    e2e) packages build
        echo systemd-container debootstrap iproute2 openssh-client openssl etcd-server strace faketime curl procps util-linux ;;
    kube-apiserver) echo golang-go rsync jq make dpkg-dev ;;
    *) echo "need.sh: no such purpose: $1" >&2; exit 64 ;;
    esac
}

if ! command -v swift >/dev/null; then
    echo "aggbootstrap is built with Swift 6.2 or newer, which is not on the PATH: see https://www.swift.org/install/linux/" >&2
    exit 1
fi

missing=()
for package in $(packages "$1"); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing Debian packages: ${missing[*]}" >&2
sudo=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "need.sh: not root, and there is no sudo: install these packages, then run make again" >&2; exit 1; }
    sudo=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q >&2
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
