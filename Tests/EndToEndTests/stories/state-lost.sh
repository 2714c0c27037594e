# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The state directory is gone after a good init: init refuses to make another CA, and takes the state when it is back.
story() {
    cluster_up
    assert_exit 0 agg init --yes
    assert_aggregation
    node_exec mv /var/lib/aggbootstrap /var/backup
    remember
    assert_exit 1 agg init --yes
    assert_contains "$(subject "$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem")" --state
    assert_unchanged
    assert_exit 0 agg init --yes --state /var/backup/lab
    assert_written 0 0
    assert_not_restarted
}
