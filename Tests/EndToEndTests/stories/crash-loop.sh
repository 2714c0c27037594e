# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Someone gave flags that point to missing files, and systemd has given up restarting: init repairs it.
story() {
    cluster_up
    API_FLAGS=(
        --requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem
        --requestheader-allowed-names=aggregator
        --proxy-client-cert-file=$NODE_CERTIFICATES/aggregator.pem
        --proxy-client-key-file=$NODE_CERTIFICATES/aggregator-key.pem)
    UNIT_SERVICE=(RestartSec=50ms)
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-apiserver && fail "kube-apiserver does not start"
    for _ in $(seq 300); do
        [ "$(node_exec systemctl show -P Result kube-apiserver)" = start-limit-hit ] && break
        [ "$(node_exec systemctl is-failed kube-apiserver || true)" = failed ] && break
        sleep .1
    done
    assert_eq "the unit's state" failed "$(node_exec systemctl is-failed kube-apiserver)"
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_converged
}
