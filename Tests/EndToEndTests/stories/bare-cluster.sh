# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A cluster without the aggregation layer: init turns it on and proves it, a second init does nothing.
story() {
    local trace
    cluster_up
    assert_exit 4 agg verify
    assert_exit 0 agg init --yes
    assert_written 4 1
    assert_aggregation
    running_flags | grep -q -- --enable-aggregator-routing && fail "routing is off unless the spec asks for it"
    assert_exit 0 agg verify
    assert_converged

    # By its system calls: nothing is renamed, made, removed or opened for writing but the lock.
    assert_exit 0 agg_traced init --yes
    trace=$(node_exec grep -E 'O_(WRONLY|RDWR|CREAT)|^[0-9]+ +(rename|unlink|mkdir|link|symlink|chmod|fchmod|fchown)' \
        /tmp/trace | grep -vE '/dev/|/proc/|/lock"' || true)
    assert_eq "what the second init opened for writing" "" "$trace"

    # A dry run of a change changes nothing; the change itself is one restart.
    spec '"apiServer": { "aggregatorRouting": true }' | node_file 644 /root/cluster.json
    remember
    assert_exit 0 agg init --dry-run
    assert_contains "--enable-aggregator-routing=true"
    assert_unchanged
    assert_exit 0 agg init --yes
    assert_written 1 1
    assert_eq "how often routing is on" 1 "$(running_flags | grep -cx -- --enable-aggregator-routing=true)"
    assert_aggregation
}

agg_traced() {
    local command=$1
    shift
    node_exec strace -f -o /tmp/trace -e trace=%file,%desc,fchmod,fchown aggbootstrap "$command" --spec /root/cluster.json "$@"
}
