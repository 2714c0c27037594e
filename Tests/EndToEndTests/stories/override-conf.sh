# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `systemctl edit` left an override.conf with an ExecStart= of its own: init merges on top of it.
story() {
    cluster_up
    API_FLAGS=(--max-requests-inflight=399)
    printf '[Service]\nExecStart=\nExecStart=%s \\\n%s\n' "$API_COMMAND" "$(api_flags | sed -e '$!s/$/ \\/')" |
        node_file 644 /etc/systemd/system/kube-apiserver.service.d/override.conf
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-apiserver
    kube_ready
    assert_exit 0 agg init --yes
    assert_written 4 1
    assert_aggregation
    assert_eq "how often the override's flag is given" 1 "$(running_flags | grep -cx -- --max-requests-inflight=399)"
    assert_converged
}
