# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The link to a node is cut while files are sent, and again while it restarts: the node lets go, and the next run heals.
story() {
    local copies=/var/lib/aggbootstrap-node/kube-apiserver.service run status
    cluster_up 3
    operator_up 3
    NODE=2 slow_sync 1
    op init --yes >"$LAB/run" 2>&1 &
    run=$!
    NODE=2 wait_for 60 node_exec test -e "$copies/transaction"
    cut_link 2
    status=0
    wait $run || status=$?
    cut_short $status
    NODE=3 assert_no_layer
    NODE=2 quick_sync
    mend_link 2
    assert_exit 0 op init --yes
    on_each 3 assert_aggregation

    # Again, just as systemd has been told to restart it.
    ssh_spec 3 '"apiServer": { "aggregatorRouting": true }' >"$OPERATOR/cluster.json"
    NODE=2 start_timestamp >"$LAB/started"
    op init --yes >"$LAB/run" 2>&1 &
    run=$!
    NODE=2 wait_for 60 restarted
    cut_link 2
    status=0
    wait $run || status=$?
    cut_short $status
    mend_link 2
    assert_exit 0 op init --yes
    on_each 3 assert_aggregation
    on_each 3 routing_is_on
    assert_exit 0 op init --yes
    assert_written 0 0
}

# cut_short STATUS: the run ended with 3, named the node, and the node is whole, free and serves.
cut_short() {
    LAST=$(<"$LAB/run") LAST_COMMAND="init over a link that is cut"
    [ "$1" = 3 ] || fail "exit 3, but it was $1"
    assert_contains "cp2: " "[node/connection-lost]" "state of each node:" "cp3  is as it was"
    NODE=2 wait_for 40 node_is_let_go
    # Seen from the node itself, since the operator sees nothing of it.
    NODE=2 wait_for 60 node_exec systemctl is-active --quiet kube-apiserver
    assert_eq "files of node 2 that are not whole" "" "$(NODE=2 node_exec find /etc/kubernetes /etc/systemd/system -type f -empty)"
}

restarted() { [ "$(start_timestamp)" != "$(<"$LAB/started")" ]; }
assert_no_layer() { assert_eq "flags of node $NODE" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"; }
routing_is_on() { assert_eq "routing" 1 "$(running_flags | grep -cx -- --enable-aggregator-routing=true)"; }
