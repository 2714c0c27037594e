# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Two rollouts at once from two places, over ssh: one goes on, the other ends with 75 and says who holds the lock.
story() {
    local first status=0
    cluster_up 2
    operator_up 2
    NODE=1 slow_sync 0.5
    op init --yes >"$LAB/first" 2>&1 &
    first=$!
    NODE=1 wait_for 30 node_exec test -e /run/aggbootstrap-node/owner
    # The other place has a state directory of its own, so only the nodes' locks are in its way.
    assert_exit 75 op init --yes --state "$OPERATOR/other"
    assert_contains "cp1: " "locked by " " since $(date -u +%Y-)" "[node/locked]"
    assert_exit 75 op init --yes --state "$OPERATOR/other" --limit cp2
    wait $first || status=$?
    assert_eq "the first one's exit status" 0 $status
    on_each 2 assert_aggregation
    NODE=1 quick_sync
    assert_exit 0 op init --yes
    assert_written 0 0
    on_each 2 node_is_let_go
}
