# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The layer is taken away from three control planes, one first and then all, under 50 requests a second: no request fails, every
# file and command line is as before the first init. What is not ours stays, init brings the layer back with the same CA, and
# --remove-state ends it.
story() {
    local ca client figures
    cluster_up 3
    operator_up 3
    on_each 3 keep bare
    remember_each 3
    assert_exit 1 op uninstall --yes
    assert_contains "[state/missing]"
    on_each 3 assert_node_untouched
    assert_exit 0 op init --yes
    ca=$(node_exec sha256sum "$NODE_CERTIFICATES/aggregator-ca.pem")

    remember_each 3
    assert_exit 0 op uninstall --dry-run
    assert_contains "take the aggregation layer away" "plan: 12 files to remove, 0 to write, 3 restarts"
    assert_lacks "PRIVATE KEY"
    assert_exit 64 op uninstall
    assert_contains "--yes"
    on_each 3 assert_node_untouched
    NODE=1 node_exec systemctl stop kube-apiserver
    remember_each 3
    assert_exit 1 op uninstall --yes --limit cp2
    assert_contains "[plan/unhealthy]" "cp1"
    on_each 3 assert_node_untouched
    NODE=1 node_exec systemctl start kube-apiserver
    NODE=1 kube_ready

    mkfifo "$LAB/client"
    outside python3 "$HERE/lab/availability.py" "$PKI" 50 "$(lab_address 1)" "$(lab_address 2)" "$(lab_address 3)" \
        <"$LAB/client" >"$LAB/figures" &
    client=$!
    exec 7>"$LAB/client"
    assert_exit 0 op uninstall --yes --limit cp1
    assert_contains "done: 4 files removed, 0 written, 1 restart" "state directory $OPERATOR/state stays"
    NODE=1 assert_gone
    assert_exit 0 op uninstall --yes
    assert_contains "cp1: has nothing that aggbootstrap wrote" "done: 8 files removed, 0 written, 2 restarts"
    assert_lacks FAIL
    exec 7>&-
    wait $client || fail "the client ended well"
    figures=$(<"$LAB/figures")
    echo "$figures"
    [[ $figures == *'"failed": 0,'* ]] || fail "no request failed: $figures"
    [[ $figures == *'"most_not_ready": 1,'* ]] || fail "one control plane at a time was not ready: $figures"
    on_each 3 assert_gone
    remember_each 3
    assert_exit 0 op uninstall --yes
    assert_contains "nothing to change"
    on_each 3 assert_node_untouched

    assert_exit 0 op init --yes
    on_each 3 assert_aggregation
    assert_eq "the CA that comes back" "$ca" "$(node_exec sha256sum "$NODE_CERTIFICATES/aggregator-ca.pem")"
    not_ours
    assert_exit 0 op uninstall --yes --remove-state
    [ ! -e "$OPERATOR/state" ] || fail "the state directory is gone: $(ls "$OPERATOR/state")"
    on_each 3 assert_gone
}

# A pair that somebody else put in place is not ours to remove.
not_ours() {
    NODE=3 node_exec sh -c "cp -a $NODE_CERTIFICATES/aggregator-key.pem /root/kept; \
        openssl genpkey -algorithm ed25519 -out $NODE_CERTIFICATES/aggregator-key.pem 2>/dev/null"
    assert_exit 0 op uninstall --dry-run
    assert_contains "cp3: $NODE_CERTIFICATES/aggregator-key.pem stays" "plan: 11 files to remove"
    NODE=3 node_exec sh -c "cat /root/kept >$NODE_CERTIFICATES/aggregator-key.pem; rm /root/kept"
    assert_exit 0 op init --yes
}

# keep NAME: the files and the command line that the node has now.
keep() {
    node_files >"$LAB/$1-files$NODE"
    running_flags >"$LAB/$1-flags$NODE"
}

node_files() {
    # shellcheck disable=SC2016  # it expands on the node
    node_exec sh -c 'find /etc -printf "%p %y %m %U:%G %l\n"; find /etc -type f -exec sha256sum {} +' | sort
}

# The node is as before the first init, and nothing is left of the work.
assert_gone() {
    diff "$LAB/bare-files$NODE" <(node_files) || fail "node $NODE has the files of before"
    diff "$LAB/bare-flags$NODE" <(running_flags) || fail "node $NODE runs with the flags of before"
    assert_eq "NeedDaemonReload of node $NODE" no "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"
    assert_eq "what is left on node $NODE" "" "$(node_exec sh -c 'ls -A /var/lib/aggbootstrap-node 2>/dev/null')"
    kube_ready
}

remember_node() {
    tree_contents >"$LAB/contents$NODE"
    start_timestamp >"$LAB/started$NODE"
}
