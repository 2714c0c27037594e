# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The operator edits the base unit after init: the next init merges the edit; one that is not loaded yet must be named.
story() {
    cluster_up
    assert_exit 0 agg init --yes
    edit_base --max-requests-inflight=399
    node_exec systemctl daemon-reload
    assert_exit 0 agg init --yes
    assert_written 1 1
    assert_aggregation
    assert_eq "how often the new flag is given" 1 "$(running_flags | grep -cx -- --max-requests-inflight=399)"

    edit_base --max-mutating-requests-inflight=199
    assert_eq "NeedDaemonReload" yes "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"
    remember
    assert_exit 1 agg init --yes
    assert_contains --include-pending
    assert_unchanged
    assert_exit 0 agg init --yes --include-pending
    assert_eq "how often the new flag is given" 1 "$(running_flags | grep -cx -- --max-mutating-requests-inflight=199)"
    assert_aggregation
    assert_converged
}

edit_base() {
    API_FLAGS+=("$1")
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
}
