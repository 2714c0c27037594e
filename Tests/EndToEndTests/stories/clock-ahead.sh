# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# This machine's clock is 300 days ahead, so init renews a leaf that the API server does not take yet: the old pair is put back.
story() {
    cluster_up
    assert_exit 0 agg init --yes
    remember
    assert_exit 1 node_exec faketime "+300 days" aggbootstrap init --yes --spec /root/cluster.json
    assert_contains "does not accept the new proxy client certificate" "every file is as it was" "clock"
    assert_aggregation
    assert_eq "the process" "$(cat "$LAB/started")" "$(start_timestamp)"
    assert_eq "an open transaction" "" \
        "$(node_exec find /var/lib/aggbootstrap-node -name 'transaction*')"
    # With the clock right, the leaf from the future is passed over.
    assert_exit 0 agg init --yes
    assert_contains "not valid before"
    assert_aggregation
    assert_converged
}
