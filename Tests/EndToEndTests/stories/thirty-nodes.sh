# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Thirty nodes over ssh, whose API servers are stopped: all get the change over one connection each; a drifted one alone is mended.
story() {
    local drifted=17 node
    nodes_up 30
    operator_up 30
    remember_connections
    assert_exit 0 op init --yes
    assert_written 120 0
    on_each 30 assert_connections 1
    on_each 30 assert_pair root:root
    on_each 30 assert_stopped

    # Nothing to do: each is asked over one connection, and none is touched.
    on_each 30 remember_tree
    remember_connections
    assert_exit 0 op init --yes
    assert_written 0 0
    on_each 30 assert_connections 1
    on_each 30 assert_tree

    NODE=$drifted node_exec chmod 600 $NODE_CERTIFICATES/aggregator-ca.pem
    assert_exit 2 op plan --detailed-exitcode
    assert_contains "cp$drifted:" "mode and owner only, was 0600"
    for node in $(seq 30); do [ "$node" = $drifted ] || assert_lacks "cp$node:"; done
    assert_exit 0 op init --yes
    assert_written 1 0
    for node in $(seq 30); do [ "$node" = $drifted ] || NODE=$node assert_tree; done
    NODE=$drifted assert_pair root:root

    [ "${RUNS:-0}" = 0 ] || figures
}

assert_stopped() {
    assert_eq "node $NODE's API server" inactive "$(node_exec systemctl is-active kube-apiserver || true)"
}

remember_connections() { on_each 30 remember_accepted; }
remember_accepted() { accepted >"$LAB/accepted$NODE"; }
assert_connections() {
    assert_eq "ssh connections to node $NODE" "$1" $(($(accepted) - $(<"$LAB/accepted$NODE")))
}

remember_tree() { tree_contents >"$LAB/contents$NODE"; }
assert_tree() { diff "$LAB/contents$NODE" <(tree_contents) || fail "node $NODE is as wanted"; }

# What docs/reference/benchmarks.md has: with RUNS=9 nine rounds of everything in turn, so that what else the machine does hits all
# alike. No assertion: the time is that of the machine.
figures() {
    local round count keys
    cp "$OPERATOR/ssh_config" "$OPERATOR/default"
    { cat "$OPERATOR/ssh_config"; echo "KexAlgorithms curve25519-sha256"; } >"$OPERATOR/curve25519"
    for round in $(seq "$RUNS"); do
        for keys in default curve25519; do
            for count in 3 30; do
                ssh_spec $count | sed "s|$OPERATOR/ssh_config|$OPERATOR/$keys|" >"$OPERATOR/cluster.json"
                measure "ssh $keys $count" bare_ssh "$keys" $count
                measure "init $keys $count" op init --yes
                measure "status $keys $count" op status
            done
        done
    done
    python3 "$HERE/lab/figures.py" <"$LAB/times"
}

# measure NAME CMD...: its time, and the CPU time of all that it ran on this side, in seconds.
measure() {
    local name=$1 real user system TIMEFORMAT='%R %U %S'
    shift
    read -r real user system < <({ time "$@" >/dev/null 2>&1; } 2>&1)
    echo "$name $real $(awk "BEGIN { print $user + $system }")" >>"$LAB/times"
}

# bare_ssh CONFIG N: what ssh alone takes, a connection and a session to each node at once. Each is in a session of its own,
# as those of the program are: a busy Linux shares its processors out by sessions.
bare_ssh() {
    local addresses
    mapfile -t addresses < <(for node in $(seq "$2"); do lab_address "$node"; done)
    outside bash -c 'for address in "${@:2}"; do
        setsid -w ssh -F "$1" -o BatchMode=yes -o StrictHostKeyChecking=yes -o LogLevel=ERROR -o ControlMaster=no -l root -T -- "$address" true &
    done
    wait' - "$OPERATOR/$1" "${addresses[@]}"
}
