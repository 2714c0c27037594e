# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Which kube-apiserver a story runs with. Sourced after lab.sh.
#
# KUBE_APISERVER is any version from 1.20 on. One from 1.23 on watches its certificate files, and stands in for the lab's
# own builds that look at them more often; a story about one that reads them by time alone has the lab's 1.20.2 in any case.

KUBE_APISERVER_OWN=$LAB_CACHE/kube-apiserver-v1.20.2-r2
KUBE_APISERVER=${KUBE_APISERVER:-$KUBE_APISERVER_OWN}

# kube_minor [FILE]: 20 for kube-apiserver 1.20.2.
kube_minor() {
    local said
    said=$("${1:-$KUBE_APISERVER}" --version)
    [[ $said =~ v1\.([0-9]+) ]] || { echo "error: ${1:-$KUBE_APISERVER} says that it is: $said" >&2; return 1; }
    echo "${BASH_REMATCH[1]}"
}

# Whether it sees at once that a certificate file has changed; before 1.23 it looks at them each minute.
watches_files() { [ "$(kube_minor)" -ge 23 ]; }

# Before cluster_up: a changed certificate file is loaded within a second, and not within a minute.
use_fast_poll() {
    watches_files || use_own_build "${KUBE_APISERVER_POLL1S:-$KUBE_APISERVER_OWN-poll1s}"
}

# Before cluster_up: kube-apiserver watches its certificate files, and says that it is 1.23 or newer.
use_watching() {
    watches_files || use_own_build "${KUBE_APISERVER_INOTIFY:-$KUBE_APISERVER_OWN-inotify}"
}

# Before cluster_up: kube-apiserver reads its certificate files each minute and does not watch them.
use_each_minute() {
    ! watches_files || use_own_build "$KUBE_APISERVER_OWN"
}

use_own_build() {
    [ -x "$1" ] || skip "there is no $1: lab/build-kube-apiserver.sh makes it"
    KUBE_APISERVER=$1
}
