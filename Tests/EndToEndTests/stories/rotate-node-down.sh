# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# Node 3 is away when S2 and when S6 is due: it is named, nothing is dropped; with it back it goes on. A second rotation: 75.
story() {
    local failed
    rotation_up 30
    # The load goes through the nodes that stay.
    load_down
    load_up 2 30 echo

    # Before anything: the machine cannot be reached, then its API server is stopped.
    cut_link 3
    assert_exit 1 rotate_ca
    assert_contains "cp3: "
    mend_link 3
    on_each 3 assert_node_untouched
    NODE=3 node_exec systemctl stop kube-apiserver
    assert_exit 1 rotate_ca
    assert_contains "cp3: it is not ready" "rotation/unhealthy"
    assert_eq "open rotations" 0 "$(grep -c rotation-begin "$OPERATOR/state/ledger.jsonl")"
    NODE=3 start_again

    # When S2 is due: the new CA is made, the nodes are as before.
    kill_rotation ledger 3 issued-leaf --ca --yes "${ROTATION_WAITS[@]}"
    NODE=3 node_exec systemctl stop kube-apiserver
    assert_exit 1 rotate_ca
    assert_contains "cp3: it is not ready"
    NODE=3 start_again

    # When S6 is due: it stops during the soak.
    stopped_in_the_soak node_exec systemctl stop kube-apiserver
    assert_contains "cp3: it is not ready"
    NODE=3 start_again
    stopped_in_the_soak cut_link 3
    assert_contains "cp3: "
    mend_link 3
    # The node's end of the link, which holds its lock, sees in its own time that nobody is there.
    NODE=3 wait_for 90 node_is_let_go

    assert_exit 0 rotate_ca
    on_each 3 wait_for 30 extension_answers echo
    assert_replaced
    load_down
}

start_again() {
    node_exec systemctl start kube-apiserver
    kube_ready
    start_timestamp >"$LAB/started$NODE"
    wait_for 30 extension_answers echo
}

# stopped_in_the_soak CMD...: CMD happens to node 3 during the soak; the rotation ends with 4, and all nodes trust both.
stopped_in_the_soak() {
    local pid status=0
    op rotate --ca --yes --soak 12 --watch 3 --reload-wait 3 >"$LAB/rotation" 2>&1 &
    pid=$!
    wait_for 60 grep -q "S5 soak: " "$LAB/rotation"
    assert_second_waits
    NODE=3 "$@"
    wait $pid || status=$?
    LAST=$(<"$LAB/rotation")
    LAST_COMMAND="rotate --ca, while node 3 went away"
    case $status in 1 | 4) ;; *) fail "the status is 4 or, where nothing was changed by this run, 1, but it was $status" ;; esac
    on_each 3 trusts_both
    load_goes_on 60
    assert_no_failure
}

# Another rotation at the same time, of this state or another one, changes nothing.
assert_second_waits() {
    assert_exit 75 rotate_ca
    assert_contains "locked by " "[state/locked]"
    assert_exit 75 rotate_ca --state "$OPERATOR/other"
    assert_contains "cp1: " "locked by " "[node/locked]"
    assert_eq "CAs of the other state" "" "$(ls "$OPERATOR/other/ca" 2>/dev/null)"
}
