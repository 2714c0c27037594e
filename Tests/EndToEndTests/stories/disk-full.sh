# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A node's disk is full, where copies are kept or where the certificates lie: every node is whole, and with room it goes on.
story() {
    local store=/var/lib/aggbootstrap-node
    cluster_up 3
    operator_up 3

    # The first node has no room for what is kept of before: nothing is begun anywhere.
    given_up 1 1 "1 $store 0" "cp1: cannot " "$store/kube-apiserver.service" "cp1  FAILED, and is as it was" \
        "cp3  is as it was; its change was not started"
    # Nor for the first certificate; and with room for the CA, but not for the key.
    given_up 1 1 "1 $NODE_CERTIFICATES 0" "cp1: cannot write $NODE_CERTIFICATES/aggregator-ca.pem: "
    given_up 1 1 "1 $NODE_CERTIFICATES 4" "cp1: cannot write $NODE_CERTIFICATES/aggregator-key.pem: "
    # A file system of its own for the copies, with nothing in it, is not in the way of putting back.
    NODE=1 node_exec sh -c "mkdir $store && mount -t tmpfs -o size=256k,mode=700 none $store"
    given_up 1 1 "1 $NODE_CERTIFICATES 8" "cp1: cannot write $NODE_CERTIFICATES/aggregator.pem: "
    NODE=1 node_exec sh -c "umount $store && rmdir $store"

    # The second node: the first has the change by then, the third is not begun.
    given_up 3 2 "2 $NODE_CERTIFICATES 4" "cp2: cannot write $NODE_CERTIFICATES/aggregator-key.pem: " \
        "cp1  has the change: 4 files written, restarted" "cp2  FAILED, and is as it was"
    NODE=1 assert_aggregation
    given_up 1 1 "2 $store 0" "cp2: cannot " "$store/kube-apiserver.service" "cp1  no change was needed"

    assert_exit 0 op init --yes
    assert_written 8 2
    on_each 3 assert_aggregation

    # Where the layer is on, another pair: the old one stays in use, whole, and so do the copies of the change before.
    ssh_spec 3 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } }' \
        >"$OPERATOR/cluster.json"
    given_up 3 2 "2 $NODE_CERTIFICATES 4" "cp2: cannot write $NODE_CERTIFICATES/aggregator.pem: " \
        "cp1  has the change" "cp2  FAILED, and is as it was"
    on_each 3 assert_aggregation
    given_up 1 1 "2 $store 4" "cp2: cannot copy " "$store/kube-apiserver.service/transaction.unfinished/"
    on_each 3 assert_aggregation
    assert_exit 0 op init --yes
    on_each 3 assert_aggregation
    assert_exit 0 op init --yes
    assert_written 0 0
}

# given_up STATUS UNTOUCHED "NODE DIRECTORY ROOM" TEXT...: init ends with STATUS, says TEXT, and nodes from UNTOUCHED on
# are as they were, while DIRECTORY of NODE has room for ROOM KiB.
given_up() {
    local status=$1 untouched=$2 node directory room
    read -r node directory room <<<"$3"
    shift 3
    NODE=$node fill "$directory" "$room"
    remember_each 3
    assert_exit "$status" op init --yes
    assert_contains "aggbootstrap: error: " "$directory" "No space left on device" "hint: free some space on the file system that holds $directory" \
        "state of each node:" "$@"
    assert_lacks "could not be restored"
    on_each 3 kube_ready
    on_each 3 assert_nothing_left
    for node in $(seq "$untouched" 3); do NODE=$node assert_node_untouched; done
    read -r node directory room <<<"$FILLED"
    NODE=$node free "$directory"
    echo "given up: $FILLED KiB of room"
}

# fill DIRECTORY ROOM: a file system of its own, with what was there, and room for ROOM KiB more.
fill() {
    FILLED="$NODE $*"
    own_room "$1"
    take_room "$@"
}

# own_room DIRECTORY: a small file system of its own, with what was there.
own_room() {
    node_exec sh -c 'set -e
        mkdir -p -m 700 "$1"
        cp -a "$1" /srv/kept
        mount -t tmpfs -o size=128k none "$1"
        cp -a /srv/kept/. "$1"' - "$1"
}

# take_room DIRECTORY ROOM: all of it but ROOM KiB is taken.
take_room() {
    node_exec sh -c 'dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null || true
        truncate -s "-${2}K" "$1/filler"' - "$@"
}

free() { node_exec sh -c 'umount "$1" && rm -r /srv/kept && rmdir --ignore-fail-on-non-empty "$1"' - "$1"; }
