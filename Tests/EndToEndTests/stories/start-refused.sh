# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver exits with the change: every file is put back, it serves again, and its last journal lines are shown.
story() {
    # The change is valid for systemd; but the process cannot see the key that the change makes it read.
    UNIT_SERVICE=("InaccessiblePaths=-$NODE_CERTIFICATES/aggregator-key.pem" "RestartSec=200ms")
    cluster_up
    tree_contents >"$LAB/contents"
    assert_exit 1 agg init --yes
    assert_contains "Error: missing content for serving cert"
    diff "$LAB/contents" <(tree_contents) || fail "everything is as it was"
    kube_ready
    assert_eq "the unit's state" active "$(node_exec systemctl is-active kube-apiserver)"
    assert_eq "flags that are left" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
    assert_eq "NeedDaemonReload" no "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"

    # The cause is gone: the next init does it, with the CA that was issued the first time.
    UNIT_SERVICE=()
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_eq "CA generations" 1 "$(node_exec ls /var/lib/aggbootstrap/lab/ca | wc -l)"
}
