# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver runs as User=kube: its files belong to that user, and it reads them.
story() {
    UNIT_SERVICE=(User=kube)
    cluster_up
    assert_exit 0 agg init --yes
    assert_aggregation kube:kube
    assert_exit 0 agg verify
    assert_converged
    assert_exit 0 agg rollback --yes
    assert_exit 0 agg rollback --yes --require-proof
    assert_aggregation kube:kube
}
