#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which programs of Kubernetes these stories need that lab/build-kube-apiserver.sh can make, one a line, whether they are
# there or not. A KUBE_APISERVER that is not the lab's own must be there.
# Usage: programs.sh [--all | STORY...]
set -euo pipefail
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lab.sh"
. "$HERE/kube-apiserver.sh"

# wanted STORY...: whether one of these is among the stories.
wanted() {
    local one
    for one in "${stories[@]}"; do [[ " --all $* " != *" $one "* ]] || return 0; done
    return 1
}

stories=("$@")
if [ "$KUBE_APISERVER" = "$KUBE_APISERVER_OWN" ]; then
    echo "$KUBE_APISERVER"
elif [ ! -x "$KUBE_APISERVER" ]; then
    echo "error: KUBE_APISERVER is $KUBE_APISERVER, and there is no such program" >&2
    exit 1
fi
if [ -x "$KUBE_APISERVER" ] && watches_files; then
    if wanted rotate-stock; then echo "$KUBE_APISERVER_OWN"; fi
else
    echo "${KUBE_APISERVER_POLL1S:-$KUBE_APISERVER_OWN-poll1s}"
    if wanted rotate-inotify rotate-hard-link rotate-no-watches; then
        echo "${KUBE_APISERVER_INOTIFY:-$KUBE_APISERVER_OWN-inotify}"
    fi
fi
if [ ${#stories[@]} = 0 ] || wanted static-pods; then echo "${KUBELET:-$LAB_CACHE/kubelet-v1.20.2}"; fi
if wanted rotate-scheduler; then echo "${KUBE_SCHEDULER_POLL1S:-$LAB_CACHE/kube-scheduler-v1.20.2-poll1s}"; fi
