# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Thirty nodes over ssh, whose API servers are stopped: all get the change over one connection each; a drifted one alone is mended.
story() {
    local drifted=17 node runs=${RUNS:-3}
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

    # Figures, no assertions: docs/benchmarks.md says what is to be read from them.
    figure "init of 30 nodes, nothing to do" op init --yes
    figure "ssh NODE true to 30 nodes at once" bare_ssh 30
    ssh_spec 3 >"$OPERATOR/cluster.json"
    figure "init of 3 of them, nothing to do" op init --yes
    figure "ssh NODE true to 3 nodes at once" bare_ssh 3
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

# figure WHAT CMD...: the median time of RUNS runs, and the shortest and longest.
figure() {
    local what=$1 begin times=()
    shift
    for _ in $(seq "$runs"); do
        begin=${EPOCHREALTIME/./}
        "$@" >/dev/null 2>&1 || fail "it ran: $*"
        times+=($(((${EPOCHREALTIME/./} - begin) / 1000)))
    done
    mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
    echo "$what: ${times[$((runs / 2))]} ms (${times[0]}-${times[$((runs - 1))]}, $runs runs)"
}

# What ssh alone takes, as the program calls it: a connection and a session to each node.
bare_ssh() {
    outside bash -c 'for address in "${@:2}"; do
        ssh -F "$1" -o BatchMode=yes -o StrictHostKeyChecking=yes -o LogLevel=ERROR -o ControlMaster=no -l root -T -- "$address" true &
    done
    wait' - "$OPERATOR/ssh_config" $(for node in $(seq "$1"); do lab_address "$node"; done)
}
