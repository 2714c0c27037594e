# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A second init while one is at work: it ends at once with 75 and says who holds the lock since when.
story() {
    local first held status=0
    cluster_up
    # Each of the first one's writes to disk is slowed down, so that it is still at work.
    node_exec strace -f -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=300000 \
        aggbootstrap init --yes --spec /root/cluster.json >"$LAB/first" 2>&1 &
    first=$!
    for _ in $(seq 200); do
        held=$(node_exec cat /var/lib/aggbootstrap/lab/lock 2>/dev/null || true)
        [ -n "$held" ] && break
        sleep .05
    done
    assert_exit 75 agg init --yes
    assert_contains "locked by $(node_exec pgrep -x aggbootstrap | head -1) on $(node_exec hostname) since $(date -u +%Y-)"
    wait $first || status=$?
    assert_eq "the first one's exit status" 0 $status
    assert_aggregation
    assert_converged
}
