# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The second of three API servers does not start with the change: it is put back, the third is not begun, and then mended.
story() {
    before_start() {
        [ "$NODE" = 2 ] || return 0
        # Behind a specifier, which a plan does not expand: it would be refused otherwise.
        UNIT_SERVICE=("InaccessiblePaths=-%E${NODE_CERTIFICATES#/etc}/aggregator-key.pem" "RestartSec=200ms")
        api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
        UNIT_SERVICE=()
        node_exec systemctl daemon-reload
    }
    cluster_up 3
    operator_up 3
    remember_each 3
    assert_exit 3 op init --yes
    assert_contains "cp2: " "state of each node:" "cp1  has the change: 4 files written, restarted" \
        "cp2  FAILED, and is as it was" "cp3  is as it was; its change was not started"
    NODE=1 assert_aggregation
    diff "$LAB/contents2" <(NODE=2 tree_contents) || fail "node 2 is as it was"
    NODE=2 kube_ready
    NODE=3 assert_node_untouched

    # The same for a machine: a result for each node on standard output.
    op init --yes -o json >"$LAB/result" 2>"$LAB/errors" || true
    assert_eq "the results" "unchanged failed untouched" "$(python3 -c 'import json, sys
print(*[node["result"] for node in json.load(open(sys.argv[1]))["nodes"]])' "$LAB/result")"

    # A control plane that does not serve keeps the others from being restarted, unless it is named.
    NODE=2 node_exec systemctl stop kube-apiserver
    assert_exit 1 op init --yes
    assert_contains "[plan/unhealthy]" "cp2" "--accept-unhealthy cp2"
    assert_exit 1 op init --yes --limit cp3
    assert_contains "[plan/unhealthy]"
    NODE=3 assert_node_untouched
    assert_exit 64 op init --yes --accept-unhealthy cp9
    assert_exit 0 op init --yes --limit cp3 --accept-unhealthy cp2
    NODE=3 assert_aggregation

    NODE=2 api_unit | NODE=2 node_file 644 /etc/systemd/system/kube-apiserver.service
    NODE=2 node_exec systemctl daemon-reload
    NODE=2 node_exec systemctl start kube-apiserver
    NODE=2 kube_ready
    assert_exit 2 op plan --detailed-exitcode
    assert_contains "the nodes differ:" "cp2  missing"
    assert_exit 0 op init --yes
    assert_written 4 1
    on_each 3 assert_aggregation
    assert_exit 0 op init --yes
    assert_written 0 0
}
