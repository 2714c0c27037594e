# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A kube-apiserver of 1.20 as it is, which reads its files each minute, a kubectl as old, and the default waits: a new CA, and not one request fails.
story() {
    local before
    use_each_minute
    use_old_kubectl
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load 50
    before=$SECONDS
    assert_exit 0 op rotate --ca --yes
    echo "the CA replaced in $((SECONDS - before)) s"
    assert_replaced
    load_down
}
