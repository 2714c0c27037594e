# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# kill -9 at 22 points of a roll-back: run again it ends in the same place, and never goes forward instead.
story() {
    local point unit=/etc/systemd/system/kube-apiserver.service copies=/var/lib/aggbootstrap-node/kube-apiserver.service
    cluster_up
    slow_reload
    keep bare
    assert_exit 0 agg init --yes
    keep first
    # Back to before the first init: what was not there is removed.
    for point in "rename 1 $copies/transaction.unfinished" "unlink 1 $unit.d/zz-aggregation.conf" \
        "when reloads" "when stops" "when starts" "unlink 1 $NODE_CERTIFICATES/aggregator-key.pem" "unlink 1 $NODE_CERTIFICATES/aggregator.pem" \
        "rmdir 1 $unit.d" "rename 1 $copies/transaction" "unlink 1 /var/lib/aggbootstrap/lab/rollback"; do
        kill_and_repeat bare "$point"
        assert_exit 0 agg rollback --yes
        assert_has first
    done
    assert_aggregation

    spec '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } },
        "apiServer": { "aggregatorRouting": true }' | node_file 644 /root/cluster.json
    assert_exit 0 agg init --yes
    keep second
    # The pair and the flags of before; then, every other time, those of after.
    set -- first second
    for point in "fsync 1 $NODE_CERTIFICATES/.aggregator-key.pem.aggbootstrap-tmp" \
        "rename 1 $NODE_CERTIFICATES/.aggregator-key.pem.aggbootstrap-tmp" \
        "rename 1 $NODE_CERTIFICATES/.aggregator.pem.aggbootstrap-tmp" \
        "rename 1 $unit.d/.zz-aggregation.conf.aggbootstrap-tmp" "fsync 1 $unit.d" "when starts" \
        "rename 1 $copies/transaction/.manifest.aggbootstrap-tmp" "unlink 1 $copies/previous/manifest" \
        "rmdir 1 $copies/previous" "rename 1 $copies/transaction" \
        "unlink 1 /var/lib/aggbootstrap/lab/rollback"; do
        kill_and_repeat "$1" "$point"
        set -- "$2" "$1"
    done
    assert_killed 21

    # An init in between goes on to what the spec says.
    [ "$1" = first ] || assert_exit 0 agg rollback --yes
    kill_rollback "rename 1 $NODE_CERTIFICATES/.aggregator.pem.aggbootstrap-tmp"
    assert_exit 0 agg init --yes
    assert_has second
    assert_killed 22
    assert_aggregation
    assert_converged
}

kill_rollback() { kill_run "$1" aggbootstrap rollback --yes --spec /root/cluster.json || true; }

# kill_and_repeat STATE POINT: ends a roll-back there; another one has the node as it was to be.
kill_and_repeat() {
    kill_rollback "$2"
    kube_ready
    assert_exit 0 agg rollback --yes
    assert_has "$1"
    echo "repeated: $2"
}

keep() {
    node_files >"$LAB/$1-files"
    running_flags >"$LAB/$1-flags"
}

node_files() {
    node_exec sh -c 'find /etc -printf "%p %y %m %U:%G %l\n"; find /etc -type f -exec sha256sum {} +' | sort
}

# assert_has STATE: files and flags are those of then, and nothing is left of the work.
assert_has() {
    diff "$LAB/$1-files" <(node_files) || fail "the node has the files of: $1"
    diff "$LAB/$1-flags" <(running_flags) || fail "the node runs with the flags of: $1"
    assert_eq "NeedDaemonReload" no "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"
    assert_eq "what is left of unfinished work" "" "$(node_exec find /var/lib/aggbootstrap /var/lib/aggbootstrap-node \
        -name '.*' -o -name '*unfinished*' -o -name '*-tmp' -o -name 'verify-*' -o -name 'transaction*' -o -name rollback)"
    kube_ready
}
